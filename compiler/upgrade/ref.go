package upgrade

import (
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/edit"
	"github.com/octocompose/octocompose/compiler/remote"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// Include is an include of a config that is fetched from elsewhere.
type Include struct {
	Path    tree.Path      // of the item in the list of includes
	Address remote.Address // with ref
	// Repo is what versions are asked of: the repository or the artifact; over https what stands before the version.
	// Includes with the same Repo and Ref move together.
	Repo string
	Ref  string // the version that is included: a tag, branch or digest; "" where none is written
	At   source.Span

	scalar        tree.Path // holds the ref
	before, after string    // the text of scalar around the ref
	text          string    // of the address as written
	several       bool      // over https: more than one part of the path reads as a version
}

// Includes are the includes of a file that are fetched, in order. What cannot be read as an address is an error.
func Includes(root *tree.Node) ([]Include, diag.List) {
	var out []Include
	var ds diag.List
	for _, top := range []tree.Path{tree.Root, tree.Of(octoKey)} {
		list, ok := tree.Get(root, top.Key("include"))
		if !ok || list.Kind != tree.List {
			continue
		}
		for i, it := range list.Items {
			p := top.Key("include").Index(i)
			switch it.Kind {
			case tree.String:
				out = add(out, &ds, p, p, it, nil)
			case tree.Map:
				if u := it.Get("url"); u != nil {
					out = add(out, &ds, p, p.Key("url"), u, it.Get("ref"))
				}
				paths := it.Get("path")
				switch {
				case paths == nil:
				case paths.Kind == tree.List:
					for j, each := range paths.Items {
						out = add(out, &ds, p, p.Key("path").Index(j), each, it.Get("ref"))
					}
				default:
					out = add(out, &ds, p, p.Key("path"), paths, it.Get("ref"))
				}
			}
		}
	}
	return out, ds
}

// add reads one address; ref stands beside it, or is nil.
func add(out []Include, ds *diag.List, item, at tree.Path, n, ref *tree.Node) []Include {
	if n.Kind != tree.String || !remote.IsRemote(n.Text) {
		return out
	}
	text := strings.Replace(n.Text, "?template=true", "", 1) // no part of what is fetched
	a, err := remote.Parse(text)
	if err == nil && a.Kind == remote.HTTPS && ref != nil {
		a, err = remote.Parse("git+" + text) // only a repository has refs
	}
	if err != nil {
		ds.Error(diag.Include, at, "%s", err).AtSpan(n.At)
		return out
	}
	inc := Include{Path: item, Address: a, Repo: a.Base, Ref: a.Ref, At: n.At, scalar: at, text: n.Text}
	if ref != nil && ref.Kind.IsScalar() && ref.Kind != tree.Null {
		if inc.Address, err = a.At(ref.Text, ""); err != nil {
			ds.Error(diag.Include, item.Key("ref"), "%s", err).AtSpan(ref.At)
			return out
		}
		inc.Ref, inc.At, inc.scalar = ref.Text, ref.At, item.Key("ref")
		return append(out, inc)
	}
	inc.locate()
	return append(out, inc)
}

// locate finds the ref in the text of the address.
func (inc *Include) locate() {
	main, _, _ := strings.Cut(inc.text, "#")
	at := -1
	switch inc.Address.Kind {
	case remote.Git:
		at = len(main) + 1
	case remote.OCI:
		if i := strings.LastIndexAny(main, ":@"); i > strings.LastIndexByte(main, '/') {
			at = i + 1
			if i := strings.LastIndex(main, "@"); i >= 0 {
				at = i + 1
			}
		}
	case remote.HTTPS:
		inc.segment()
		return
	}
	if inc.Ref != "" && at >= 0 && strings.HasPrefix(inc.text[min(at, len(inc.text)):], inc.Ref) {
		inc.before, inc.after = inc.text[:at], inc.text[at+len(inc.Ref):]
	}
}

// segment finds the one part of the path of a URL that reads as a version.
func (inc *Include) segment() {
	main, _, _ := strings.Cut(inc.text, "?")
	start := strings.Index(main, "://") + 3
	start += strings.IndexByte(main[start:]+"/", '/') + 1
	for i := min(start, len(main)); i < len(main); {
		end := i + strings.IndexByte(main[i:]+"/", '/')
		if part := main[i:end]; end < len(main) && isVersion(part) {
			inc.several = inc.several || inc.Ref != ""
			inc.Ref, inc.before, inc.after = part, inc.text[:i], inc.text[end:]
			inc.Repo = strings.TrimSuffix(main[:i], "/")
		}
		i = end + 1
	}
	if inc.several {
		inc.Ref = ""
	}
}

// isVersion reports whether a part of a path is meant as a version: v2, v1.2.0 or 1.2.0, and not a number by itself.
func isVersion(part string) bool {
	t, ok := ReadTag(part)
	return ok && (strings.Contains(part, ".") || strings.HasPrefix(part[len(t.Prefix):], "v"))
}

// SetRef are the edits that take every include of root with this repository and ref to the version to. An include
// whose text does not hold its version in one place is an error. None matching is no edit.
func SetRef(root *tree.Node, repo, ref, to string) ([]edit.Edit, diag.List) {
	list, ds := Includes(root)
	var out []edit.Edit
	done := map[string]bool{}
	for _, inc := range list {
		if inc.Repo != repo || inc.Ref != ref || done[inc.scalar.String()] {
			continue
		}
		done[inc.scalar.String()] = true
		if d := inc.fault(); d != nil {
			ds = append(ds, d)
			continue
		}
		kind := tree.String
		out = append(out, edit.SetScalar(inc.scalar, kind, inc.before+to+inc.after))
	}
	if ds.Has(diag.Error) {
		return nil, ds
	}
	return out, ds
}

// fault is why the include has no version that can be changed, or nil.
func (inc *Include) fault() *diag.Diagnostic {
	var ds diag.List
	switch {
	case inc.several:
		return ds.Error(diag.Include, inc.Path, "cannot tell which part of this URL is the version: several read as one").AtSpan(inc.At).
			Helpf("change it by hand, or include the file from a repository or an artifact, with ref")
	case inc.Ref == "" && inc.Address.Kind == remote.HTTPS:
		return ds.Error(diag.Include, inc.Path, "cannot find a version in this URL").AtSpan(inc.At).
			Helpf("want a part of the path such as /v1.2.0/; or include the file from a repository or an artifact, with ref")
	}
	if key, _, _ := inc.scalar.Last(); inc.before+inc.after == "" && key != "ref" {
		message, help := noVersion("")
		d := ds.Error(diag.Include, inc.Path, "%s", message).AtSpan(inc.At)
		d.Help = help
		return d
	}
	return nil
}

// Version is the version of the include as a tag, or why it has none.
func (inc *Include) Version() (Tag, *diag.Diagnostic) {
	if d := inc.fault(); d != nil {
		return Tag{}, d
	}
	t, ok := ReadTag(inc.Ref)
	if !ok {
		var ds diag.List
		message, help := noVersion(inc.Ref)
		d := ds.Error(diag.Include, inc.Path, "%s", message).AtSpan(inc.At)
		d.Help = help
		return t, d
	}
	return t, nil
}
