package load

import (
	"path"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/merge"
	"github.com/octocompose/octocompose/compiler/shape"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// serviceKey is a service of one layer.
type serviceKey struct {
	y    *layer
	name string
}

// link is one step of a chain of extends.
type link struct {
	serviceKey
	at source.Span // of the extends
}

// extend works out the extends of all layers.
func (l *loader) extend() {
	for _, y := range l.layers {
		services := y.root.Get("services")
		if services == nil || services.Kind != tree.Map {
			continue
		}
		var fields []tree.Field
		for i := range services.Fields {
			fd := &services.Fields[i]
			if fd.Value.Get("extends") == nil {
				continue
			}
			if fields == nil {
				fields = append(fields, services.Fields...)
			}
			fields[i].Value = l.service(y, fd.Key, nil)
		}
		if fields != nil {
			y.root = y.root.Set("services", source.Span{}, services.WithFields(fields))
		}
	}
}

// service is the service of y itself with what it extends, or nil when y has none of that name. chain are the
// services that are being worked out.
func (l *loader) service(y *layer, name string, chain []link) *tree.Node {
	n := l.written(y, name)
	if n == nil || n.Kind != tree.Map {
		return n
	}
	ref := n.Get("extends")
	if ref == nil {
		return n
	}
	key := serviceKey{y, name}
	if done, ok := l.extended[key]; ok {
		return done
	}
	own := n.Without("extends")
	if ref.Kind == tree.Null {
		return own
	}
	out := incomplete(own)
	if base := l.base(y, name, ref, chain); base != nil {
		out = l.onto(tree.Of("services", name), base, own)
	}
	l.extended[key] = out
	return out
}

// written is the service as y itself has it, in canonical form.
func (l *loader) written(y *layer, name string) *tree.Node {
	if !y.external {
		return y.root.Get("services").Get(name)
	}
	if n, ok := y.services[name]; ok {
		return n
	}
	services := y.root.Get("services")
	i := services.Find(name)
	if i < 0 {
		return nil
	}
	// Only this service counts: what else is wrong in a file that is extended from is not our concern.
	field := services.Fields[i]
	root := tree.NewMap(y.root.At, []tree.Field{{
		Key: "services", KeyAt: services.At, Value: tree.NewMap(services.At, []tree.Field{field}),
	}})
	if l.def != nil {
		l.report(l.def.Check(tree.Root, root, shape.Surface), root)
	}
	n := l.canonical(root, y.dir, y.env).Get("services").Get(name)
	y.services[name] = n
	return n
}

// base is the service that the service name of y extends, or nil after a report.
func (l *loader) base(y *layer, name string, ref *tree.Node, chain []link) *tree.Node {
	of := ref.Get("service")
	if ref.Kind != tree.Map || of == nil || of.Kind != tree.String {
		l.broken = true
		if ref.Kind == tree.Map && of == nil {
			l.ds.Error(diag.Required, tree.Of("services", name, "extends"), "service is missing").AtSpan(ref.At).
				Helpf("write extends: { service: NAME }")
		}
		return nil
	}
	at := tree.Of("services", name, "extends", "service")
	chain = append(chain, link{serviceKey{y, name}, of.At})
	from := y
	if file := ref.Get("file"); file != nil {
		if from = l.other(y, origin{path: tree.Of("services", name, "extends", "file"), node: file}); from == nil {
			return nil
		}
	}
	if l.circular(chain, serviceKey{from, of.Text}, at, of) {
		return nil
	}
	out := l.overRepos(from, of.Text, l.below(from, of.Text, chain))
	if out == nil {
		l.broken = true
		d := l.ds.Error(diag.UnknownService, at, "no service is called %q in %s", of.Text, from.file.Name).AtSpan(of.At)
		d.Helpf("a service of another file needs extends: { file: …, service: %s }", of.Text)
		if near := diag.Near(of.Text, l.serviceNames(from)); near != "" {
			d.Helpf("did you mean %q?", near)
		}
		return nil
	}
	if out.Kind != tree.Map {
		return nil
	}
	return out
}

// below is the service of y over those of the same name in what it includes.
func (l *loader) below(y *layer, name string, chain []link) *tree.Node {
	var out *tree.Node
	for _, inner := range y.includes {
		out = l.onto(tree.Of("services", name), out, l.below(inner, name, chain))
	}
	return l.onto(tree.Of("services", name), out, l.service(y, name, chain))
}

// onto is high over low, either of which may be nil. What is no mapping was reported.
func (l *loader) onto(p tree.Path, low, high *tree.Node) *tree.Node {
	if low == nil || high == nil || low.Kind != tree.Map || high.Kind != tree.Map {
		if high == nil {
			return low
		}
		return high
	}
	out, ds := merge.Over(l.serviceField(), p, low, high)
	l.report(ds, nil)
	return out
}

func (l *loader) serviceField() *shape.Field {
	if l.def == nil || l.def.Map == nil {
		return nil
	}
	services := l.def.Map.Field("services")
	if services == nil || services.Value == nil || services.Value.Map == nil {
		return nil
	}
	return services.Value.Map.Lookup("x")
}

// other is the file that an extends names. It is no layer of the config: only services are taken from it.
func (l *loader) other(y *layer, by origin) *layer {
	if by.node.Kind != tree.String || by.node.Text == "" {
		l.broken = true // wrong, and reported
		return nil
	}
	name, ok := l.target(".", &by) // the canonical form is seen from the project's folder
	if !ok {
		return nil
	}
	key := name + "\x00" + y.env.id
	if other, ok := l.others[key]; ok {
		return other
	}
	l.others[key] = nil
	file, root := l.parse(name, by)
	if root == nil {
		return nil
	}
	other := &layer{file: file, root: root, dir: path.Dir(name), env: y.env, external: true, services: map[string]*tree.Node{}}
	l.others[key] = other
	return other
}

// circular reports a service that extends itself, through others or not.
func (l *loader) circular(chain []link, next serviceKey, p tree.Path, at *tree.Node) bool {
	for i := range chain {
		c := chain[i].serviceKey
		if c.name != next.name || c.y.file != next.y.file {
			continue
		}
		l.broken = true
		var way strings.Builder
		for _, step := range chain[i:] {
			way.WriteString(step.name + " extends ")
		}
		d := l.ds.Error(diag.Cycle, p, "%s%s: a service cannot extend itself", way.String(), next.name).AtSpan(at.At)
		for _, step := range chain[i : len(chain)-1] {
			d.SeeSpan(step.at, "%s extends here", step.name)
		}
		d.Helpf("delete one of these extends")
		return true
	}
	return false
}

func (l *loader) serviceNames(y *layer) []string {
	var out []string
	if services := y.root.Get("services"); services != nil {
		for i := range services.Fields {
			out = append(out, services.Fields[i].Key)
		}
	}
	for _, inner := range y.includes {
		out = append(out, l.serviceNames(inner)...)
	}
	return out
}

// incomplete is a service whose base could not be had: that it has no image only follows from that.
func incomplete(n *tree.Node) *tree.Node {
	if n.Get("image") != nil || n.Get("build") != nil {
		return n
	}
	return n.Set("image", n.At, &tree.Node{At: n.At})
}
