package compose

import (
	"github.com/octocompose/octocompose/compiler/doc"
	"github.com/octocompose/octocompose/compiler/tree"
)

func buildKeys() *object {
	return newObject([]rule{
		{key: "context", do: buildContext},
		{key: "dockerfile", do: same},
		{key: "dockerfile_inline", do: same, since: since{compose: version{2, 17}}},
		{key: "target", do: same},
		{key: "args", do: variables},
		{key: "additional_contexts", do: entries(buildContext), since: since{compose: version{2, 17}}},
		{key: "ssh", do: sshKeys},
		{key: "secrets", do: items(onLine(either(fileRefKeys())))},
		{key: "labels", do: texts},
		{key: "tags", do: same},
		{key: "platforms", do: same},
		{key: "pull", do: same},
		{key: "no_cache", do: same},
		{key: "no_cache_filter", do: same, since: since{compose: version{5}}},
		{key: "cache_from", do: same},
		{key: "cache_to", do: same},
		{key: "network", do: same},
		{key: "extra_hosts", do: hosts},
		{key: "shm_size", do: same},
		{key: "ulimits", do: entries(onLine(same))},
		{key: "privileged", do: same},
		{key: "entitlements", do: same, since: since{compose: version{2, 27, 1}}},
		{key: "isolation", do: same},
		{key: "provenance", do: same, since: since{compose: version{2, 39}}},
		{key: "sbom", do: same, since: since{compose: version{2, 39}}},
	}...)
}

// build is how an image is built; its context is the project's folder when none is named.
func build(o *object) lower {
	return func(l *lowering, p tree.Path, n *tree.Node) *doc.Value {
		v := o.lower(l, p, n)
		o.at(v, "context", func() *doc.Value { return doc.Str(escape(l.onHost("."))).From(p) })
		return v
	}
}

// sshKeys are ids with the file of the key, or with nothing for the agent.
func sshKeys(l *lowering, p tree.Path, n *tree.Node) *doc.Value {
	v := mapping(p, len(n.Fields))
	if !l.shape(p, n, tree.Map) {
		return v
	}
	for i := range n.Fields {
		f := &n.Fields[i]
		at := p.Key(f.Key)
		if f.Value.Kind == tree.Null || f.Value.Text == "" {
			v.Set(f.Key, doc.Nil().From(at))
			continue
		}
		v.Set(f.Key, hostPath(l, at, f.Value))
	}
	return v
}

func dependencyKeys() *object {
	return newObject([]rule{
		{key: "condition", do: same},
		{key: "restart", do: same, since: since{compose: version{2, 17}}},
		{key: "required", do: same},
	}...)
}

// requiredSince is the first Compose that knows depends_on.X.required.
var requiredSince = since{compose: version{2, 20}}

// dependency is one dependency, with both of its defaults written out, as far as the target knows them.
func dependency(o *object) lower {
	return func(l *lowering, p tree.Path, n *tree.Node) *doc.Value {
		v := o.lower(l, p, n).OnLine()
		o.at(v, "condition", func() *doc.Value { return doc.Str("service_started").From(p) })
		required := o.at(v, "required", func() *doc.Value { return doc.Boolean(true).From(p) })
		if lowest, ok := l.lowest("compose"); ok && lowest.before(requiredSince.compose) && required.Text == "true" {
			v.Fields = deleteKey(v.Fields, "required") // an older Compose requires it always
		} else {
			l.need(requiredSince, required.Origin)
		}
		return v
	}
}

func envFileKeys() *object {
	return newObject([]rule{
		{key: "path", do: hostPath},
		{key: "required", do: same},
		{key: "format", do: same, since: since{compose: version{2, 30}}},
	}...)
}

func fileRefKeys() *object {
	return newObject([]rule{
		{key: "source", do: same},
		{key: "target", do: same},
		{key: "uid", do: published},
		{key: "gid", do: published},
		{key: "mode", do: fileMode},
	}...)
}

// secretRef is a secret in a service, with the place where it is found.
func secretRef(o *object) lower {
	return func(l *lowering, p tree.Path, n *tree.Node) *doc.Value {
		if n.Kind.IsScalar() {
			return same(l, p, n) // the short syntax, in a patch
		}
		v := o.lower(l, p, n)
		o.at(v, "target", func() *doc.Value { return doc.Str(escape("/run/secrets/" + n.Str("source"))).From(p) })
		return v
	}
}

