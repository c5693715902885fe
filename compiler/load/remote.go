package load

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/frontend"
	"github.com/octocompose/octocompose/compiler/lock"
	"github.com/octocompose/octocompose/compiler/remote"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/template"
	"github.com/octocompose/octocompose/compiler/tree"
)

// Remote gives what does not lie on the disk. Its errors may say what finding they are: a method
// Finding() (diag.Code, help string).
type Remote interface {
	// Read returns the whole file.
	Read(remote.Address) ([]byte, error)
	// Stat says what lies there; Missing where nothing does, or where nobody can tell.
	Stat(remote.Address) source.Info
	// Files are all files below a folder, relative to it, sorted.
	Files(remote.Address) []string
	// Image is the digest of an image, by its full name with its tag; "" when none is known. wanted: other images have one.
	Image(name string) (digest string, wanted bool)
	// Binary is the SHA-256 of a download, in 64 hexadecimal digits; "" when none is known. sums is where its vendor
	// publishes it.
	Binary(url, sums string) string
}

// openRemote reads octo.lock in the project's folder, and opens what it pins.
func (l *loader) openRemote() {
	if l.o.Remote == nil {
		return
	}
	var f *source.File
	if l.reader.Stat(lock.Name).Kind != source.Missing {
		var err error
		if f, err = l.reader.Read(lock.Name); err != nil {
			l.broken = true
			l.ds.Error(diag.Lock, tree.Root, "%v", err).AtSpan(commandLine(lock.Name)).Helpf("octo lock writes it anew")
		}
	}
	r, ds := l.o.Remote(f)
	l.reader.remote = r
	l.report(ds, nil)
}

// fetched is a file that does not lie on the disk. It is called by its address.
func (r *rooted) fetched(name string) (*source.File, error) {
	a, ok := remote.FromVirtual(name)
	switch {
	case !ok:
		return nil, errors.New("cannot read what leads out of what was fetched")
	case r.remote == nil:
		return nil, fmt.Errorf("cannot read %s: it lies on the network, and only local files are read here", a)
	}
	data, err := r.remote.Read(a)
	if err != nil {
		return nil, err
	}
	from := a.Origin()
	from.Ref = ""
	s := a.String()
	return &source.File{Name: s, Rel: s, From: strings.TrimSuffix(strings.TrimPrefix(from.String(), "git+"), "/"), Data: data}, nil
}

// unfetched reports why a file that does not lie on the disk cannot be read.
func (l *loader) unfetched(err error, by origin) {
	code, help := diag.Cause(err, diag.Remote, "copy the file beside this one")
	d := by.blame(l.ds.Error(code, tree.Root, "%v", err))
	if help != "" {
		d.Helpf("%s", help)
	}
}

// target is the path of what by names in a file whose folder is dir. It reports what leads out of what was fetched.
func (l *loader) target(dir string, by *origin) (string, bool) {
	text := by.node.Text
	if remote.IsRemote(text) {
		a, ok := l.address(by, text)
		return a.Virtual(), ok
	}
	name := below(dir, text)
	if remote.IsOutside(name) {
		l.outside(*by, text)
		return "", false
	}
	return name, true
}

// outside reports a path of a fetched file that leads out of what was fetched with it.
func (l *loader) outside(by origin, text string) {
	l.broken = true
	by.blame(l.ds.Error(diag.Include, tree.Root, "cannot use %q here: a file that was fetched may only name files that were fetched with it", text)).
		Helpf("name a file of the same repository, artifact or host, by a path relative to this one")
}

// address reads an address, and takes ?template=true out of it.
func (l *loader) address(by *origin, text string) (remote.Address, bool) {
	text, rendered := cutTemplate(text)
	by.template = by.template || rendered
	a, err := remote.Parse(text)
	if err != nil {
		l.broken = true
		by.blame(l.ds.Error(diag.Include, tree.Root, "%v", err)).
			Helpf("write https://HOST/FILE, https://HOST/REPOSITORY.git#REF:FILE or oci://REGISTRY/NAME:TAG#FILE")
		return a, false
	}
	return a, true
}

