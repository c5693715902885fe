package compose

import (
	"strings"

	"github.com/octocompose/octocompose/compiler/artifact"
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/doc"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/support"
	"github.com/octocompose/octocompose/compiler/tree"
)

// The files of the set.
const (
	composeFile = "compose.yaml"
	devFile     = "compose.dev.yaml"
	applyFile   = "APPLY.md"
)

// Backend makes Compose projects. It is immutable and safe for concurrent use.
type Backend struct{ keys *keys }

// New prepares the backend.
func New() *Backend { return &Backend{keys: newKeys()} }

// Name is the value of targets.T.backend.
func (*Backend) Name() string { return "compose" }

// Table says what the backend does with each field.
func (*Backend) Table() *support.Table { return &support.Table{Backend: "compose", Rows: rows()} }

// Lower makes compose.yaml, compose.dev.yaml where a service has develop, the files of configs that cannot stand in
// them, and APPLY.md.
func (b *Backend) Lower(in *model.Input) (*artifact.Set, diag.List) {
	l := b.lowering(in)
	text, origins := doc.YAML(l.project())
	set := &l.files
	l.add(set, artifact.File{Path: composeFile, Mode: 0o644, Data: text, Origins: origins})
	if dev := l.development(); dev != nil {
		text, origins := doc.YAML(dev)
		l.add(set, artifact.File{Path: devFile, Mode: 0o644, Data: text, Origins: origins})
	}
	l.add(set, artifact.File{Path: applyFile, Mode: 0o644, Data: l.apply()})
	return set, l.ds
}

// lowering is one run: what it reads, and what it finds on the way.
type lowering struct {
	in   *model.Input
	keys *keys
	ds   diag.List
	// compose and engine are the oldest versions that read the output.
	compose, engine version
	// files are the files of the set: compose.yaml and APPLY.md come last.
	files artifact.Set
	// asFile are the configs with a content that must not stand in compose.yaml.
	asFile []string
	// shots are the services that run before the one that is being lowered, again those of each service.
	shots []oneShot
	again map[string][]oneShot
	// carried are the services that octo-sidecar is brought to from its image; hosted: it comes from the machine.
	carried []*model.Service
	hosted  bool
	// rotated: a log was bounded that its sources did not bound.
	rotated bool
	// server is what serves configs over HTTPS; nil where nothing is served.
	server *server
	// asker is what asks checks and tells of them; nil where there is nothing to ask.
	asker *asker
	// devs are the services of compose.dev.yaml.
	devs []doc.Field
	// patching: what is lowered is services.X.target.compose, which no stage has checked.
	patching bool
	// ambient are the fields that take a value from the environment of who applies the output.
	ambient []ambient
}

// ambient is a variable that is read when the output is applied.
type ambient struct {
	name string
	path tree.Path
}

// lowering begins one.
func (b *Backend) lowering(in *model.Input) *lowering {
	return &lowering{in: in, keys: b.keys, again: map[string][]oneShot{}, server: newServer(in)}
}

func (l *lowering) add(set *artifact.Set, f artifact.File) {
	if err := set.Add(f); err != nil {
		l.ds.Error(diag.Internal, tree.Root, "%v", err)
	}
}

// project is the whole document.
func (l *lowering) project() *doc.Value {
	root, p := l.in.Tree, l.in.Project
	l.askChecks()
	v := doc.NewMap()
	name := doc.Str(escape(p.Name))
	if root.Get("name") != nil {
		name.From(tree.Of("name"))
	}
	v.Set("name", name.Comment(l.title()))
	for _, s := range l.keys.sections {
		n := root.Get(s.key)
		var x *doc.Value
		if n != nil && len(n.Fields) > 0 {
			x = s.do(l, tree.Of(s.key), n)
		}
		switch s.key {
		case "networks":
			x = l.monitorNetwork(x)
		case "volumes":
			x = l.stateVolumes(l.sidecarVolume(x))
		case "configs":
			x = l.sidecarConfigs(x)
		}
		if x != nil && !x.Empty() {
			x.Gap = true
			v.Set(s.key, x)
		}
	}
	gap := false
	for i := range root.Fields {
		f := &root.Fields[i]
		switch {
		case isExtension(f.Key):
			x := same(l, tree.Of(f.Key), f.Value)
			x.Gap = !gap
			gap = true
			v.Set(f.Key, x)
		case !l.keys.knows(f.Key):
			l.noRule(tree.Of(f.Key), f.Key)
		}
	}
	return v
}

