package compose

import (
	"strconv"

	"github.com/octocompose/octocompose/compiler/doc"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/support"
	"github.com/octocompose/octocompose/compiler/tree"
)

// oneShot is a service of the output that runs to its end before another one starts.
type oneShot struct {
	name  string
	value *doc.Value
}

// What a one-shot takes from its service, as expand and check hand it on: from the image alone when it runs that of the
// service, its network in any case, the rest where it runs a program of the service.
var (
	imageKeys   = []string{"image", "build", "platform", "pull_policy", "pull_refresh_after", "entrypoint", "user"}
	networkKept = []string{"profiles", "network_mode", "dns", "dns_opt", "dns_search", "extra_hosts", "runtime", "userns_mode", "logging"}
	programKeys = []string{
		"working_dir", "group_add", "env_file", "environment", "volumes", "tmpfs", "configs", "secrets",
		"read_only", "cap_add", "cap_drop", "security_opt", "init", "cpus", "mem_limit", "pids_limit", "ulimits",
	}
)

// before makes what runs before v, the output of s: its preflight checks, then its containers of pre_start. v waits for
// all of them, and each for those before it and for what s waits for.
func (l *lowering) before(s *model.Service, p tree.Path, n *tree.Node, v *doc.Value) {
	var waits []oneShot
	add := func(o oneShot) {
		for _, w := range waits {
			l.waitFor(o.value, w.name, model.Completed, o.value.Origin)
		}
		waits = append(waits, o)
	}
	if o, ok := l.preflight(s, p, n); ok {
		add(o)
	}
	for i := range s.PreStart {
		if o, ok := l.preStart(s, i, p, n); ok {
			add(o)
		}
	}
	for _, w := range waits {
		l.taken(w.name, "services", w.value.Origin)
		l.waitFor(v, w.name, model.Completed, w.value.Origin)
	}
	l.shots = waits
	if len(waits) > 0 {
		l.again[s.Name] = waits
	}
}

// pick is n with these fields alone.
func pick(n *tree.Node, keys ...[]string) *tree.Node {
	var fields []tree.Field
	for _, list := range keys {
		for _, key := range list {
			if i := n.Find(key); i >= 0 {
				fields = append(fields, n.Fields[i])
			}
		}
	}
	return tree.NewMap(n.At, fields)
}

// shot is a one-shot of the service n at p, made of some of its keys: in its networks, under no name and no address that
// is the service's, with its resources, and after what it waits for.
func (l *lowering) shot(p tree.Path, n, kept *tree.Node) *doc.Value {
	v := l.keys.service.lower(l, p, kept)
	put := l.keys.service.put
	if nets := n.Get("networks"); nets != nil && len(nets.Fields) > 0 {
		at := p.Key("networks")
		x := mapping(at, len(nets.Fields))
		for i := range nets.Fields {
			x.Set(nets.Fields[i].Key, doc.NewMap().From(at.Key(nets.Fields[i].Key)))
		}
		put(v, "networks", x)
	}
	if r := n.Get("deploy").Get("resources"); r != nil && len(r.Fields) > 0 {
		d := tree.NewMap(r.At, []tree.Field{{Key: "resources", Value: r}})
		put(v, "deploy", l.keys.deploy.lower(l, p.Key("deploy"), d))
	}
	if d := n.Get("depends_on"); d != nil && len(d.Fields) > 0 {
		waits := l.keys.service.lower(l, p, pick(n, []string{"depends_on"}))
		put(v, "depends_on", get(waits, "depends_on"))
	}
	return v
}

// preStartSince is the first Compose that has pre_start.
var preStartSince = since{compose: version{5, 3}}

// preStart is the container i of pre_start as a service of its own. Where the target asks for a Compose that has
// pre_start, it stays where it is.
func (l *lowering) preStart(s *model.Service, i int, p tree.Path, n *tree.Node) (oneShot, bool) {
	list, at := n.Get("pre_start"), p.Key("pre_start").Index(i)
	if l.hasPreStart() || list == nil || i >= len(list.Items) || list.Items[i].Kind != tree.Map {
		return oneShot{}, false
	}
	item := list.Items[i].Without("per_replica")
	from := [][]string{networkKept, programKeys}
	if item.Get("image") == nil {
		from = append([][]string{imageKeys}, from...)
	}
	base := pick(n, from...)
	v := l.shot(p, n, base)
	v.Origin = at
	if s.PreStart[i].PerReplica {
		support.Emulate(&l.ds, l.in.Target, at.Key("per_replica"), "or use Compose 5.3, which has pre_start: targets."+l.in.Target.Name+".min_version: { compose: 5.3 }",
			"it runs once for the service and not for each replica, as a service of its own")
	}
	own := l.keys.init.lower(l, at, item)
	for _, f := range own.Fields {
		x := f.Value
		if env := get(v, f.Key); env != nil && f.Key == "environment" && x.Kind == doc.Map && env.Kind == doc.Map {
			x = over(env, x)
		}
		l.keys.service.put(v, f.Key, x)
	}
	l.keys.service.put(v, "restart", doc.Str("no").From(at))
	whole := tree.NewMap(item.At, append(append([]tree.Field(nil), item.Fields...), pick(n, from...).Fields...))
	l.askConfig(s.PreStart[i], networked(item, n), v)
	l.complete(s.PreStart[i], whole, p, at, v)
	v.Comment("runs before " + s.Name)
	return oneShot{s.Name + "-pre-" + strconv.Itoa(i+1), v}, true
}

// networked is the node that says in which networks a container of pre_start is: its own, or its service.
func networked(item, service *tree.Node) *tree.Node {
	if item.Get("networks") != nil || item.Get("network_mode") != nil {
		return item
	}
	return service
}

// complete adds to a one-shot of the service at p what is added to every service. n is what its sources say, at the
// field that it is made for.
func (l *lowering) complete(s *model.Service, n *tree.Node, p, at tree.Path, v *doc.Value) {
	l.harden(s, n, at, v)
	l.rotate(v, at)
	l.mountConfigs(s, p, v)
	l.markConfigs(s, at, v)
}

// at is the node at a path of the config, or nil.
func (l *lowering) at(p tree.Path) *tree.Node {
	n, ok := tree.Get(l.in.Tree, p)
	if !ok {
		return nil
	}
	return n
}

// over is low with the entries of high laid over it.
func over(low, high *doc.Value) *doc.Value {
	for _, f := range high.Fields {
		setEntry(low, f.Key, f.Value)
	}
	return low
}

// setEntry sets key in v: in its place, or at the end.
func setEntry(v *doc.Value, key string, x *doc.Value) {
	for i := range v.Fields {
		if v.Fields[i].Key == key {
			v.Fields[i].Value = x
			return
		}
	}
	v.Set(key, x)
}

// hasPreStart reports whether the target asks for a Compose that has pre_start.
func (l *lowering) hasPreStart() bool {
	lowest, ok := l.lowest("compose")
	return ok && !lowest.before(preStartSince.compose)
}
