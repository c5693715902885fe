package compose

import (
	"strings"

	"github.com/octocompose/octocompose/compiler/doc"
	"github.com/octocompose/octocompose/compiler/tree"
)

func networkKeys() *object {
	pool := newObject([]rule{
		{key: "subnet", do: same},
		{key: "ip_range", do: same},
		{key: "gateway", do: same},
		{key: "aux_addresses", do: plain},
	}...)
	ipam := newObject([]rule{
		{key: "driver", do: same},
		{key: "config", do: items(onLine(one(pool)))},
		{key: "options", do: plain},
	}...)
	return newObject([]rule{
		{key: "name", do: same},
		{key: "external", do: same},
		{key: "driver", do: same},
		{key: "driver_opts", do: plain},
		{key: "internal", do: same},
		{key: "attachable", do: same},
		{key: "enable_ipv4", do: same, since: since{compose: version{2, 33, 1}}},
		{key: "enable_ipv6", do: same},
		{key: "ipam", do: one(ipam)},
		{key: "labels", do: texts},
		{key: "policy"}, // members is what Compose does
	}...)
}

func volumeKeys() *object {
	return newObject([]rule{
		{key: "name", do: same},
		{key: "external", do: same},
		{key: "driver", do: same},
		{key: "driver_opts", do: plain},
		{key: "labels", do: texts},
		{key: "size"}, {key: "access"}, {key: "per_replica"},
	}...)
}

func configKeys() *object {
	return newObject([]rule{
		{key: "name", do: same},
		{key: "external", do: same},
		{key: "file", do: hostPath},
		{key: "environment", do: fromEnv, since: since{compose: version{2, 23, 1}}},
		{key: "content", do: same, since: since{compose: version{2, 23, 1}}},
		{key: "template_driver", do: same},
		{key: "labels", do: texts},
	}...)
}

func secretKeys() *object {
	return newObject([]rule{
		{key: "name", do: same},
		{key: "external", do: same},
		{key: "file", do: hostPath},
		{key: "environment", do: fromEnv},
		{key: "driver", do: same},
		{key: "driver_opts", do: plain},
		{key: "template_driver", do: same},
		{key: "labels", do: texts},
		{key: "credential"}, {key: "vault"}, {key: "sops"}, {key: "prompt"}, {key: "generate"},
	}...)
}

func modelKeys() *object {
	return newObject([]rule{
		{key: "name", do: same},
		{key: "model", do: same},
		{key: "context_size", do: same},
		{key: "runtime_flags", do: same},
	}...)
}

// fullName writes out the name that Compose gives to a network or volume: its key behind the project's name, or its
// key alone when it is there already (Compose specification, name).
func (l *lowering) fullName(o *object, v *doc.Value, p tree.Path, key string, n *tree.Node) {
	o.at(v, "name", func() *doc.Value {
		if isTrue(n.Get("external")) {
			return doc.Str(escape(key)).From(p)
		}
		return doc.Str(escape(l.in.Project.Name + "_" + key)).From(p)
	})
}

func isTrue(n *tree.Node) bool {
	return n != nil && n.Kind == tree.Bool && strings.EqualFold(n.Text, "true")
}

// networks are the networks that somebody wrote.
func networks(o *object) lower {
	return func(l *lowering, p tree.Path, n *tree.Node) *doc.Value {
		v := mapping(p, len(n.Fields))
		for i := range n.Fields {
			f := &n.Fields[i]
			at := p.Key(f.Key)
			x := o.lower(l, at, f.Value)
			l.fullName(o, x, at, f.Key, f.Value)
			v.Set(f.Key, x)
		}
		return v
	}
}

// volumes are the named volumes. The device of a local volume that is a bind is a path of the host.
func volumes(o *object) lower {
	return func(l *lowering, p tree.Path, n *tree.Node) *doc.Value {
		v := mapping(p, len(n.Fields))
		for i := range n.Fields {
			f := &n.Fields[i]
			at := p.Key(f.Key)
			x := o.lower(l, at, f.Value)
			l.fullName(o, x, at, f.Key, f.Value)
			opts := f.Value.Get("driver_opts")
			if dev := opts.Get("device"); dev != nil && f.Value.Str("driver") == "local" && opts.Str("o") == "bind" {
				for j := range get(x, "driver_opts").Fields {
					if d := &get(x, "driver_opts").Fields[j]; d.Key == "device" {
						d.Value = hostPath(l, at.Keys("driver_opts", "device"), dev)
					}
				}
			}
			v.Set(f.Key, x)
		}
		return v
	}
}

// credentials is the folder in which systemd and this backend look for credentials (systemd.exec(5), LoadCredential).
const credentials = "/etc/credstore/"

// secrets are the secrets; a credential is a file, and so is what a command of APPLY.md brings.
func secrets(o *object) lower {
	return func(l *lowering, p tree.Path, n *tree.Node) *doc.Value {
		v := mapping(p, len(n.Fields))
		for i := range n.Fields {
			f := &n.Fields[i]
			at := p.Key(f.Key)
			x := o.lower(l, at, f.Value)
			if c := f.Value.Str("credential"); c != "" {
				o.at(x, "file", func() *doc.Value { return doc.Str(escape(credentials + c)).From(at.Key("credential")) })
			}
			if s := l.in.Project.Secret(f.Key); s != nil && isMade(s) {
				o.at(x, "file", func() *doc.Value { return doc.Str("./" + madeFile(f.Key)).From(at.Key(madeBy(s))) })
				l.keepOut()
			}
			v.Set(f.Key, x)
		}
		return v
	}
}