// noRule reports a key that no table of this package has: a fault of ours, and never a silent loss.
func (l *lowering) noRule(p tree.Path, key string) {
	l.ds.Error(diag.Internal, p, "cannot lower %q: the compose backend has no rule for it", key).OnKey()
}

// title is the comment above all.
func (l *lowering) title() string {
	return "octo: made from " + strings.Join(l.in.Project.Inputs, ", ") + ". Change those, not this file."
}

// services are the services in the order in which the sources name them; one that is not in the model is not enabled.
func services(l *lowering, p tree.Path, n *tree.Node) *doc.Value {
	v := mapping(p, len(n.Fields))
	for i := range n.Fields {
		f := &n.Fields[i]
		s := l.in.Project.Service(f.Key)
		if s == nil {
			continue
		}
		x := l.service(s, p.Key(f.Key), f.Value)
		for _, o := range l.shots {
			o.value.Gap = len(v.Fields) > 0
			v.Set(o.name, o.value)
		}
		x.Gap = len(v.Fields) > 0
		if len(l.in.Project.Inputs) > 1 {
			x.Head = strings.Join(s.From, ", ")
		}
		v.Set(f.Key, x)
	}
	if x := l.installer(); x != nil {
		v.Set(sidecarName, x)
	}
	if x := l.configServer(); x != nil {
		v.Set(configName, x)
	}
	if x := l.monitorServer(); x != nil {
		v.Set(monitorName, x)
	}
	l.checkMetrics()
	return v
}

// service is one service.
func (l *lowering) service(s *model.Service, p tree.Path, n *tree.Node) *doc.Value {
	if n.Get("image") == nil && n.Get("build") == nil && n.Get("provider") == nil {
		at := p
		if n.Get("binary") != nil {
			at = p.Key("binary")
		}
		support.Refuse(&l.ds, l.in.Target, at, "write image or build beside it, which this target runs",
			"cannot run %q: Compose runs containers, and there is no image", s.Name)
	}
	v := l.keys.service.lower(l, p, n)
	l.scale(s, p, n, v)
	if l.hasPreStart() && len(s.PreStart) > 0 {
		l.need(preStartSince, p.Key("pre_start"))
		l.keys.service.put(v, "pre_start", each(l.keys.init)(l, p.Key("pre_start"), n.Get("pre_start")))
	}
	allowed := p.Key("user")
	if s.Harden != nil && *s.Harden {
		allowed = p.Key("harden")
	}
	l.harden(s, n, allowed, v)
	l.rotate(v, p)
	l.health(s, p, v)
	if at, is := l.inside(s); is && !usesSidecar(v) {
		l.carry(s, p, v, at)
	}
	l.askConfig(s, n, v)
	l.before(s, p, n, v)
	for _, name := range s.Preceded {
		from := p.Key("priority")
		if n.Get("priority") == nil { // 0, and the other has more
			from = tree.Of("services", name, "priority")
		}
		l.follow(v, name, from)
	}
	l.mountConfigs(s, p, v)
	l.markConfigs(s, p.Key("configs"), v)
	l.patch(s, p, n, v)
	l.dev(s, p, n, v)
	return v
}

// scale writes how many of the service run, where its sources say it in a key of octo's own.
func (l *lowering) scale(s *model.Service, p tree.Path, n *tree.Node, v *doc.Value) {
	put := func(key string, x *doc.Value) {
		l.keys.deploy.put(l.keys.service.at(v, "deploy", doc.NewMap), key, x)
	}
	if r := n.Get("replicas"); r != nil && r.Kind != tree.Null {
		put("replicas", same(l, p.Key("replicas"), r))
	} else if a := s.Autoscale; a != nil && a.Min != nil {
		put("replicas", doc.Int(int64(*a.Min)).From(p.Keys("autoscale", "min")))
	}
	if s.Machines != nil && s.Machines.Mode == "every" {
		put("mode", doc.Str("global").From(p.Keys("placement", "mode")))
	}
}

// follow lets v start after another service that it does not need and that is not among those it waits for.
func (l *lowering) follow(v *doc.Value, name string, from tree.Path) {
	l.need(requiredSince, from)
	waits := l.keys.service.at(v, "depends_on", func() *doc.Value { return mapping(from, 1) })
	waits.Set(name, doc.NewMap().From(from).Set("condition", doc.Str(model.Started).From(from)).
		Set("required", doc.Boolean(false).From(from)).OnLine())
}
