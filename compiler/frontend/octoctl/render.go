package octoctl

import (
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/template"
	"github.com/octocompose/octocompose/compiler/tree"
)

// rendered are the parts whose values are templates; everything else is data that is never rendered.
var rendered = [][]string{{"services"}, {"repos", "services"}, {"repos", "files"}, {"octoctl", "operator", "services"}}

// render replaces the templates in services, repos and what octoctl.operator says of services. Programs of repos wait
// for their platform (see [converter.platform]).
func (c *converter) render() {
	var top, in []tree.Field
	add := func(fields []tree.Field, key string, n *tree.Node) []tree.Field {
		if n == nil {
			return fields
		}
		return append(fields, tree.Field{Key: key, Value: n})
	}
	top = add(top, "services", c.services)
	for _, key := range []string{"services", "files"} {
		in = add(in, key, c.repos.Get(key))
	}
	top = add(top, "repos", tree.NewMap(source.Span{}, in))
	inner := tree.NewMap(source.Span{}, add(nil, "services", c.operator))
	top = add(top, "octoctl", tree.NewMap(source.Span{}, add(nil, "operator", inner)))
	c.data = c.dataOf()
	out, ds := template.Scalars(tree.Root, tree.NewMap(source.Span{}, top), c.data, template.Options{Run: &c.run, Skip: skipped(true)})
	c.report(ds)
	c.services = out.Get("services")
	c.operator = out.Get("octoctl").Get("operator").Get("services")
	for _, f := range out.Get("repos").Fields {
		c.repos = c.repos.Set(f.Key, source.Span{}, f.Value)
	}
	c.data = c.dataOf()
}

// dataOf is what templates read.
func (c *converter) dataOf() template.Data {
	data := template.Data{"configs": c.values, "service": c.values, "services": c.services, "repos": c.repos, "globals": nil, "octoctl": nil}
	for _, f := range c.root.Fields {
		if data[f.Key] == nil {
			data[f.Key] = f.Value
		}
	}
	if o := data["octoctl"]; o != nil && o.Kind == tree.Map {
		if f, ok := field(o, "plugin"); ok && o.Find("operator") < 0 {
			data["octoctl"] = o.Set("operator", f.KeyAt, f.Value)
		} else if op := o.Get("operator"); op != nil && op.Kind == tree.Map && c.operator != nil {
			data["octoctl"] = o.Set("operator", source.Span{}, op.Set("services", source.Span{}, c.operator))
		}
	}
	name := data["name"]
	if name == nil {
		return data
	}
	id := data["projectID"]
	if id == nil {
		id = name // octoctl makes one up for each run, which no two runs would agree on
		data["projectID"] = id
	}
	data["project"] = tree.NewMap(name.At, []tree.Field{
		{Key: "name", Value: name}, {Key: "Name", Value: name}, {Key: "id", Value: id}, {Key: "ID", Value: id},
	})
	return data
}

// skipped says which values are no templates, or not now: with programs set, the programs of repos.
func skipped(programs bool) func(tree.Path) bool {
	return func(p tree.Path) bool {
		steps := p.Steps()
		if len(steps) == 0 {
			return false
		}
		if programs && program(steps) {
			return true
		}
		for _, keys := range rendered {
			same := true
			for i := 0; i < len(keys) && i < len(steps); i++ {
				same = same && steps[i].Index < 0 && steps[i].Key == keys[i]
			}
			if same {
				return false
			}
		}
		return true
	}
}

// program reports whether steps lead to repos.services.X.binary or .source, or to those below baremetal.
func program(steps []tree.Step) bool {
	if len(steps) < 4 || steps[0].Key != "repos" || steps[1].Key != "services" {
		return false
	}
	key := steps[3].Key
	if key == "baremetal" && len(steps) > 4 {
		key = steps[4].Key
	}
	return key == "binary" || key == "source"
}

// machineNames are what octoctl knows of the machine that it runs on.
var machineNames = []string{"OS", "ARCH", "GOOS", "GOARCH"}

// report takes over the findings about templates, with advice on names that are known at run time only.
func (c *converter) report(ds diag.List) {
	for _, d := range ds {
		for _, name := range machineNames {
			if d.Code == template.Code && d.Message == `cannot find "`+name+`": there is no such name` {
				d.Message = `cannot use "` + name + `": it differs from machine to machine, and is not known when compiling`
				d.Help = "it may stand in the programs of repos, where it is the platform of the entry; write the value out here"
			}
		}
		c.guard(d)
	}
	c.ds = append(c.ds, ds...)
}

// platform renders a program of repos for a platform; os and arch are "" where there is none.
func (c *converter) platform(p tree.Path, n *tree.Node, os, arch string) *tree.Node {
	data := template.Data{}
	for key, v := range c.data {
		data[key] = v
	}
	for name, v := range map[string]string{"OS": os, "GOOS": os, "ARCH": arch, "GOARCH": arch} {
		if v != "" {
			data[name] = made(n.At, v)
		}
	}
	out, ds := template.Scalars(p, n, data, template.Options{Run: &c.run, Skip: skipped(false)})
	c.report(ds)
	return out
}
