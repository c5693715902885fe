package canon

import (
	"strings"

	"github.com/octocompose/octocompose/compiler/remote"
	"github.com/octocompose/octocompose/compiler/tree"
)

// paths rewrites the value of a field that @path marks: a path, a list of paths, or a mapping whose values are paths.
func (w *walker) paths(n *tree.Node) *tree.Node {
	switch {
	case n.Mark == tree.Reset:
		return n
	case n.Kind == tree.String:
		return w.hostPath(n)
	case n.Kind == tree.List, n.Kind == tree.Map:
		return n.Each(w.paths)
	}
	return n
}

// hostPath is the path n as seen from the project's folder.
func (w *walker) hostPath(n *tree.Node) *tree.Node {
	if n.Kind != tree.String {
		return n
	}
	text := Relative(w.dir, n.Text)
	if text == n.Text {
		return n
	}
	return w.kind(n, tree.String, text)
}

// Relative is the path p, written in a file of the folder dir, as seen from the project's folder, with slashes and
// without "./". What is not relative stays as it is: an absolute path, one of Windows among them, ~ and what follows, a URL,
// a reference to a repository or another service (as compose-go tells them, paths/context.go), and "". In a file that was
// fetched the path stays in what was fetched; one that leads out is marked (remote.IsOutside), as load reports.
func Relative(dir, p string) string {
	if p == "" || !isRelative(p) {
		return p
	}
	if templated(p) {
		// Only rendering tells what the path is: what stands in braces must not be cleaned.
		if dir == "" || dir == "." {
			return p
		}
		return dir + "/" + strings.TrimPrefix(p, "./")
	}
	return remote.Join(dir, p)
}

// remotes are the beginnings of what is no path, of those that hold no "://".
var remotes = [...]string{"github.com/", "git@", "service:", "target:"}

func isRelative(p string) bool {
	if remote.IsVirtual(p) || p[0] == '/' || p[0] == '~' || p[0] == '\\' || strings.Contains(p, "://") {
		return false
	}
	if len(p) > 2 && p[1] == ':' && (p[2] == '/' || p[2] == '\\') && isDrive(p[:1]) {
		return false
	}
	for _, r := range remotes {
		if strings.HasPrefix(p, r) {
			return false
		}
	}
	return true
}
