package settle

import (
	"slices"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// deliver is the service with what deliver makes of the values.
func (x *settler) deliver(d *delivery) *tree.Node {
	how := d.conf.Get("deliver")
	file, env, url := how.Get("file"), how.Get("env"), how.Get("url")
	if isOff(url) {
		url = nil
	}
	if file == nil && env == nil && url == nil {
		if len(d.values.Fields) > 0 {
			x.ds.Error(diag.Required, d.path.Key("deliver"), "no value; want how the values reach the program").
				Helpf("add deliver: { file: { path: /etc/%s.yaml, format: yaml } }, or deliver: { env: { prefix: APP_ } }, "+
					"or both", d.name)
		}
		return d.own
	}
	if url != nil {
		if d.marks = x.marks(d); len(d.marks) > 0 && (file != nil || env != nil) {
			x.ds.Error(diag.SecretValue, d.path.Key("deliver"), "cannot deliver the secret %s as a file or as variables: its value would be a part of the output", d.marks[0].Name).
				Helpf("deliver this config by url alone")
		}
	}
	out := d.own
	if file != nil && file.Kind == tree.Map {
		out = x.file(d, out, how.Fields[how.Find("file")].KeyAt, file)
	}
	if env != nil && env.Kind == tree.Map {
		out = x.environment(d, out, env)
	}
	if url != nil {
		out = x.serve(d, out, how.Fields[how.Find("url")].KeyAt, url)
	}
	return out
}

// formats are the ways to write values. A fault is reported through d.fault, and the text is then of no use.
var formats = []struct {
	name string
	text func(w *writer, n *tree.Node) string
}{
	{"json", jsonText},
	{"yaml", yamlText},
	{"toml", tomlText},
	{"env", envText},
}

// file makes the config of a service, and mounts it.
func (x *settler) file(d *delivery, out *tree.Node, at source.Span, file *tree.Node) *tree.Node {
	key, p := d.name+"-config", d.path.Keys("deliver", "file")
	if configs := x.root.Get("configs"); configs.Find(key) >= 0 {
		x.ds.Error(diag.NameClash, p, "cannot make the config %s: there is one of this name", key).AtSpan(at).
			SeeSpan(configs.Fields[configs.Find(key)].KeyAt, "the config stands here").Helpf("give configs.%s another name", key)
		return out
	}
	mounts := out.Get("configs")
	target := file.Get("path")
	if other := mountAt(mounts, target.Text); other != nil {
		x.ds.Error(diag.Conflict, p.Key("path"), "another config is mounted at %s", target.Text).AtSpan(target.At).
			SeeSpan(other.At, "it stands here").Helpf("give one of the two another path")
		return out
	}
	format := file.Str("format")
	text := ""
	for i := range formats {
		if formats[i].name == format {
			w := &writer{d: d, x: x, format: format}
			text = formats[i].text(w, d.values)
		}
	}
	x.made = append(x.made, entry(key, at, mapping(file.At, entry("content", file.At, scalar(text, file.At)))))
	mount := mapping(file.At, entry("source", file.At, scalar(key, file.At)), entry("target", target.At, target))
	if mounts == nil || mounts.Kind != tree.List {
		mounts = tree.NewList(at, nil)
		mounts.Derived = true
	}
	return out.Set("configs", at, mounts.WithItems(append(slices.Clone(mounts.Items), mount)))
}

// mountAt is the config that is mounted at a path, nil when there is none.
func mountAt(mounts *tree.Node, path string) *tree.Node {
	if mounts == nil {
		return nil
	}
	for _, m := range mounts.Items {
		target := m.Str("target")
		if target == "" {
			target = "/" + m.Str("source")
		}
		if target == path {
			return m
		}
	}
	return nil
}

// environment adds a variable for each value.
func (x *settler) environment(d *delivery, out *tree.Node, env *tree.Node) *tree.Node {
	own := out.Get("environment")
	if own != nil && own.Kind != tree.Map && own.Kind != tree.Null {
		return out // reported
	}
	w := &writer{d: d, x: x, format: "env", prefix: env.Str("prefix")}
	var fields []tree.Field
	for _, v := range w.variables(d.values) {
		if have := own.Get(v.name); have != nil {
			x.beside(d, v, have)
			continue
		}
		n := *v.node
		n.Kind, n.Text, n.Items, n.Fields = tree.String, v.text, nil, nil
		n.Quoted, n.Derived, n.Mark, n.At = true, true, tree.Plain, d.vendor.own(n.At)
		fields = append(fields, tree.Field{Key: v.name, KeyAt: d.vendor.own(v.keyAt), Value: &n})
	}
	switch {
	case len(fields) == 0:
		return out
	case own == nil || own.Kind == tree.Null:
		return out.Set("environment", env.At, mapping(env.At, fields...))
	}
	return out.Set("environment", source.Span{}, own.WithFields(slices.Concat(own.Fields, fields)))
}

// beside reports a variable that environment has already, with another value. The values may be secrets.
func (x *settler) beside(d *delivery, v variable, have *tree.Node) {
	if have.Kind == tree.Unknown || have.Kind.IsScalar() && have.Kind != tree.Null && have.Text == v.text {
		return
	}
	x.ds.Error(diag.Conflict, v.path, "this is the variable %s, which environment gives another value", v.name).
		AtSpan(d.vendor.own(v.node.At)).SeeSpan(have.At, "environment says so").
		Helpf("delete %s from environment, or give both the same value", v.name)
}

func mapping(at source.Span, fields ...tree.Field) *tree.Node {
	m := tree.NewMap(at, fields)
	m.Derived = true
	return m
}

func entry(key string, at source.Span, v *tree.Node) tree.Field {
	return tree.Field{Key: key, KeyAt: at, Value: v}
}

func scalar(text string, at source.Span) *tree.Node {
	n := tree.NewScalar(at, tree.String, text)
	n.Quoted = true
	return n
}
