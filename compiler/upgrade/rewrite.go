package upgrade

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/semver"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/edit"
	"github.com/octocompose/octocompose/compiler/parse"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// Change is one thing that was rewritten in a user's file.
type Change struct {
	From, To string // paths; To is "" for what was removed
	In       string // the version that wants it
	Help     string // the vendor's words, or ""
}

// String is a line for a person: "services.web.environment.DB_URL is now services.web.environment.DATABASE_URL (v2.0.0)".
func (c Change) String() string {
	s := fmt.Sprintf("%s is now %s (%s)", c.From, c.To, c.In)
	if c.To == "" {
		s = fmt.Sprintf("%s is gone (%s)", c.From, c.In)
	}
	if c.Help != "" {
		s += ": " + strings.ReplaceAll(strings.TrimSpace(c.Help), "\n", " ")
	}
	return s
}

// deprecation is a [Renamed] or a [Removed].
type deprecation struct {
	from, to []tree.Step
	in, help string
}

// Rewrite is a user's file after what the vendor renamed and removed in a step, in the order of the versions, so that a
// field may be renamed twice. An error says where a person has to decide: both the old and the new field are there, or the
// text cannot be changed safely; then the text is nil. A text without changes is that of f.
func Rewrite(f *source.File, s Step) ([]byte, []Change, diag.List) {
	list, ds := deprecations(s)
	if len(ds) > 0 {
		return nil, nil, ds
	}
	root, ds := parse.YAML(f)
	if root == nil || ds.Has(diag.Error) {
		return nil, nil, ds
	}
	var all []Change
	for _, d := range list {
		r := &rewriter{root: root, d: d}
		r.match(root, tree.Root, nil)
		all = append(all, r.changes...)
		ds = append(ds, r.ds...)
		if len(r.edits) == 0 || r.ds.Has(diag.Error) {
			continue
		}
		text, found := edit.Apply(f, r.edits...)
		ds = append(ds, found...)
		if len(found) > 0 {
			continue
		}
		f = &source.File{Name: f.Name, Rel: f.Rel, Data: text}
		if root, found = parse.YAML(f); found.Has(diag.Error) {
			return nil, nil, append(ds, found...)
		}
	}
	if ds.Has(diag.Error) {
		return nil, nil, ds.Sort()
	}
	return f.Data, all, ds.Sort()
}

func deprecations(s Step) ([]deprecation, diag.List) {
	var out []deprecation
	var ds diag.List
	read := func(at source.Span, text string) []tree.Step {
		steps, err := readPattern(text)
		if err != nil {
			ds.Error(diag.Pattern, tree.Root, "%s", err).AtSpan(at)
		}
		return steps
	}
	for _, d := range s.Renamed {
		out = append(out, deprecation{from: read(d.At, d.From), to: read(d.At, d.To), in: d.In, help: d.Help})
	}
	for _, d := range s.Removed {
		out = append(out, deprecation{from: read(d.At, d.Path), in: d.In, help: d.Help})
	}
	slices.SortStableFunc(out, func(a, b deprecation) int { return semver.Compare(a.in, b.in) })
	return out, ds
}

// readPattern reads a path of keys, of which * is any.
func readPattern(text string) ([]tree.Step, error) {
	p, err := tree.ParsePath(text)
	if err != nil {
		return nil, err
	}
	steps := p.Steps()
	for _, s := range steps {
		if s.Index >= 0 {
			return nil, fmt.Errorf("cannot use the path %q: want keys only, not places in a list", text)
		}
	}
	if len(steps) == 0 {
		return nil, fmt.Errorf("cannot use the path %q: it is empty", text)
	}
	return steps, nil
}

func stars(steps []tree.Step) int {
	n := 0
	for _, s := range steps {
		if s.Key == "*" {
			n++
		}
	}
	return n
}

// rewriter makes the edits for one deprecation.
type rewriter struct {
	root    *tree.Node
	d       deprecation
	edits   []edit.Edit
	changes []Change
	ds      diag.List
}

// octoKey holds the keys of ours in files that other Compose programs read too: x-octo: {variables: …} is variables: ….
const octoKey = "x-octo"

// match walks down the path from: along are the places so far, of which x-octo is part of one step.
func (r *rewriter) match(n *tree.Node, at tree.Path, along []tree.Path) {
	step := r.d.from[len(along)].Key
	last := len(along) == len(r.d.from)-1
	switch {
	case n == nil:
	case n.Kind == tree.List && last:
		for i, it := range n.Items {
			if key, _, _ := strings.Cut(it.Text, "="); it.Kind == tree.String && (step == "*" || step == key) {
				r.item(n, at, i, key, along)
			}
		}
	case n.Kind == tree.Map:
		for i := range n.Fields {
			f := &n.Fields[i]
			if f.Key == octoKey {
				if f.Value.Kind == tree.Map && !at.HasPrefix(tree.Of(octoKey)) {
					r.match(f.Value, at.Key(octoKey), along)
				}
				continue
			}
			if step != "*" && step != f.Key {
				continue
			}
			p := at.Key(f.Key)
			if last {
				r.field(p, append(slices.Clip(along), p))
				continue
			}
			r.match(f.Value, p, append(slices.Clip(along), p))
		}
	}
}

