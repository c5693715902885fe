package octoctl

import (
	"slices"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// consumed are the keys of the root that are the dialect's. All others are those of our language, and pass through.
var consumed = []string{"octoctl", "globals", "prompts", "projectID"}

// fates are the keys below octoctl that are not converted, with what becomes of them. quiet: the line holds a secret.
var fates = []struct {
	key      string
	severity diag.Severity
	quiet    bool
	message  string
	help     string
}{
	{"plugin", diag.Note, false, "chooses no backend: octo compiles for every target", "octo compile -t TARGET chooses"},
	{"project", diag.Note, false, "has no effect: it is a folder of octoctl's cache", ""},
	{"version", diag.Note, false, "has no effect: it is a folder of octoctl's cache", "octo.lock holds the versions"},
	{"prefix", diag.Warning, false, "has no effect: names begin with the name of the project", "change name"},
	{"api", diag.Warning, false, "has no effect: octo talks to no cluster", "apply the output with kubectl, which knows the address"},
	{"token", diag.Warning, true, "has no effect: octo talks to no cluster", "delete it: a token does not belong into a config"},
	{"command", diag.Warning, false, "has no effect: octo runs no other program", "run the commands that APPLY.md names"},
	{"secrets", diag.Warning, false, "has no effect: no secrets are fetched when compiling", "name each one under secrets: of the root, and where it is kept"},
}

// project is the whole config in our language.
func (c *converter) project() *tree.Node {
	services := c.all()
	var out []tree.Field
	for _, f := range c.root.Fields {
		switch {
		case slices.Contains(consumed, f.Key):
		case f.Key == "notifications" && f.Value.Kind != tree.Map: // else they are octo's own
		case f.Key == "operator" && f.Value.Kind == tree.Map: // of the concept: variables for octoctl's operator
			c.ds.Note(diag.Unsupported, tree.Of(f.Key), "is data of templates, and no more: octo runs no operator").OnKey().AtSpan(f.KeyAt)
		default:
			out = append(out, f)
		}
	}
	root := c.root.WithFields(out)
	root = c.octoctl(root)
	root = c.prompts(root, tree.Of("prompts"), c.root.Get("prompts"))
	if n := c.root.Get("notifications"); n != nil && n.Kind != tree.Map {
		root = c.notifications(root, tree.Of("notifications"), n)
	}
	c.others()
	if len(services) > 0 || c.services != nil {
		root = root.Set("services", c.servicesAt(services), tree.NewMap(c.servicesAt(services), services))
	}
	return root
}

// servicesAt is where the services stand.
func (c *converter) servicesAt(services []tree.Field) source.Span {
	if c.services != nil {
		return c.services.At
	}
	if len(services) > 0 {
		return services[0].KeyAt
	}
	return c.root.At
}

// octoctl converts what stands below this key.
func (c *converter) octoctl(root *tree.Node) *tree.Node {
	p := tree.Of("octoctl")
	o := c.root.Get("octoctl")
	if !c.isMap(p, o) {
		return root
	}
	known := []string{"operator", "namespace", "prompts", "notifications"}
	for _, fate := range fates {
		known = append(known, fate.key)
	}
	for _, f := range o.Fields {
		switch f.Key {
		case "operator":
			root = c.operatorKeys(root, p.Key("operator"), f.Value)
		case "namespace":
			root = c.namespace(root, p.Key("namespace"), f)
		case "prompts":
			root = c.prompts(root, p.Key("prompts"), f.Value)
		case "notifications":
			root = c.notifications(root, p.Key("notifications"), f.Value)
		default:
			if !c.fate(f.Key, p, f) {
				c.unknown(p.Key(f.Key), f, known...)
			}
		}
	}
	return root
}

// fate reports what becomes of a key, and whether it is known.
func (c *converter) fate(key string, p tree.Path, f tree.Field) bool {
	for _, fate := range fates {
		if fate.key != key {
			continue
		}
		if c.backends[f.KeyAt] {
			key = "operator"
		}
		d := &diag.Diagnostic{Severity: fate.severity, Code: diag.Unsupported, Path: p.Key(key), Message: fate.message}
		d.Help, d.Quiet = fate.help, fate.quiet
		c.ds = append(c.ds, d.OnKey().AtSpan(f.KeyAt))
		return true
	}
	return false
}

// operatorKeys are those of octoctl.operator but for services and repos, which are read elsewhere.
func (c *converter) operatorKeys(root *tree.Node, p tree.Path, n *tree.Node) *tree.Node {
	if n == nil || n.Kind != tree.Map {
		return root // reported
	}
	for _, f := range n.Fields {
		switch f.Key {
		case "services":
		case "prompts":
			root = c.prompts(root, p.Key(f.Key), f.Value)
		case "notifications":
			root = c.notifications(root, p.Key(f.Key), f.Value)
		case "secrets":
			c.fate(f.Key, p, f)
		default:
			c.unknown(p.Key(f.Key), f, "services", "repos", "prompts", "notifications", "secrets")
		}
	}
	return root
}

// namespace is that of the Kubernetes target. To declare one target is to have no others, so all three are.
func (c *converter) namespace(root *tree.Node, p tree.Path, f tree.Field) *tree.Node {
	if have, ok := field(root, "targets"); ok {
		c.ds.Warn(diag.Conflict, p, "has no effect: targets are declared").OnKey().AtSpan(f.KeyAt).
			SeeSpan(have.KeyAt, "they stand here").Helpf("write namespace in the target")
		return root
	}
	k8s := mapping(f.KeyAt, entry("namespace", f.KeyAt, f.Value))
	return root.Set("targets", f.KeyAt, mapping(f.KeyAt,
		entry("systemd", f.KeyAt, mapping(f.KeyAt)), entry("compose", f.KeyAt, mapping(f.KeyAt)), entry("k8s", f.KeyAt, k8s)))
}

// prompts are declared as variables: name is the question, and a password is a secret.
func (c *converter) prompts(root *tree.Node, p tree.Path, n *tree.Node) *tree.Node {
	if n == nil || n.Kind == tree.Null || n.Kind == tree.Unknown {
		return root
	}
	if n.Kind != tree.List {
		c.wants(p, n, "a list", "write - name: the question, and var: THE_VARIABLE")
		return root
	}
	vars := root.Get("variables")
	if vars == nil || vars.Kind != tree.Map {
		vars = mapping(n.At)
	}
	for i, it := range n.Items {
		q := p.Index(i)
		if !c.isMap(q, it) {
			continue
		}
		for _, f := range it.Fields {
			if !slices.Contains([]string{"name", "type", "var"}, f.Key) {
				c.unknown(q.Key(f.Key), f, "name", "type", "var")
			}
		}
		name, ok := field(it, "var")
		if !ok || name.Value.Kind != tree.String {
			c.ds.Error(diag.Required, q.Key("var"), "no value; want the variable that the answer goes to").AtSpan(it.At).
				Helpf("write var: DB_PASSWORD")
			continue
		}
		v := mapping(it.At, entry("prompt", it.At, tree.NewScalar(it.At, tree.Bool, "true")))
		if question, ok := field(it, "name"); ok {
			v = v.Set("prompt", question.KeyAt, question.Value) // variables are read as they stand
		}
		if kind, ok := field(it, "type"); ok {
			switch kind.Value.Text {
			case "password":
				v = v.Set("secret", kind.KeyAt, tree.NewScalar(kind.Value.At, tree.Bool, "true"))
			case "string", "text":
			case "int", "bool", "number":
				v = v.Set("type", kind.KeyAt, kind.Value)
			default:
				c.ds.Error(diag.Enum, q.Key("type"), "cannot ask for a %q; want string, password, int, number or bool",
					kind.Value.Text).AtSpan(kind.Value.At).
					Helpf("leave type out for a text")
			}
		}
		if vars.Find(name.Value.Text) < 0 {
			vars = vars.Set(name.Value.Text, name.Value.At, v)
		}
	}
	return root.Set("variables", n.At, vars)
}

// others are the parts of repos that are for octoctl itself.
func (c *converter) others() {
	for _, key := range []string{"operators", "tools"} {
		f, ok := field(c.repos, key)
		if !ok || !c.isMap(tree.Of("repos", key), f.Value) {
			continue
		}
		for _, g := range f.Value.Fields {
			p := tree.Of("repos", key, g.Key)
			if key == "operators" {
				c.ds.Note(diag.Unsupported, p, "has no effect: octo compiles, and runs no operator").OnKey().AtSpan(g.KeyAt)
				continue
			}
			c.ds.Warn(diag.Unsupported, p, "has no effect: octo runs no tools of others").OnKey().AtSpan(g.KeyAt).
				Helpf("checks, preflight and hooks of a service say what is run")
		}
	}
}
