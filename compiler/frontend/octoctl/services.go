package octoctl

import (
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// service is one service on its way.
type service struct {
	name string
	path tree.Path   // where the dialect speaks of it
	at   source.Span // its key there
	n    *tree.Node  // in our language
	gone bool        // left out
	off  bool        // enabled: false
}

// set adds a key of ours.
func (s *service) set(key string, at source.Span, v *tree.Node) { s.n = s.n.Set(key, at, v) }

// all converts the services. Those without anything to run are left out, as in octoctl, and so is what waits for them.
func (c *converter) all() []tree.Field {
	var list []*service
	byName := map[string]*service{}
	add := func(f tree.Field, p tree.Path) {
		if byName[f.Key] == nil {
			s := &service{name: f.Key, path: p.Key(f.Key), at: f.KeyAt}
			byName[f.Key], list = s, append(list, s)
		}
	}
	for _, f := range fieldsOf(c.services) {
		add(f, tree.Of("services"))
	}
	for _, f := range fieldsOf(c.operator) {
		add(f, tree.Of("octoctl", "operator", "services"))
	}
	for _, s := range list {
		c.service(s)
	}
	var out []tree.Field
	for _, s := range list {
		if s.gone {
			continue
		}
		c.waits(s, byName)
		out = append(out, tree.Field{Key: s.name, KeyAt: s.at, Value: s.n})
	}
	c.idle(byName)
	return out
}

func fieldsOf(n *tree.Node) []tree.Field {
	if n == nil {
		return nil
	}
	return n.Fields
}

// service converts one service.
func (c *converter) service(s *service) {
	own := c.services.Get(s.name)
	switch {
	case own == nil || own.Kind == tree.Null:
		s.n = tree.NewMap(s.at, nil)
		s.n.Derived = true
	case own.Kind != tree.Map:
		s.n = own // the schema says what it thinks of it
		return
	default:
		s.n = c.octocompose(s, own)
	}
	c.operate(s, c.operator.Get(s.name))
	s.off = off(s.n.Get("enabled"))
	repo := c.repos.Get("services").Get(s.name)
	if c.isMap(tree.Of("repos", "services", s.name), repo) {
		c.artifacts(s, repo)
	}
	if s.gone = !runs(s.n); s.gone {
		c.leftOut(s)
		return
	}
	c.config(s)
}

// runs reports whether a service says what runs.
func runs(n *tree.Node) bool {
	for _, key := range []string{"image", "build", "binary", "source", "provider", "extends"} {
		if v := n.Get(key); v != nil && v.Kind != tree.Null && (v.Kind != tree.String || v.Text != "") {
			return true
		}
	}
	return false
}

// leftOut reports a service without anything to run.
func (c *converter) leftOut(s *service) {
	if s.off {
		return // it would not run anyway
	}
	d := c.ds.Warn(diag.Required, s.path, "left out: nothing says what it runs, neither an image nor a program").OnKey().AtSpan(s.at)
	names := keysOf(c.repos.Get("services"))
	if near := diag.Near(s.name, names); near != "" && c.services.Find(near) < 0 && c.operator.Find(near) < 0 {
		d.Helpf("did you mean %q, which repos know?", near)
	} else if near := diag.Near(s.name, append(keysOf(c.services), keysOf(c.operator)...)); near != "" {
		d.Helpf("did you mean %q? or add repos: { services: { %s: { docker: { … } } } }", near, s.name)
	} else {
		d.Helpf("add repos: { services: { %s: { docker: { registry: …, image: …, tag: … } } } }, or delete it", s.name)
	}
}

// octocompose is a service without the key of this name, whose config is converted elsewhere.
func (c *converter) octocompose(s *service, own *tree.Node) *tree.Node {
	f, ok := field(own, "octocompose")
	if !ok {
		return own.Without("octocompose")
	}
	if f.Value.Kind == tree.Map {
		for _, k := range f.Value.Fields {
			if k.Key != "config" {
				c.ds.Warn(diag.Unsupported, s.path.Keys("octocompose", k.Key), "has no effect, as in octoctl").OnKey().AtSpan(k.KeyAt).
					Helpf("write healthcheck, preflight or hooks in an overlay of octo's")
			}
		}
	}
	return own.Without("octocompose")
}

// config gives a service the values that it takes, at the address in CONFIG, as octoctl does.
func (c *converter) config(s *service) {
	t := c.takers[s.name]
	if t == nil || t.values == nil || t.values.Kind != tree.Map || len(t.values.Fields) == 0 {
		return
	}
	at := t.at
	if at.IsZero() {
		at = t.values.At
	}
	c.ds.Note(diag.Emulated, t.path, "the config of service %s is served at CONFIG: the password stands in the file CONFIG_PASSWORD_FILE, not in the address",
		s.name).
		OnKey().AtSpan(at).Helpf("the program asks by basic auth (docs/config.md); an overlay can say services.%s.config.deliver in another way", s.name)
	s.set("config", at, mapping(at,
		entry("values", at, literal(t.values)),
		entry("globals", at, tree.NewScalar(at, tree.Bool, "false")),
		entry("deliver", at, mapping(at, entry("url", at, tree.NewScalar(at, tree.Bool, "true"))))))
}

// waits leaves services that do not run out of depends_on, where octoctl leaves them.
func (c *converter) waits(s *service, byName map[string]*service) {
	f, ok := field(s.n, "depends_on")
	if !ok {
		return
	}
	p := s.path.Key("depends_on")
	gone := func(name string, p tree.Path, at source.Span) bool {
		other := byName[name]
		if other == nil || !other.gone && !other.off {
			return false
		}
		why := "is left out"
		if other.off {
			why = "is switched off"
		}
		c.ds.Warn(diag.UnknownService, p, "%s does not wait for %q, which %s", s.name, name, why).AtSpan(at).
			SeeSpan(other.at, "it stands here").Helpf("delete the dependency")
		return true
	}
	v := f.Value
	switch v.Kind {
	case tree.List:
		var items []*tree.Node
		for i, it := range v.Items {
			if it.Kind != tree.String || !gone(it.Text, p.Index(i), it.At) {
				items = append(items, it)
			}
		}
		v = v.WithItems(items)
	case tree.Map:
		var fields []tree.Field
		for _, d := range v.Fields {
			if !gone(d.Key, p.Key(d.Key), d.KeyAt) {
				fields = append(fields, d)
			}
		}
		v = v.WithFields(fields)
	}
	if len(v.Items)+len(v.Fields) == 0 && !v.Kind.IsScalar() && v.Kind != tree.Unknown {
		s.n = s.n.Without("depends_on")
		return
	}
	s.set("depends_on", f.KeyAt, v)
}

// idle notes what repos know and nobody runs.
func (c *converter) idle(byName map[string]*service) {
	for _, f := range fieldsOf(c.repos.Get("services")) {
		if byName[f.Key] != nil {
			continue
		}
		d := c.ds.Note(diag.UnknownService, tree.Of("repos", "services", f.Key), "no service of this name runs").OnKey().AtSpan(f.KeyAt)
		d.Helpf("add services: { %s: {} } to run it", f.Key)
	}
}
