package k8s

import (
	"path"
	"strings"

	"github.com/octocompose/octocompose/compiler/doc"
	"github.com/octocompose/octocompose/compiler/tree"
)

// buildFlags are the options of docker build for the keys that the model does not carry. form puts a value together:
// text as it is, pair KEY=VALUE, host NAME=ADDRESS, limit NAME=SOFT:HARD, secret id and src, context a path or a URL,
// bare the flag alone.
var buildFlags = []struct{ key, flag, form string }{
	{"additional_contexts", "--build-context", "context"},
	{"ssh", "--ssh", "pair"},
	{"secrets", "--secret", "secret"},
	{"cache_from", "--cache-from", "text"},
	{"cache_to", "--cache-to", "text"},
	{"no_cache", "--no-cache", "bare"},
	{"no_cache_filter", "--no-cache-filter", "text"},
	{"entitlements", "--allow", "text"},
	{"privileged", "--allow=security.insecure", "bare"},
	{"extra_hosts", "--add-host", "host"},
	{"shm_size", "--shm-size", "text"},
	{"ulimits", "--ulimit", "limit"},
	{"provenance", "--provenance", "text"},
	{"sbom", "--sbom", "text"},
}

// buildCommand is docker build for a service.
func (l *lowering) buildCommand(c buildChore) string {
	b := c.build
	context := l.hostPath(b.Context)
	words := []string{"docker build", "-t", doc.ShellWord(c.image)}
	for _, t := range b.Tags {
		words = append(words, "-t", doc.ShellWord(t))
	}
	switch {
	case b.DockerfileInline != "":
		words = append(words, "-f", "-")
	case b.Dockerfile != "":
		file := b.Dockerfile
		if !path.IsAbs(file) && !strings.Contains(context, "://") {
			file = path.Join(context, file)
		}
		words = append(words, "-f", doc.ShellWord(file))
	}
	if b.Target != "" {
		words = append(words, "--target", doc.ShellWord(b.Target))
	}
	for _, a := range b.Args {
		word := a.Key
		if !a.Null {
			word += "=" + a.Value
		}
		words = append(words, "--build-arg", doc.ShellWord(word))
	}
	for _, a := range b.Labels {
		words = append(words, "--label", doc.ShellWord(a.Key+"="+a.Value))
	}
	if len(b.Platforms) > 0 {
		words = append(words, "--platform", doc.ShellWord(strings.Join(b.Platforms, ",")))
	}
	if b.Network != "" {
		words = append(words, "--network", doc.ShellWord(b.Network))
	}
	if b.Pull != nil && *b.Pull {
		words = append(words, "--pull")
	}
	for _, f := range buildFlags {
		for _, v := range l.flagValues(c.tree.Get(f.key), f.form) {
			if words = append(words, f.flag); f.form != "bare" {
				words = append(words, doc.ShellWord(v))
			}
		}
	}
	words = append(words, doc.ShellWord(context))
	if b.DockerfileInline != "" {
		return strings.Join(words, " ") + " <<'DOCKERFILE'\n" + strings.TrimSuffix(b.DockerfileInline, "\n") + "\nDOCKERFILE"
	}
	return strings.Join(words, " ")
}

// flagValues are the values of one option.
func (l *lowering) flagValues(n *tree.Node, form string) (out []string) {
	if n == nil || n.Kind == tree.Null {
		return nil
	}
	if n.Kind.IsScalar() {
		if form == "bare" && n.Text != "true" {
			return nil
		}
		return []string{n.Text}
	}
	for _, it := range n.Items {
		switch {
		case it.Kind.IsScalar():
			out = append(out, it.Text)
		case form == "secret":
			out = append(out, l.buildSecret(it))
		}
	}
	for i := range n.Fields {
		key, v := n.Fields[i].Key, n.Fields[i].Value
		switch {
		case form == "limit" && v.Kind == tree.Map:
			out = append(out, key+"="+v.Str("soft")+":"+v.Str("hard"))
		case v.Kind == tree.List:
			for _, it := range v.Items {
				out = append(out, key+"="+it.Text)
			}
		case v.Kind == tree.Null:
			out = append(out, key)
		case form == "context" && !strings.Contains(v.Text, ":"):
			out = append(out, key+"="+l.hostPath(v.Text))
		default:
			out = append(out, key+"="+v.Text)
		}
	}
	return out
}

// buildSecret is the value of --secret for a secret of the project.
func (l *lowering) buildSecret(n *tree.Node) string {
	id := n.Str("target")
	if id == "" {
		id = n.Str("source")
	}
	out := "id=" + id
	if s := l.p.Secret(n.Str("source")); s != nil {
		switch {
		case s.File != "":
			out += ",src=" + l.hostPath(s.File)
		case s.Environment != "":
			out += ",env=" + s.Environment
		}
	}
	return out
}