func mountKeys() *object {
	bind := newObject([]rule{
		{key: "propagation", do: same},
		{key: "create_host_path", do: same},
		{key: "recursive", do: same},
		{key: "selinux", do: same},
	}...)
	volume := newObject([]rule{
		{key: "labels", do: texts},
		{key: "nocopy", do: same},
		{key: "subpath", do: same, since: since{compose: version{2, 26}, engine: version{26}}},
	}...)
	tmpfs := newObject([]rule{
		{key: "size", do: same},
		{key: "mode", do: tmpfsMode},
	}...)
	image := newObject([]rule{{key: "subpath", do: same}}...)
	return newObject([]rule{
		{key: "type", do: same},
		{key: "source", do: same},
		{key: "target", do: same},
		{key: "read_only", do: same},
		{key: "consistency", do: same},
		{key: "bind", do: onLine(one(bind))},
		{key: "volume", do: one(volume)},
		{key: "tmpfs", do: one(tmpfs)},
		{key: "image", do: onLine(one(image)), since: since{engine: version{28}}},
	}...)
}

func portKeys() *object {
	return newObject([]rule{
		{key: "host_ip", do: same},
		{key: "published", do: published},
		{key: "target", do: same},
		{key: "protocol", do: same},
		{key: "mode", do: same},
		{key: "name", do: same},
		{key: "app_protocol", do: same, since: since{compose: version{2, 26}}},
	}...)
}

func attachmentKeys() *object {
	return newObject([]rule{
		{key: "aliases", do: same},
		{key: "interface_name", do: same, since: since{compose: version{2, 36}, engine: version{28, 1}}},
		{key: "ipv4_address", do: same},
		{key: "ipv6_address", do: same},
		{key: "link_local_ips", do: same},
		{key: "mac_address", do: same},
		{key: "driver_opts", do: plain},
		{key: "priority", do: same},
		{key: "gw_priority", do: same, since: since{compose: version{2, 33, 1}, engine: version{28}}},
		{key: "use_service_name_alias", do: same, since: since{compose: version{5, 3}}},
	}...)
}

func serviceModelKeys() *object {
	return newObject([]rule{
		{key: "endpoint_var", do: same},
		{key: "model_var", do: same},
	}...)
}

// startIntervalSince is the first Compose and the first Docker Engine that know healthcheck.start_interval.
var startIntervalSince = since{compose: version{2, 20, 2}, engine: version{25}}

func healthcheckKeys() *object {
	return newObject([]rule{
		{key: "test", do: words},
		{key: "interval", do: same},
		{key: "timeout", do: same},
		{key: "retries", do: same},
		{key: "start_period", do: same},
		{key: "start_interval", do: same, since: startIntervalSince},
		{key: "disable", do: same},
		{key: "http"}, {key: "tcp"}, {key: "grpc"}, // health.go makes a test of them
	}...)
}

// hookKeys are the keys of a hook that runs in the container of its service.
func hookKeys() *object {
	return newObject([]rule{
		{key: "command", do: words},
		{key: "user", do: same},
		{key: "privileged", do: same},
		{key: "working_dir", do: same},
		{key: "environment", do: variables},
	}...)
}

// initKeys are the keys of a hook that runs in a container of its own: those that any container has.
func initKeys() *object {
	return newObject(join(
		[]rule{
			{key: "image", do: same},
			{key: "per_replica", do: same},
			{key: "pull_policy", do: same},
			{key: "pull_refresh_after", do: same},
			{key: "platform", do: same},
		},
		without(processRules(), "depends_on"), fileRules(),
		without(networkRules(), "ports", "expose", "links", "external_links"),
		[]rule{
			{key: "stop_signal", do: same},
			{key: "stop_grace_period", do: same},
		},
		limitRules(), rightRules(),
		[]rule{{key: "logging", do: onLine(one(loggingKeys()))}},
	)...)
}

func loggingKeys() *object {
	return newObject([]rule{
		{key: "driver", do: same},
		{key: "options", do: plain},
	}...)
}
