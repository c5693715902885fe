package compose

import "slices"

// keys are the rules for every key of a Compose file: the tables of this package. Keys of octo's own stand in them
// without a function: table.go says what becomes of them.
type keys struct {
	sections []rule // of the top level, in the order in which they are printed
	service  *object
	deploy   *object
	health   *object
	init     *object // of a container of pre_start
	develop  *object
}

func newKeys() *keys {
	k := &keys{deploy: deployKeys(), health: healthcheckKeys(), init: initKeys(), develop: developKeys()}
	k.service = serviceKeys(k.deploy, k.health)
	k.sections = []rule{
		{key: "services", do: services},
		{key: "networks", do: networks(networkKeys())},
		{key: "volumes", do: volumes(volumeKeys())},
		{key: "configs", do: configs(configKeys())},
		{key: "secrets", do: secrets(secretKeys())},
		{key: "models", do: named(modelKeys()), since: since{compose: version{2, 38}}},
	}
	return k
}

// others are the keys of the top level that are no section of the output; table.go says what becomes of them.
var others = []string{
	"version", "name", "include", "variables", "globals", "repos", "jobs", "workflows", "machines", "tags", "routes",
	"proxies", "revisions", "notifications", "targets",
}

// knows reports whether a key of the top level has its place.
func (k *keys) knows(key string) bool {
	return slices.Contains(others, key) || slices.ContainsFunc(k.sections, func(r rule) bool { return r.key == key })
}

func join(lists ...[]rule) []rule {
	var out []rule
	for _, l := range lists {
		out = append(out, l...)
	}
	return out
}

// without are the rules for all keys but these.
func without(rules []rule, keys ...string) []rule {
	return slices.DeleteFunc(rules, func(r rule) bool { return slices.Contains(keys, r.key) })
}

// serviceKeys are the keys of a service. The ones that say what it is come first, what it may use comes last.
func serviceKeys(deploy, health *object) *object {
	return newObject(join(
		identityRules(), processRules(), fileRules(), networkRules(), lifeRules(deploy, health),
		limitRules(), rightRules(), restRules(),
	)...)
}

func identityRules() []rule {
	return []rule{
		{key: "image", do: same},
		{key: "build", do: build(buildKeys())},
		{key: "pull_policy", do: same},
		{key: "pull_refresh_after", do: same},
		{key: "platform", do: same},
		{key: "provider", do: same, since: since{compose: version{2, 36}}},
		{key: "container_name", do: same},
		{key: "profiles", do: same},
	}
}

func processRules() []rule {
	return []rule{
		{key: "entrypoint", do: words},
		{key: "command", do: words},
		{key: "working_dir", do: same},
		{key: "depends_on", do: entries(dependency(dependencyKeys()))},
		{key: "env_file", do: items(onLine(envFile(envFileKeys())))},
		{key: "environment", do: variables},
		{key: "label_file", do: items(hostPath), since: since{compose: version{2, 32, 2}}},
		{key: "labels", do: texts},
		{key: "annotations", do: texts},
	}
}

func fileRules() []rule {
	return []rule{
		{key: "configs", do: items(onLine(either(fileRefKeys())))},
		{key: "secrets", do: items(onLine(secretRef(fileRefKeys())))},
		{key: "volumes", do: items(mount(mountKeys()))},
		{key: "volumes_from", do: same},
		{key: "devices", do: items(onLine(same))},
	}
}

func networkRules() []rule {
	return []rule{
		{key: "ports", do: items(onLine(either(portKeys())))},
		{key: "expose", do: same},
		{key: "networks", do: named(attachmentKeys())},
		{key: "network_mode", do: same},
		{key: "mac_address", do: same},
		{key: "hostname", do: same},
		{key: "domainname", do: same},
		{key: "dns", do: same},
		{key: "dns_opt", do: same},
		{key: "dns_search", do: same},
		{key: "extra_hosts", do: hosts},
		{key: "links", do: same},
		{key: "external_links", do: same},
		{key: "models", do: named(serviceModelKeys()), since: since{compose: version{2, 38}}},
	}
}

func lifeRules(deploy, health *object) []rule {
	return []rule{
		{key: "healthcheck", do: one(health)},
		{key: "restart", do: same},
		{key: "stop_signal", do: same},
		{key: "stop_grace_period", do: same},
		{key: "pre_start"}, // oneshots.go
		{key: "post_start", do: each(hookKeys()), since: since{compose: version{2, 30}}},
		{key: "pre_stop", do: each(hookKeys()), since: since{compose: version{2, 30}}},
		{key: "deploy", do: one(deploy)},
	}
}

func limitRules() []rule {
	return []rule{
		{key: "cpus", do: same},
		{key: "cpu_count", do: same},
		{key: "cpu_percent", do: same},
		{key: "cpu_shares", do: same},
		{key: "cpu_quota", do: same},
		{key: "cpu_period", do: same},
		{key: "cpu_rt_period", do: same},
		{key: "cpu_rt_runtime", do: same},
		{key: "cpuset", do: same},
		{key: "mem_limit", do: same},
		{key: "mem_reservation", do: same},
		{key: "memswap_limit", do: same},
		{key: "mem_swappiness", do: same},
		{key: "pids_limit", do: same},
		{key: "shm_size", do: same},
		{key: "oom_kill_disable", do: same},
		{key: "oom_score_adj", do: same},
		{key: "ulimits", do: entries(onLine(same))},
		{key: "blkio_config", do: same},
		{key: "gpus", do: items(onLine(same)), since: since{compose: version{2, 30}}},
		{key: "storage_opt", do: same},
	}
}

func rightRules() []rule {
	return []rule{
		{key: "user", do: same},
		{key: "group_add", do: same},
		{key: "userns_mode", do: same},
		{key: "umask", do: fileMode, since: since{compose: version{5, 3}}},
		{key: "init", do: same},
		{key: "privileged", do: same},
		{key: "read_only", do: same},
		{key: "tmpfs", do: same},
		{key: "cap_add", do: same},
		{key: "cap_drop", do: same},
		{key: "security_opt", do: same},
		{key: "device_cgroup_rules", do: same},
		{key: "credential_spec", do: same},
		{key: "use_api_socket", do: same},
		{key: "sysctls", do: texts},
		{key: "ipc", do: same},
		{key: "pid", do: same},
		{key: "uts", do: same},
		{key: "cgroup", do: same},
		{key: "cgroup_parent", do: same},
		{key: "runtime", do: same},
		{key: "isolation", do: same},
	}
}

func restRules() []rule {
	return []rule{
		{key: "logging", do: onLine(one(loggingKeys()))},
		{key: "attach", do: same, since: since{compose: version{2, 20}}},
		{key: "stdin_open", do: same},
		{key: "tty", do: same},
		{key: "develop"},                           // dev.go
		{key: "x-develop", do: one(developKeys())}, // what develop was called while it was tried out; it has paths too
		// Of octo: enabled, replicas and harden are lowered by their callers.
		{key: "enabled"}, {key: "replicas"}, {key: "harden"}, {key: "binary"}, {key: "source"}, {key: "config"},
		{key: "checks"}, {key: "preflight"}, {key: "hooks"}, {key: "priority"}, {key: "placement"}, {key: "autoscale"},
		{key: "target"},
	}
}
