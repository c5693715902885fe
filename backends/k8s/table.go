package k8s

import (
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/support"
)

// table is what Kubernetes does with every field of the schema, by subject.
func table() *support.Table {
	t := &support.Table{Backend: "k8s"}
	for _, list := range [][]support.Row{topRows, runRows, lifeRows, hostRows, limitRows} {
		t.Rows = append(t.Rows, list...)
	}
	t.Rows = append(t.Rows, stepRows(t.Rows)...)
	return t
}

// podWide are the keys of a container that all containers of a pod share: one of pre_start cannot have its own.
var podWide = []string{
	"annotations", "dns", "dns_opt", "dns_search", "extra_hosts", "group_add", "hostname", "ipc", "label_file", "labels", "network_mode",
	"networks", "pid", "platform", "runtime", "stop_grace_period", "sysctls",
}

// alone are the keys of a container that its service has for it.
var alone = []support.Row{
	{Field: "stop_signal", Level: support.Unsupported, How: "it runs to its end: delete the line"},
	{Field: "volumes_from", Level: support.Unsupported, How: "name the volumes of that service here"},
}

// stepRows are the rows of pre_start: a container of its own, of which the rows of services hold, but for what a pod
// has once.
func stepRows(services []support.Row) []support.Row {
	const item = "services.*.pre_start[]."
	var out []support.Row
	for _, key := range podWide {
		out = append(out, support.Row{Field: item + key, Level: support.Unsupported, How: "the containers of a pod share it: write it on the service"})
	}
	for _, r := range alone {
		r.Field = item + r.Field
		out = append(out, r)
	}
	own := len(out)
	for _, r := range services {
		rest, ok := strings.CutPrefix(r.Field, "services.*.")
		key, _, _ := strings.Cut(strings.ReplaceAll(rest, "[", "."), ".")
		exception := r.Level == support.Unsupported || r.Level == support.Meaningless || r.Loud
		if !ok || !exception || !slices.Contains(containerKeys, key) ||
			slices.ContainsFunc(out[:own], func(o support.Row) bool { return o.Field == item+key }) {
			continue
		}
		r.Field = item + rest
		out = append(out, r)
	}
	return out
}

// containerKeys are the keys of a container in the schema that some row says no to.
var containerKeys = []string{
	"blkio_config", "cgroup", "cgroup_parent", "configs", "cpu_count", "cpu_percent", "cpu_rt_period", "cpu_rt_runtime", "cpuset",
	"credential_spec", "device_cgroup_rules", "devices", "domainname", "env_file", "init", "isolation", "logging", "mac_address",
	"mem_swappiness", "memswap_limit", "models", "oom_kill_disable", "oom_score_adj", "pids_limit", "pull_refresh_after", "secrets",
	"storage_opt", "ulimits", "umask", "use_api_socket", "userns_mode", "uts", "volumes",
}