// target is where the field goes: as far as from and to are the same, the place that was found. place has the last key.
func (r *rewriter) target(along []tree.Path) tree.Path {
	var meant []string
	for i, p := range along {
		if r.d.from[i].Key == "*" {
			key, _, _ := p.Last()
			meant = append(meant, key)
		}
	}
	same := 0
	for same < len(r.d.to)-1 && same < len(along)-1 && r.d.to[same] == r.d.from[same] {
		same++
	}
	out := tree.Root
	if same > 0 {
		out = along[same-1]
	}
	if same == len(along)-1 && same == len(r.d.to)-1 { // the same mapping, in the spelling that it has
		out = along[same].Parent()
	}
	n := 0
	for i, s := range r.d.to {
		key := s.Key
		if key == "*" {
			key = meant[n]
			n++
		}
		if i >= same {
			out = out.Key(key)
		}
	}
	return out
}

func (r *rewriter) field(p tree.Path, along []tree.Path) {
	if r.d.to == nil {
		r.edits = append(r.edits, edit.Delete(p, r.note()))
		r.changes = append(r.changes, Change{From: p.String(), In: r.d.in, Help: r.d.help})
		r.uses(along, "")
		return
	}
	to := r.target(along)
	if other, ok := r.there(to); ok && !other.Equal(p) {
		r.ds.Error(diag.Conflict, p, "cannot rename this to %s: that is there already", to).OnKey().See(other, "it stands here").
			Helpf("since %s only the new name has a meaning: keep one of the two values under it, and delete the other", r.d.in)
		r.ds.Locate(r.root)
		return
	}
	r.edits = append(r.edits, edit.Move(p, to))
	r.changes = append(r.changes, Change{From: p.String(), To: to.String(), In: r.d.in, Help: r.d.help})
	key, _, _ := to.Last()
	r.uses(along, key)
}

// there looks for a path in both spellings, and in a list of KEY=VALUE.
func (r *rewriter) there(p tree.Path) (tree.Path, bool) {
	key, _, _ := p.Last()
	up := p.Parent()
	for _, q := range []tree.Path{up, up.Key(octoKey), up.Parent()} {
		if q.Equal(up.Parent()) {
			if k, _, ok := up.Last(); !ok || k != octoKey {
				continue
			}
		}
		n, ok := tree.Get(r.root, q)
		if !ok {
			continue
		}
		if n.Find(key) >= 0 {
			return q.Key(key), true
		}
		if i := itemOf(n, key); i >= 0 {
			return q.Index(i), true
		}
	}
	return p, false
}

// itemOf is the place of KEY or KEY=VALUE in a list, or -1.
func itemOf(n *tree.Node, key string) int {
	return slices.IndexFunc(n.Items, func(it *tree.Node) bool {
		k, _, _ := strings.Cut(it.Text, "=")
		return it.Kind == tree.String && k == key
	})
}

// item is field for an item KEY or KEY=VALUE of a list.
func (r *rewriter) item(list *tree.Node, at tree.Path, i int, key string, along []tree.Path) {
	p := at.Index(i)
	shown := at.Key(key).String()
	if r.d.to == nil {
		r.edits = append(r.edits, edit.Delete(p, r.note()))
		r.changes = append(r.changes, Change{From: shown, In: r.d.in, Help: r.d.help})
		return
	}
	to := r.target(append(slices.Clip(along), at.Key(key)))
	name, _, _ := to.Last()
	if !to.Parent().Equal(at) {
		r.ds.Error(diag.Conflict, p, "cannot move an item of a list to %s", to).AtSpan(list.Items[i].At).
			Helpf("move it by hand; since %s it has a meaning there only", r.d.in)
		return
	}
	if j := itemOf(list, name); j >= 0 {
		r.ds.Error(diag.Conflict, p, "cannot rename this to %s: that is there already", name).AtSpan(list.Items[i].At).
			SeeSpan(list.Items[j].At, "it stands here").
			Helpf("since %s only the new name has a meaning: keep one of the two values under it, and delete the other", r.d.in)
		return
	}
	r.edits = append(r.edits, edit.Set(p, name+strings.TrimPrefix(list.Items[i].Text, key)))
	r.changes = append(r.changes, Change{From: shown, To: to.String(), In: r.d.in, Help: r.d.help})
}

// note is the comment that a removed field leaves.
func (r *rewriter) note() string {
	s := "removed in " + strings.TrimPrefix(r.d.in, "v")
	if r.d.help != "" {
		s += ": " + strings.TrimSpace(r.d.help)
	}
	return s
}

// uses warns where the file still reads a variable that has another name, or is gone: the text around it is the user's.
func (r *rewriter) uses(along []tree.Path, now string) {
	if len(along) != 2 || r.d.from[0].Key != "variables" {
		return
	}
	name, _, _ := along[1].Last()
	tree.Walk(tree.Root, r.root, func(p tree.Path, n *tree.Node) bool {
		if !n.Kind.IsScalar() || !reads(n.Text, name) {
			return true
		}
		d := r.ds.Warn(diag.Unset, p, "this reads the variable %s, which is gone since %s", name, r.d.in).AtSpan(n.At)
		if now != "" {
			d.Helpf("write ${%s}", now)
		}
		return true
	})
}

// reads reports whether text holds ${name…} or $name.
func reads(text, name string) bool {
	for rest := text; ; {
		i := strings.IndexByte(rest, '$')
		if i < 0 {
			return false
		}
		rest = rest[i+1:]
		after, ok := strings.CutPrefix(strings.TrimPrefix(rest, "{"), name)
		if ok && (after == "" || !isName(after[0])) {
			return true
		}
		rest = strings.TrimPrefix(rest, "$")
	}
}

func isName(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
