package settle

import (
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// passwordTarget is where a service finds its password in a container (model.PasswordTarget).
const passwordTarget = "/run/secrets/config-password"

// isOff reports whether deliver.url is there and says that nothing is served.
func isOff(url *tree.Node) bool {
	return url != nil && (url.Kind == tree.Null || url.Kind == tree.Bool && strings.EqualFold(url.Text, "false"))
}

// serve has the values of a service served over HTTPS: the service gets a secret to ask with. The variables come with the
// lowering, as the address is another one on each target.
func (x *settler) serve(d *delivery, out *tree.Node, at source.Span, url *tree.Node) *tree.Node {
	key, p := d.name+"-config-password", d.path.Keys("deliver", "url")
	if secrets := x.root.Get("secrets"); secrets.Find(key) >= 0 {
		x.ds.Error(diag.NameClash, p, "cannot make the secret %s: there is one of this name", key).AtSpan(at).
			SeeSpan(secrets.Fields[secrets.Find(key)].KeyAt, "the secret stands here").Helpf("give secrets.%s another name", key)
		return out
	}
	mounts := out.Get("secrets")
	if mounts == nil || mounts.Kind != tree.List {
		mounts = tree.NewList(at, nil)
		mounts.Derived = true
	}
	env := url.Str("env")
	if env == "" {
		env = "CONFIG"
	}
	own := out.Get("environment")
	for _, name := range []string{env, env + "_USER", env + "_PASSWORD_FILE", env + "_CA_FILE"} {
		if i := own.Find(name); i >= 0 {
			x.ds.Error(diag.Conflict, p, "the variable %s holds the address of the config, and environment gives it a value", name).AtSpan(at).
				SeeSpan(own.Fields[i].KeyAt, "environment says so").Helpf("delete it from environment, or write deliver: { url: { env: OTHER } }")
			return out
		}
	}
	w := &writer{d: d, x: x, format: "json"}
	x.served = append(x.served, Served{Service: d.name, Env: env, Values: []byte(jsonText(w, d.values)), Marks: d.marks, Secret: key, At: at})
	x.passwords = append(x.passwords, entry(key, at, mapping(at, entry("generate", at, tree.NewScalar(at, tree.Bool, "true")))))
	mount := mapping(at, entry("source", at, scalar(key, at)), entry("target", at, scalar(passwordTarget, at)))
	return out.Set("secrets", at, mounts.WithItems(append(slices.Clone(mounts.Items), mount)))
}