// topRows are about what stands outside of services.
var topRows = []support.Row{
	{Field: "version", Level: support.Meaningless, How: "Compose ignores it"},
	{Field: "name", Level: support.Exact, How: "the label app.kubernetes.io/instance"},
	{Field: "variables", Level: support.Exact, How: "their values are in the output"},
	{Field: "globals", Level: support.Exact, How: "a ConfigMap and env of the services"},
	{Field: "revisions", Level: support.Exact, How: "read by the compiler"},
	{Field: "revisions.*.binary", Level: support.Meaningless, How: "the image runs"},
	{Field: "targets", Level: support.Exact, How: "they say what is compiled, and how"},
	{Field: "targets.*.ingress_class", Level: support.Meaningless, How: "for routes, which are not in this version"},
	{Field: "targets.*.engine_socket", Level: support.Meaningless, How: "it is for Compose"},
	{Field: "targets.*.metrics_port", Level: support.Exact, How: "containers[].ports of octo-monitor and octo-config, and a Service of octo-monitor"},
	{Field: "notifications", Level: support.Emulated, How: "octo-monitor: a Deployment of octo-sidecar asks the checks by the Services, and tells"},
	{Field: "notifications.*.exec", Level: support.Emulated, How: "octo-monitor: the program must be in the image that targets.T.sidecar names; refused without one"},
	{Field: "models", Level: support.Unsupported, How: "run the model as a service, and name its address in environment"},
	{Field: "networks", Level: support.Emulated, How: "pods share the cluster's network; NetworkPolicy where the networks keep services apart"},
	{Field: "networks.*.name", Level: support.Meaningless, How: "a network is no object of Kubernetes"},
	{Field: "networks.*.driver", Level: support.Meaningless, How: "the cluster's network plugin carries all"},
	{Field: "networks.*.driver_opts", Level: support.Meaningless, How: "the cluster's network plugin carries all"},
	{Field: "networks.*.ipam", Level: support.Meaningless, How: "the cluster gives addresses"},
	{Field: "networks.*.external", Level: support.Emulated, Loud: true, Free: []string{"false"}, How: "who is on it elsewhere is reached by the name of its Service"},
	{Field: "networks.*.internal", Level: support.Emulated, How: "NetworkPolicy; needs a network plugin that enforces it"},
	{Field: "networks.*.policy", Level: support.Emulated, How: "NetworkPolicy; needs a network plugin that enforces it"},
	{Field: "networks.*.enable_ipv4", Level: support.Meaningless, How: "a matter of the cluster"},
	{Field: "networks.*.enable_ipv6", Level: support.Meaningless, How: "a matter of the cluster"},
	{Field: "networks.*.attachable", Level: support.Meaningless, How: "any pod can be reached"},
	{Field: "networks.*.labels", Level: support.Meaningless, How: "a network is no object of Kubernetes"},
	{Field: "volumes", Level: support.Emulated, How: "a PersistentVolumeClaim; a new one is empty, where Docker copies what the image holds"},
	{Field: "volumes.*.name", Level: support.Exact, How: "the name of the claim"},
	{Field: "volumes.*.driver", Level: support.Unsupported, How: "name a storage class: targets.T.storage_class", Free: []string{"local", ""}},
	{Field: "volumes.*.driver_opts", Level: support.Unsupported, How: "make a claim for it by hand, and write external: true here"},
	{Field: "volumes.*.external", Level: support.Exact, How: "a claim of this name is there"},
	{Field: "volumes.*.labels", Level: support.Exact, How: "annotations of the claim"},
	{Field: "volumes.*.size", Level: support.Exact, How: "resources.requests.storage"},
	{Field: "volumes.*.access", Level: support.Exact, How: "accessModes"},
	{Field: "volumes.*.per_replica", Level: support.Exact, How: "volumeClaimTemplates"},
	{Field: "secrets", Level: support.Emulated, How: "a Secret that a command in APPLY.md makes"},
	{Field: "secrets.*.vault", Level: support.Emulated, How: "an ExternalSecret where targets.T.secret_store names a store; else a command of octo-sidecar in APPLY.md"},
	{Field: "secrets.*.sops", Level: support.Emulated, How: "a Secret that a command of sops in APPLY.md makes"},
	{Field: "secrets.*.prompt", Level: support.Emulated, How: "a Secret that a command in APPLY.md makes of what it asks for"},
	{Field: "secrets.*.generate", Level: support.Emulated, How: "a Secret that a command in APPLY.md makes of random bytes, where there is none"},
	{Field: "secrets.*.labels", Level: support.Meaningless, How: "the Secret is made outside of the output"},
	{Field: "secrets.*.driver", Level: support.Unsupported, How: "let External Secrets make the Secret, and write external: true here"},
	{Field: "secrets.*.driver_opts", Level: support.Unsupported, How: "let External Secrets make the Secret, and write external: true here"},
	{Field: "secrets.*.template_driver", Level: support.Unsupported, How: "write the file as it is to be"},
	{Field: "configs", Level: support.Exact, How: "ConfigMap, its name with a hash of the text"},
	{Field: "configs.*.environment", Level: support.Emulated, How: "a ConfigMap that a command in APPLY.md makes"},
	{Field: "configs.*.external", Level: support.Emulated, How: "a ConfigMap of this name is there, with the config's name as the key"},
	{Field: "configs.*.name", Level: support.Exact, How: "of an external ConfigMap; the names of ours hold a hash of the text"},
	{Field: "configs.*.labels", Level: support.Meaningless, How: "the files of a service are one ConfigMap"},
	{Field: "configs.*.template_driver", Level: support.Unsupported, How: "write the file as it is to be"},
}
