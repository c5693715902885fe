package settle

import (
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/template"
	"github.com/octocompose/octocompose/compiler/tree"
)

// render renders the templates in the values of d, where its config asks for it: text with {{ in it that is no template
// of ours is common in what programs read. It reports whether the values are sound.
func (x *settler) render(d *delivery, f *tree.Field) bool {
	if on := d.conf.Get("template"); on == nil || !strings.EqualFold(on.Text, "true") {
		return true
	}
	project := tree.NewMap(source.Span{}, []tree.Field{{Key: "name", Value: tree.NewScalar(source.Span{}, tree.String, x.name)}})
	data := template.Data{
		"config": d.values, "globals": x.groups, "project": project, "service": x.subject(d), "vars": tree.NewMap(source.Span{}, x.vars),
		"files":  tree.NewMap(source.Span{}, x.files),
		"secret": x.secretNames(),
	}
	values, ds := template.Scalars(d.path.Key("values"), d.values, data, template.Options{Run: &x.run})
	ds.Locate(inPlace(f, d))
	d.values = remarked(values)
	x.ds = append(x.ds, ds...)
	return !ds.Has(diag.Error)
}

// subject is the service as its templates read it: its fields and its name.
func (x *settler) subject(d *delivery) *tree.Node {
	name := tree.NewScalar(source.Span{}, tree.String, d.name)
	if d.own.Kind != tree.Map {
		return tree.NewMap(source.Span{}, []tree.Field{{Key: "name", Value: name}})
	}
	return d.own.Set("name", source.Span{}, name)
}
