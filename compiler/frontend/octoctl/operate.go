package octoctl

import (
	"math/big"
	"strconv"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// operateKeys are the keys below octoctl.operator.services.X, with what makes keys of ours of them. config is read
// with the globals.
var operateKeys = []struct {
	key string
	put func(c *converter, s *service, p tree.Path, f tree.Field)
}{
	{"priority", (*converter).priority},
	{"depends", (*converter).depends},
	{"replicas", (*converter).same},
	{"enabled", (*converter).same},
	{"healthCheck", (*converter).checks},
	{"preflightCheck", (*converter).preflight},
	{"hooks", (*converter).hooks},
	{"config", func(*converter, *service, tree.Path, tree.Field) {}},
}

// operate puts what octoctl.operator says of a service into it.
func (c *converter) operate(s *service, n *tree.Node) {
	p := tree.Of("octoctl", "operator", "services", s.name)
	if !c.isMap(p, n) {
		return
	}
	var known []string
	for _, row := range operateKeys {
		known = append(known, row.key)
		if f, ok := field(n, row.key); ok {
			row.put(c, s, p.Key(row.key), f)
		}
	}
	for _, f := range n.Fields {
		if !has(known, f.Key) {
			c.unknown(p.Key(f.Key), f, known...)
		}
	}
}

func has(words []string, word string) bool {
	for _, w := range words {
		if w == word {
			return true
		}
	}
	return false
}

// say sets a key that the service may say too, in the words of Compose.
func (c *converter) say(s *service, p tree.Path, f tree.Field, key string, v *tree.Node) {
	if have := s.n.Get(key); have != nil && have.Kind != tree.Null && !tree.Equal(have, v) {
		c.ds.Error(diag.Conflict, p, "services.%s.%s says something else", s.name, key).OnKey().AtSpan(f.KeyAt).
			SeeSpan(have.At, "it stands here").Helpf("delete one of the two")
		return
	}
	s.set(key, f.KeyAt, v)
}

func (c *converter) same(s *service, p tree.Path, f tree.Field) { c.say(s, p, f, f.Key, f.Value) }

// priority is turned around: the lower number starts first in the concept, the higher one in our language.
func (c *converter) priority(s *service, p tree.Path, f tree.Field) {
	v := f.Value
	if i, ok := new(big.Int).SetString(v.Text, 10); ok && v.Kind.IsScalar() {
		n := *v
		n.Kind, n.Text, n.Derived, n.Quoted = tree.Int, i.Neg(i).String(), true, false
		v = &n
	} else {
		c.wants(p, v, "a whole number", "write priority: 100")
		return
	}
	c.say(s, p, f, "priority", v)
}

// depends are the services that this one waits for: until they are healthy where they have a check, else until
// they are started.
func (c *converter) depends(s *service, p tree.Path, f tree.Field) {
	if f.Value.Kind != tree.List {
		c.wants(p, f.Value, "a list", "write depends: [ { service: db } ]")
		return
	}
	out := mapping(f.Value.At)
	if have := s.n.Get("depends_on"); have != nil && have.Kind == tree.Map {
		out = have
	} else if have != nil && have.Kind == tree.List {
		for _, it := range have.Items {
			out = out.Set(it.Text, it.At, started(it.At, "service_started"))
		}
	}
	for i, it := range f.Value.Items {
		q := p.Index(i)
		if !c.isMap(q, it) {
			continue
		}
		name, ok := field(it, "service")
		for _, g := range it.Fields {
			if g.Key != "service" && g.Key != "external" {
				c.unknown(q.Key(g.Key), g, "service", "external")
			}
		}
		if !ok || name.Value.Kind != tree.String {
			c.ds.Error(diag.Required, q.Key("service"), "no value; want the name of a service").AtSpan(it.At).Helpf("write - service: db")
			continue
		}
		if on(it.Get("external")) {
			c.ds.Warn(diag.Unsupported, q, "%s does not wait for %q: it runs elsewhere", s.name, name.Value.Text).AtSpan(name.Value.At).
				Helpf("write preflight: [ { url: … } ] or { dns: … } in an overlay of octo's, so that a start without it fails")
			continue
		}
		if out.Find(name.Value.Text) >= 0 {
			continue
		}
		condition := "service_started"
		list := c.operator.Get(name.Value.Text).Get("healthCheck")
		if list != nil && len(list.Items) > 0 || c.services.Get(name.Value.Text).Get("healthcheck") != nil {
			condition = "service_healthy"
		}
		out = out.Set(name.Value.Text, name.Value.At, started(name.Value.At, condition))
	}
	if len(out.Fields) > 0 {
		s.set("depends_on", f.KeyAt, out)
	}
}

func started(at source.Span, condition string) *tree.Node {
	return mapping(at, entry("condition", at, made(at, condition)))
}

// tools reads a list of mappings with the key tool.
func (c *converter) tools(p tree.Path, n *tree.Node, do func(p tree.Path, tool string, at source.Span, it *tree.Node)) {
	if n.Kind != tree.List {
		c.wants(p, n, "a list", "write - tool: check-tcp, and what it checks")
		return
	}
	for i, it := range n.Items {
		q := p.Index(i)
		if !c.isMap(q, it) {
			continue
		}
		t, ok := field(it, "tool")
		if !ok || t.Value.Kind != tree.String {
			c.ds.Error(diag.Required, q.Key("tool"), "no value; want the name of a tool").AtSpan(it.At).Helpf("write - tool: check-tcp")
			continue
		}
		do(q, t.Value.Text, t.Value.At, it)
	}
}

// noTool reports a tool that the dialect's documents do not have.
func (c *converter) noTool(p tree.Path, tool string, at source.Span, help string, known ...string) {
	d := c.ds.Error(diag.Unsupported, p.Key("tool"), "no tool is called %q", tool).AtSpan(at)
	if near := diag.Near(tool, known); near != "" {
		d.Helpf("did you mean %q?", near)
		return
	}
	d.Helpf("the tools are %s; %s", listed(known), help)
}

// only reports the keys of n that a tool does not have.
func (c *converter) only(p tree.Path, n *tree.Node, known ...string) {
	for _, f := range n.Fields {
		if f.Key != "tool" && !has(known, f.Key) {
			c.unknown(p.Key(f.Key), f, known...)
		}
	}
}

// hooks are commands in the life of a service.
func (c *converter) hooks(s *service, p tree.Path, f tree.Field) {
	if !c.isMap(p, f.Value) {
		return
	}
	for _, g := range f.Value.Fields {
		if g.Key != "preStart" {
			c.unknown(p.Key(g.Key), g, "preStart")
			continue
		}
		c.tools(p.Key(g.Key), g.Value, func(p tree.Path, tool string, at source.Span, it *tree.Node) {
			if tool != "operator-run" {
				c.noTool(p, tool, at, "a command of the service is run by operator-run", "operator-run")
				return
			}
			c.before(s, p, it)
		})
	}
}

// before has the service run with other arguments before each start: operator-run.
func (c *converter) before(s *service, p tree.Path, it *tree.Node) {
	c.only(p, it, "args")
	args, ok := field(it, "args")
	if !ok || args.Value.Kind != tree.List {
		c.ds.Error(diag.Required, p.Key("args"), "no list; want the arguments that the service is run with").AtSpan(it.At).Helpf(`write args: ["migrate"]`)
		return
	}
	run := mapping(it.At, entry("command", args.KeyAt, args.Value))
	hooks := s.n.Get("hooks")
	if hooks == nil || hooks.Kind != tree.Map {
		hooks = mapping(it.At)
	}
	list := hooks.Get("pre_start")
	if list == nil || list.Kind != tree.List {
		list = tree.NewList(it.At, nil)
		list.Derived = true
	}
	items := append(append([]*tree.Node(nil), list.Items...), run)
	s.set("hooks", it.At, hooks.Set("pre_start", it.At, list.WithItems(items)))
}

// named is name, or the first of name-2, name-3, … that is not in n.
func named(n *tree.Node, name string) string {
	out := name
	for i := 2; n.Find(out) >= 0; i++ {
		out = name + "-" + strconv.Itoa(i)
	}
	return out
}