// cutTemplate takes template=true out of the query of a URL.
func cutTemplate(s string) (string, bool) {
	base, rest, found := strings.Cut(s, "?")
	if !found {
		return s, false
	}
	query, fragment, hasFragment := strings.Cut(rest, "#")
	var kept []string
	rendered := false
	for part := range strings.SplitSeq(query, "&") {
		switch part {
		case "template=true":
			rendered = true
		case "template=false":
		default:
			kept = append(kept, part)
		}
	}
	if len(kept) > 0 {
		base += "?" + strings.Join(kept, "&")
	}
	if hasFragment {
		base += "#" + fragment
	}
	return base, rendered
}

// includeURL loads an entry with a URL: a string, or a mapping of url, ref, path, verify and what every include has.
func (l *loader) includeURL(y *layer, p tree.Path, item *tree.Node) {
	by := origin{path: p, node: item}
	if item.Kind == tree.Map {
		by = origin{path: p.Key("url"), node: item.Get("url"), as: item.Str("as"), template: item.Str("template") == "true"}
	}
	if by.node.Kind != tree.String || by.node.Text == "" {
		l.broken = true
		return // reported
	}
	name, ok := l.urlTarget(y, p, item, &by)
	if !ok {
		return
	}
	dir, env := l.around(y, p, name, item.Get("project_directory"), item.Get("env_file"))
	if inner := l.visit(name, dir, env, by); inner != nil {
		y.includes = append(y.includes, inner)
	}
}

// urlTarget is the path of what an entry with a URL names.
func (l *loader) urlTarget(y *layer, p tree.Path, item *tree.Node, by *origin) (string, bool) {
	text := by.node.Text
	if !remote.IsRemote(text) { // a URL relative to this file
		text, by.template = cutTemplate(text)
		at := *by.node
		at.Text = text
		by.node = &at
		for _, key := range []string{"ref", "path", "verify"} {
			if n := item.Get(key); n != nil {
				l.broken = true
				l.ds.Error(diag.Exclusive, p.Key(key), "%s belongs to a whole URL, and %q is relative to this file", key, text).AtSpan(n.At).
					Helpf("write the whole URL, or leave %s out", key)
				return "", false
			}
		}
		return l.target(y.dir, by)
	}
	ref := item.Str("ref")
	if ref != "" && strings.HasPrefix(text, "https://") {
		if a, err := remote.Parse(text); err == nil && a.Kind == remote.HTTPS {
			text = "git+" + text // only a repository has refs
		}
	}
	a, ok := l.address(by, text)
	if !ok {
		return "", false
	}
	file := ""
	if list := texts(p.Key("path"), item.Get("path")); len(list) == 1 {
		file = list[0].node.Text
	} else if len(list) > 1 {
		l.broken = true
		l.ds.Error(diag.Exclusive, p.Key("path"), "cannot use several paths with a url").AtSpan(item.Get("path").At).
			Helpf("write an entry of include for each")
		return "", false
	}
	a, err := a.At(ref, file)
	if err != nil {
		l.broken = true
		by.blame(l.ds.Error(diag.Include, tree.Root, "%v", err)).Helpf("write ref: TAG and path: FILE")
		return "", false
	}
	a.Key = item.Get("verify").Str("minisign")
	if a.Path == "" {
		if a, ok = l.firstFile(a, *by); !ok {
			return "", false
		}
	}
	return a.Virtual(), true
}

