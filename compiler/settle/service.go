package settle

import (
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/shape"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// defaultGroup is the group of globals that a service with a config has when it says nothing of globals.
const defaultGroup = "default"

// delivery is one service on its way.
type delivery struct {
	name string // of the service
	path tree.Path
	own  *tree.Node // the service
	conf *tree.Node
	// values are merged, checked and filled.
	values *tree.Node
	vendor *vendor // nil when there is no schema
	marks  []Mark  // of a config that is served
}

// service is the service f without config, with what its config comes to.
func (x *settler) service(f *tree.Field) *tree.Node {
	bare := f.Value.Without("config")
	i := f.Value.Find("config")
	conf := f.Value.Fields[i].Value
	if off := f.Value.Get("enabled"); off != nil && off.Kind.IsScalar() && strings.EqualFold(off.Text, "false") {
		x.takes(conf) // the group is used as soon as the service is switched on
		return bare
	}
	d := &delivery{name: f.Key, path: tree.Of("services", f.Key, "config"), own: bare, conf: conf}
	faults := x.def.Check(d.path, conf, shape.Canonical)
	x.ds = append(x.ds, faults...)
	group, ok := x.group(d)
	if !ok || faults.Has(diag.Error) || conf.Kind != tree.Map {
		return bare
	}
	values := conf.Get("values")
	if values != nil && values.Kind != tree.Map {
		values = nil // null, or reported
	}
	d.values = over(group, values)
	if d.values == nil {
		d.values = tree.NewMap(conf.At, nil)
		d.values.Derived = true
	}
	if !x.render(d, f) || !x.check(d, f) {
		return bare
	}
	return x.deliver(d)
}

// takes is the name of the group that a config names, "" for none.
func (x *settler) takes(conf *tree.Node) string {
	name := defaultGroup
	if n := conf.Get("globals"); n != nil && n.Kind == tree.String {
		name = n.Text
	} else if n != nil && n.Kind == tree.Bool {
		return ""
	}
	x.used[name] = true
	return name
}

// group are the values of the group of d; nil when it has none. It reports a group that is not there.
func (x *settler) group(d *delivery) (*tree.Node, bool) {
	n, name := d.conf.Get("globals"), x.takes(d.conf)
	p := d.path.Key("globals")
	switch {
	case n != nil && n.Kind == tree.Bool && !strings.EqualFold(n.Text, "false"):
		x.ds.Error(diag.Type, p, "cannot use %s; want false or the name of a group", n.Text).
			Helpf("delete it: the group default reaches every config")
		return nil, false
	case n != nil && n.Kind != tree.String && n.Kind != tree.Null: // false, or reported
		return nil, true
	}
	if v := x.groups.Get(name); v != nil {
		if v.Kind != tree.Map {
			return nil, true // null, or reported
		}
		return v, true
	}
	if n == nil || n.Kind == tree.Null {
		return nil, true
	}
	e := x.ds.Error(diag.UnknownRef, p, "no group of globals is called %q", name)
	var known []string
	if x.groups != nil {
		for _, f := range x.groups.Fields {
			known = append(known, f.Key)
		}
	}
	slices.Sort(known)
	switch near := diag.Near(name, known); {
	case name == "false":
		e.Helpf("write globals: false, without quotes, for no group")
	case near != "":
		e.Helpf("did you mean %q?", near)
	default:
		e.Helpf("add it: globals: { %s: { … } }", name)
	}
	return nil, false
}

// check holds the values of d against the vendor's schema, and fills its defaults in. It reports whether they are sound.
func (x *settler) check(d *delivery, f *tree.Field) bool {
	ref := d.conf.Get("schema")
	if ref == nil || ref.Kind != tree.String {
		return true
	}
	v, def := x.schema(d.path.Key("schema"), ref)
	if def == nil {
		return false
	}
	d.values = cast(def, d.values)
	p := d.path.Key("values")
	faults := def.Check(p, d.values, shape.Canonical)
	for _, e := range faults {
		steps := e.Path.Steps()[len(p.Steps()):]
		field := fieldAt(def, steps)
		e.SeeSpan(v.place(def.Name, steps), "the vendor's schema says so")
		if e.Code == diag.Enum && field != nil && field.Value.Pattern != nil && field.Value.Want == "" {
			e.Message += " or text that matches " + field.Value.Pattern.String()
		}
		switch {
		case strings.HasPrefix(e.Help, "octo schema lists"):
			e.Helpf("%s lists the keys that stand here", v.file.Name)
		case e.Help == "" && e.Code == diag.Enum && meant(field, d.values, steps) != "":
			e.Helpf("did you mean %q?", meant(field, d.values, steps))
		case e.Help == "" && field != nil && field.Doc != "":
			first, _, _ := strings.Cut(field.Doc, "\n")
			first, _, _ = strings.Cut(first, ". ")
			e.Helpf("%q", strings.TrimSuffix(first, "."))
		}
	}
	faults.Locate(inPlace(f, d))
	x.ds = append(x.ds, faults...)
	d.vendor, d.values = v, def.Fill(d.values)
	return !faults.Has(diag.Error)
}

// meant is the allowed word that the value that steps lead to begins with, or that begins with it: warn for warning.
func meant(f *shape.Field, values *tree.Node, steps []tree.Step) string {
	p := tree.Root
	for _, s := range steps {
		if s.Index >= 0 {
			p = p.Index(s.Index)
		} else {
			p = p.Key(s.Key)
		}
	}
	n, ok := tree.Get(values, p)
	if !ok || f == nil || len(n.Text) < 2 {
		return ""
	}
	for _, word := range f.Value.Enum {
		if word != "" && (strings.HasPrefix(n.Text, word) || strings.HasPrefix(word, n.Text)) {
			return word
		}
	}
	return ""
}

// inPlace is a tree of one service with the merged values, in which findings are looked up.
func inPlace(f *tree.Field, d *delivery) *tree.Node {
	i := f.Value.Find("config")
	at := f.Value.Fields[i].KeyAt
	conf := tree.Field{Key: "config", KeyAt: at, Value: d.conf.Set("values", at, d.values)}
	own := tree.Field{Key: f.Key, KeyAt: f.KeyAt, Value: tree.NewMap(f.Value.At, []tree.Field{conf})}
	return tree.NewMap(source.Span{}, []tree.Field{{Key: "services", Value: tree.NewMap(source.Span{}, []tree.Field{own})}})
}

// fieldAt is the field of the schema that steps lead to; nil when it knows none.
func fieldAt(s *shape.Shape, steps []tree.Step) *shape.Field {
	var f *shape.Field
	for _, st := range steps {
		switch {
		case s == nil:
			return nil
		case st.Index >= 0:
			if s.List == nil {
				return nil
			}
			f, s = nil, s.List.Elem
		default:
			if f = s.Map.Lookup(st.Key); f == nil {
				return nil
			}
			s = f.Value
		}
	}
	return f
}
