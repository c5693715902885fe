package compose

import (
	"path"
	"strings"

	"github.com/octocompose/octocompose/compiler/doc"
	"github.com/octocompose/octocompose/compiler/tree"
)

// hostPath is a path on the host. The output lies in the target's folder and Compose reads its paths from there, so
// a relative one is led to the project's folder first. It begins with ./ or ../, so that it never reads as a name.
func hostPath(l *lowering, p tree.Path, n *tree.Node) *doc.Value {
	return doc.Str(escape(l.onHost(n.Text))).From(p)
}

// buildContext is a folder, or what only a builder understands: a URL, a repository, another service.
func buildContext(l *lowering, p tree.Path, n *tree.Node) *doc.Value {
	if isRemote(n.Text) {
		return same(l, p, n)
	}
	return hostPath(l, p, n)
}

// onHost is a path of the tree as the output writes it.
func (l *lowering) onHost(s string) string {
	if s == "" || s[0] == '/' || s[0] == '~' || s[0] == '\\' || isDrive(s) {
		return s
	}
	s = path.Join(l.in.ToProject, s)
	if s != "." && s != ".." && s[0] != '/' && !strings.HasPrefix(s, "../") && !isDrive(s) {
		s = "./" + s
	}
	return s
}

// isDrive reports whether s is an absolute path of Windows: C:\data, C:/data.
func isDrive(s string) bool {
	return len(s) > 2 && s[1] == ':' && (s[2] == '\\' || s[2] == '/') && (s[0]|0x20 >= 'a' && s[0]|0x20 <= 'z')
}

// remotes begin what a builder fetches by itself (BuildKit, dockerui context detection).
var remotes = []string{"service:", "github.com/", "git@"}

func isRemote(s string) bool {
	if strings.Contains(s, "://") {
		return true
	}
	for _, r := range remotes {
		if strings.HasPrefix(s, r) {
			return true
		}
	}
	return false
}

// mount is a mount of a service; the source of a bind is a path, of any other a name.
func mount(o *object) lower {
	return func(l *lowering, p tree.Path, n *tree.Node) *doc.Value {
		v := o.lower(l, p, n)
		if n.Str("type") == "bind" {
			if src := n.Get("source"); src != nil {
				o.put(v, "source", hostPath(l, p.Key("source"), src))
			}
		}
		return v
	}
}

// envFile is a file of variables: its path alone where there is no more to say.
func envFile(o *object) lower {
	return func(l *lowering, p tree.Path, n *tree.Node) *doc.Value {
		v := o.lower(l, p, n)
		if required := get(v, "required"); required != nil && required.Text == "true" {
			v.Fields = deleteKey(v.Fields, "required")
		} else if required != nil {
			l.need(since{compose: version{2, 24}}, p.Key("required"))
		}
		if len(v.Fields) == 1 && v.Fields[0].Key == "path" {
			return v.Fields[0].Value
		}
		return v
	}
}

func deleteKey(fields []doc.Field, key string) []doc.Field {
	out := fields[:0]
	for _, f := range fields {
		if f.Key != key {
			out = append(out, f)
		}
	}
	return out
}
