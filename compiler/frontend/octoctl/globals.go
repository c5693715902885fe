package octoctl

import (
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// taker is a service that is given its values.
type taker struct {
	at     source.Span // where it says so
	path   tree.Path
	values *tree.Node // nil where there are none
}

// globals finds the services that are given their values, and lays the globals below them. A service takes a group by
// octocompose.config.globals; a service of octoctl.operator takes the whole mapping, unless it says noGlobals.
func (c *converter) globals() {
	c.takers = map[string]*taker{}
	p := tree.Of("globals")
	groups, _ := field(c.root, "globals")
	if !c.isMap(p, groups.Value) {
		groups.Value = nil
	}
	used := map[string]bool{}
	if c.services != nil {
		for _, f := range c.services.Fields {
			c.optIn(f, groups.Value, used)
		}
	}
	names := keysOf(c.operator)
	for name := range c.concept {
		if c.known(name) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		c.whole(name, groups.Value)
	}
	if groups.Value == nil || len(names) > 0 {
		return
	}
	for _, f := range groups.Value.Fields {
		if used[f.Key] {
			continue
		}
		d := c.ds.Warn(diag.UnknownRef, p.Key(f.Key), "no service takes the values of this group").OnKey().AtSpan(f.KeyAt)
		d.Helpf("write octocompose: { config: { globals: %s } } in a service, or delete the group", f.Key)
	}
}

// optIn is a service that may say octocompose.config.
func (c *converter) optIn(f tree.Field, groups *tree.Node, used map[string]bool) {
	p := tree.Of("services", f.Key, "octocompose")
	own := f.Value.Get("octocompose")
	if !c.isMap(p, own) {
		return
	}
	conf, ok := field(own, "config")
	p = p.Key("config")
	if !ok || !c.isMap(p, conf.Value) {
		return
	}
	for _, k := range conf.Value.Fields {
		switch k.Key {
		case "globals":
		case "noTemplate":
			c.ds.Note(diag.Unsupported, p.Key(k.Key), "changes nothing, as in octoctl: configs are never rendered").OnKey().AtSpan(k.KeyAt)
		default:
			c.unknown(p.Key(k.Key), k, "globals", "noTemplate")
		}
	}
	var group *tree.Node
	if g, ok := field(conf.Value, "globals"); ok && g.Value.Kind != tree.Bool {
		group = groups.Get(g.Value.Text)
		used[g.Value.Text] = true
		if group == nil && g.Value.Kind != tree.Unknown {
			d := c.ds.Error(diag.UnknownRef, p.Key("globals"), "no group of globals is called %q", g.Value.Text).AtSpan(g.Value.At)
			if near := diag.Near(g.Value.Text, keysOf(groups)); near != "" {
				d.Helpf("did you mean %q?", near)
			} else {
				d.Helpf("add it: globals: { %s: { … } }; there is %s", g.Value.Text, listed(keysOf(groups)))
			}
		}
	}
	c.takes(f.Key, &taker{at: conf.KeyAt, path: p}, group)
}

// whole gives a service of the concept its values, with all globals below them.
func (c *converter) whole(name string, groups *tree.Node) {
	if c.takers[name] != nil {
		return
	}
	t := &taker{path: tree.Of("service", name)}
	if i := c.values.Find(name); i >= 0 {
		t.at = c.values.Fields[i].KeyAt
	}
	op := c.operator.Get(name)
	p := tree.Of("octoctl", "operator", "services", name)
	if c.isMap(p, op) && c.isMap(p.Key("config"), op.Get("config")) {
		conf := op.Get("config")
		for _, f := range conf.Fields {
			if f.Key != "noGlobals" {
				c.unknown(p.Keys("config", f.Key), f, "noGlobals")
			}
		}
		if on(conf.Get("noGlobals")) {
			groups = nil
		}
	}
	if t.at.IsZero() && groups != nil {
		t.at, t.path = groups.At, tree.Of("globals")
	}
	c.takes(name, t, groups)
}

// takes lays a group below the values of a service.
func (c *converter) takes(name string, t *taker, group *tree.Node) {
	c.takers[name] = t
	p := tree.Of("configs", name)
	t.values = c.merge(p, []*tree.Node{group, c.values.Get(name)})
	if t.values == nil || group == nil {
		return
	}
	if c.values == nil {
		c.values = tree.NewMap(group.At, nil)
	}
	c.values = c.values.Set(name, t.at, t.values)
}

// known reports whether something says what the service name is.
func (c *converter) known(name string) bool {
	return c.services.Find(name) >= 0 || c.operator.Find(name) >= 0 || c.repos.Get("services").Find(name) >= 0
}

// listed are names for a message, at most eight.
func listed(names []string) string {
	const most = 8
	if len(names) == 0 {
		return "none"
	}
	if len(names) > most {
		return strings.Join(names[:most], ", ") + ", …"
	}
	return strings.Join(names, ", ")
}
