package expand

import (
	"strconv"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// Tree expands root. It is root itself when there is nothing to expand.
func Tree(root *tree.Node) (*tree.Node, diag.List) {
	services := root.Get("services")
	if services == nil || services.Kind != tree.Map {
		return root, nil
	}
	x := &expansion{services: services}
	for i := range services.Fields {
		f := &services.Fields[i]
		if f.Value.Get("hooks").Get("init") != nil {
			x.service(f)
		}
	}
	if x.changed == nil {
		return root, x.diags
	}
	fields := make([]tree.Field, 0, len(services.Fields)+len(x.made))
	for _, f := range services.Fields {
		if v := x.changed[f.Key]; v != nil {
			f.Value = v
		}
		fields = append(fields, f)
	}
	return root.Set("services", source.Span{}, services.WithFields(append(fields, x.made...))), x.diags
}

type expansion struct {
	services *tree.Node
	changed  map[string]*tree.Node
	made     []tree.Field
	diags    diag.List
}

// taken are the keys that a one-shot takes from its service: what its container is made of, and whom it waits for.
var taken = []string{
	"image", "build", "platform", "pull_policy", "pull_refresh_after", "binary", "source", "profiles", "enabled",
	"entrypoint", "working_dir", "user", "group_add", "environment", "env_file", "links",
	"volumes", "tmpfs", "configs", "secrets", "devices", "gpus", "shm_size",
	"networks", "network_mode", "dns", "dns_opt", "dns_search", "extra_hosts",
	"harden", "read_only", "privileged", "cap_add", "cap_drop", "security_opt", "userns_mode", "runtime", "init",
	"mem_limit", "mem_reservation", "cpus", "pids_limit", "ulimits", "sysctls", "logging",
}

// service makes the one-shots of one service.
func (x *expansion) service(f *tree.Field) {
	s := f.Value
	hooks := s.Get("hooks")
	list := hooks.Get("init")
	rest := hooks.Without("init")
	changed := s.Without("hooks")
	if len(rest.Fields) > 0 {
		changed = s.Set("hooks", source.Span{}, rest)
	}
	base := template(s)
	waits := s.Get("depends_on")
	for i, hook := range list.Items {
		if hook.Kind != tree.Map {
			continue // reported
		}
		name := f.Key + "-init"
		if i > 0 {
			name += "-" + strconv.Itoa(i+1)
		}
		if j := x.services.Find(name); j >= 0 {
			at := tree.Of("services", f.Key, "hooks", "init").Index(i)
			x.diags.Error(diag.NameClash, at, "cannot make the one-shot %s: there is a service of this name", name).AtSpan(hook.At).
				SeeSpan(x.services.Fields[j].KeyAt, "the service stands here").Helpf("give services.%s another name", name)
			continue
		}
		x.made = append(x.made, tree.Field{Key: name, KeyAt: f.KeyAt, Value: oneShot(base, hook, waits)})
		wait := mapping(hook.At, entry("condition", scalar(tree.String, "service_completed_successfully", hook.At)))
		if waits == nil || waits.Kind != tree.Map {
			waits = mapping(hook.At)
		}
		waits = waits.Set(name, hook.At, wait)
	}
	if waits != nil {
		changed = changed.Set("depends_on", list.At, waits)
	}
	if x.changed == nil {
		x.changed = map[string]*tree.Node{}
	}
	x.changed[f.Key] = changed
}

// template is what every one-shot of the service has.
func template(s *tree.Node) *tree.Node {
	fields := make([]tree.Field, 0, len(taken)+4)
	for _, key := range taken {
		if i := s.Find(key); i >= 0 {
			f := s.Fields[i]
			if key == "networks" {
				f.Value = withoutAddresses(f.Value)
			}
			fields = append(fields, f)
		}
	}
	if resources := s.Get("deploy").Get("resources"); resources != nil {
		fields = append(fields, entry("deploy", mapping(resources.At, entry("resources", resources))))
	}
	fields = append(fields, entry("restart", scalar(tree.String, "no", s.At)))
	return mapping(s.At, fields...)
}

// ofOne are the keys of a service on a network that only one container can have.
var ofOne = []string{"ipv4_address", "ipv6_address", "mac_address", "link_local_ips", "aliases"}

// withoutAddresses are the networks of a service without the names and addresses that are its own.
func withoutAddresses(networks *tree.Node) *tree.Node {
	return networks.Each(func(n *tree.Node) *tree.Node {
		for _, key := range ofOne {
			n = n.Without(key)
		}
		return n
	})
}

// ofProgram are the keys of a service that are about its own program: a tool has its own.
var ofProgram = []string{"image", "build", "binary", "source", "entrypoint", "working_dir"}

// oneShot lays the hook over the template. It waits for what its service waits for, the one-shots before it among them.
// A hook with an image or a binary runs a tool, in place of the program of the service.
func oneShot(base, hook, waits *tree.Node) *tree.Node {
	out := base
	if hook.Get("image") != nil || hook.Get("binary") != nil {
		for _, key := range ofProgram {
			out = out.Without(key)
		}
	}
	if waits != nil {
		out = out.Set("depends_on", waits.At, waits)
	}
	for _, f := range hook.Fields {
		v := f.Value
		if f.Key == "environment" && v.Kind == tree.Map {
			v = over(base.Get("environment"), v)
		}
		out = out.Set(f.Key, f.KeyAt, v)
	}
	return out
}

// over is the mapping low with the entries of high laid over it.
func over(low, high *tree.Node) *tree.Node {
	if low == nil || low.Kind != tree.Map {
		return high
	}
	for _, f := range high.Fields {
		low = low.Set(f.Key, f.KeyAt, f.Value)
	}
	return low
}

func mapping(at source.Span, fields ...tree.Field) *tree.Node {
	m := tree.NewMap(at, fields)
	m.Derived = true
	return m
}

func entry(key string, v *tree.Node) tree.Field { return tree.Field{Key: key, KeyAt: v.At, Value: v} }

func scalar(k tree.Kind, text string, at source.Span) *tree.Node {
	return &tree.Node{Kind: k, Text: text, At: at, Derived: true}
}