// firstFile is the config of a repository or an artifact when no path names it: the first of [Names], or the only file.
func (l *loader) firstFile(a remote.Address, by origin) (remote.Address, bool) {
	if l.reader.remote != nil {
		for _, n := range Names() {
			b, err := a.At("", n)
			if err == nil && l.reader.remote.Stat(b).Kind == source.Regular {
				return b, true
			}
		}
		if files := l.reader.remote.Files(a); len(files) == 1 {
			if b, err := a.At("", files[0]); err == nil {
				return b, true
			}
		}
	}
	// No config is told apart from nothing there: the first name says why it cannot be read.
	b, err := a.At("", Names()[0])
	return b, err == nil
}

// foreign is the tree of a file in the format of another tool, turned into ours; of ours it is root. Nil after a report.
func (l *loader) foreign(file *source.File, root *tree.Node, by origin) *tree.Node {
	fe := l.frontEnd(root, by)
	if fe == nil {
		return root
	}
	resolve := func(from *source.File, p tree.Path, at *tree.Node, text string) (string, origin, bool) {
		n := *at
		n.Text, _ = cutTemplate(text)
		in := origin{path: p, node: &n}
		name, ok := l.target(path.Dir(l.paths[from]), &in)
		return name, in, ok
	}
	out, ds := fe.Convert(&frontend.Input{
		File: file, Root: root,
		Include: func(from *source.File, p tree.Path, at *tree.Node, text string) (*source.File, *tree.Node) {
			name, in, ok := resolve(from, p, at, text)
			if !ok || l.parsed[name] == nil && l.tooMany(in) {
				return nil, nil
			}
			return l.parse(name, in)
		},
		Path: func(from *source.File, p tree.Path, at *tree.Node, text string) string {
			name, _, _ := resolve(from, p, at, text)
			return name
		},
	})
	if ds.Has(diag.Error) {
		l.broken = true
	}
	l.report(ds, root)
	return out
}

// frontEnd reads a file; nil for a file of ours.
func (l *loader) frontEnd(root *tree.Node, by origin) frontend.FrontEnd {
	for _, fe := range l.o.FrontEnds {
		if by.as == fe.Name() || by.as == "" && fe.Detect(root) {
			return fe
		}
	}
	return nil
}

// tooMany reports the file that is one more than a config may have.
func (l *loader) tooMany(by origin) bool {
	if len(l.parsed) < MaxFiles {
		return false
	}
	if len(l.parsed) == MaxFiles {
		by.blame(l.ds.Error(diag.Limit, tree.Root, "cannot read more than %d files", MaxFiles)).Helpf("join some of them")
		l.parsed["\x00"] = &parsedFile{} // said once
	}
	l.broken = true
	return true
}

// rendered is a file that is a template as a whole, rendered: what it reads are the variables that are declared so far.
// Positions are those of the rendered text.
func (l *loader) rendered(f *source.File, by origin) *source.File {
	whole := &tree.Node{Kind: tree.String, Quoted: true, Text: string(f.Data), At: source.Span{Pos: source.Pos{File: f, Line: 1, Col: 1}}}
	in := tree.NewMap(source.Span{}, []tree.Field{{Key: "file", Value: whole}})
	var vars []tree.Field
	for _, d := range l.vars.order {
		if d.secret {
			continue
		}
		if v, at, ok := l.env.find(d.name); ok {
			vars = append(vars, tree.Field{Key: d.name, Value: tree.NewScalar(at, kindOf(d.kind, v), v)})
		}
	}
	out, ds := template.Scalars(tree.Root, in, template.Data{"vars": tree.NewMap(source.Span{}, vars)}, template.Options{Run: &l.renders})
	for _, d := range ds {
		d.Path = tree.Root
		if d.At.IsZero() {
			d.At = whole.At
		}
	}
	l.report(ds, nil)
	if ds.Has(diag.Error) {
		l.broken = true
		return nil
	}
	text := out.Get("file")
	if text.Text == string(f.Data) {
		return f
	}
	return &source.File{Name: f.Name + " (rendered)", Rel: f.Rel, From: f.From, Data: []byte(text.Text)}
}
