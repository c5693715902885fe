package compose

import "github.com/octocompose/octocompose/compiler/support"

// rows are what this backend does with every field. A Compose key is itself, with everything below it, unless a row
// says otherwise.
func rows() []support.Row {
	var out []support.Row
	for _, list := range [][]support.Row{topRows(), serviceRows(), octoRows(), sharedRows()} {
		out = append(out, list...)
	}
	return out
}

func exact(field string) support.Row {
	return support.Row{Field: field, Level: support.Exact, How: lastKey(field)}
}

// lastKey is the key that a pattern ends with, which is the key of the output.
func lastKey(field string) string {
	steps := support.SplitPattern(field)
	for i := len(steps) - 1; i >= 0; i-- {
		if steps[i] != "*" && steps[i] != "[]" {
			return steps[i]
		}
	}
	return field
}

func topRows() []support.Row {
	out := []support.Row{
		{Field: "version", Level: support.Meaningless, How: "Compose ignores it"},
		{Field: "name", Level: support.Exact, How: "name"},
		{Field: "include", Level: support.Exact, How: "what is included is in the output"},
		{Field: "variables", Level: support.Exact, How: "their values are in the output"},
		{Field: "targets", Level: support.Exact, How: "they say what is compiled, and how"},
		{Field: "targets.*.secret_store", Level: support.Meaningless, How: "it is for Kubernetes"},
		{Field: "globals", Level: support.Exact, How: "configs and environment of the services"},
		{Field: "repos", Level: support.Exact, How: "what services take from them is in the output"},
		{Field: "jobs", Level: support.Unsupported,
			How: "Compose has no scheduler: write a service with profiles: [jobs], and start it with docker compose run from a timer of the host"},
		{Field: "workflows", Level: support.Unsupported,
			How: "chain one-shot services with depends_on and service_completed_successfully"},
		{Field: "machines", Level: support.Unsupported,
			How: "compile for each machine by itself, with a file of its own as the last -f"},
		{Field: "tags", Level: support.Unsupported,
			How: "compile for each machine by itself, with a file of its own as the last -f"},
		{Field: "routes", Level: support.Unsupported,
			How: "publish a port with ports, and let a proxy of your own end TLS and forward to it"},
		{Field: "proxies", Level: support.Unsupported,
			How: "write the proxy as a service, with its file as a config"},
		{Field: "revisions", Level: support.Exact, How: "read by the compiler"},
		{Field: "revisions.*.binary", Level: support.Meaningless, How: "the image runs here"},
		{Field: "notifications", Level: support.Emulated,
			How: "octo-monitor: a service, which is octo-sidecar, asks the checks and tells who is named here"},
		{Field: "notifications.*.exec", Level: support.Emulated,
			How: "octo-monitor runs it, where targets.T.sidecar names an image that has the program; else it is refused"},
	}
	return out
}

// composeKeys are the keys of a service that Compose has.
func composeKeys() []string {
	return []string{
		"annotations", "attach", "blkio_config", "build", "cap_add", "cap_drop", "cgroup", "cgroup_parent", "command",
		"configs", "container_name", "cpu_count", "cpu_percent", "cpu_period", "cpu_quota", "cpu_rt_period",
		"cpu_rt_runtime", "cpu_shares", "cpus", "cpuset", "credential_spec", "depends_on", "deploy", "develop",
		"device_cgroup_rules", "devices", "dns", "dns_opt", "dns_search", "domainname", "entrypoint", "env_file",
		"environment", "expose", "external_links", "extra_hosts", "gpus", "group_add", "healthcheck", "hostname",
		"image", "init", "ipc", "isolation", "label_file", "labels", "links", "logging", "mac_address", "mem_limit",
		"mem_reservation", "mem_swappiness", "memswap_limit", "models", "network_mode", "networks",
		"oom_kill_disable", "oom_score_adj", "pid", "pids_limit", "platform", "ports", "post_start", "pre_start",
		"pre_stop", "privileged", "profiles", "provider", "pull_policy", "pull_refresh_after", "read_only", "restart",
		"runtime", "secrets", "security_opt", "shm_size", "stdin_open", "stop_grace_period", "stop_signal",
		"storage_opt", "sysctls", "tmpfs", "tty", "ulimits", "umask", "use_api_socket", "user", "userns_mode", "uts",
		"volumes", "volumes_from", "working_dir",
	}
}

func serviceRows() []support.Row {
	var out []support.Row
	for _, key := range composeKeys() {
		row := exact("services.*." + key)
		switch key {
		case "pre_start":
			continue // octoRows
		case "develop":
			row.How = "develop, in " + devFile
		case "logging":
			row.How = "logging; without it " + logDriver + ", " + logFiles + " files of " + logSize
		}
		out = append(out, row)
	}
	return append(out,
		support.Row{Field: "services.*.extends", Level: support.Exact, How: "what is extended is in the output"},
		support.Row{Field: "services.*.scale", Level: support.Exact, How: "deploy.replicas"},
		support.Row{Field: "services.*.replicas", Level: support.Exact, How: "deploy.replicas"},
		support.Row{Field: "services.*.healthcheck.http", Level: support.Exact, How: "test: octo-sidecar, which is mounted, asks"},
		support.Row{Field: "services.*.healthcheck.tcp", Level: support.Exact, How: "test: octo-sidecar, which is mounted, asks"},
		support.Row{Field: "services.*.healthcheck.grpc", Level: support.Exact, How: "test: octo-sidecar, which is mounted, asks"},
	)
}

// octoRows are the keys of a service that Compose has not.
func octoRows() []support.Row {
	return []support.Row{
		{Field: "services.*.enabled", Level: support.Exact, How: "a service that is not enabled is left out"},
		{Field: "services.*.harden", Level: support.Exact, How: added()},
		{Field: "services.*.binary", Level: support.Meaningless, How: "the image runs here"},
		{Field: "services.*.source", Level: support.Meaningless, How: "the image runs here"},
		{Field: "services.*.config", Level: support.Exact, How: "configs and environment of the service"},
		{Field: "services.*.config.deliver.url", Level: support.Emulated,
			How: "environment, a secret and a volume: a service octo-config, which is octo-sidecar, serves the values"},
		{Field: "services.*.checks", Level: support.Emulated,
			How: "healthcheck: Docker has one for each container, so octo-sidecar asks all of level startup and ready in it"},
		{Field: "services.*.checks.*.level", Level: support.Emulated,
			How: "healthcheck.start_period: failures of level startup do not count that long; alive is octo-monitor with targets.T.engine_socket, else refused, as Docker restarts nothing that is unhealthy"},
		{Field: "services.*.checks.*.successes", Level: support.Unsupported, Free: []string{"1"},
			How: "one success makes a container healthy: take it out, and let the check itself hold back until it is sure"},
		{Field: "services.*.checks.*.on_failure", Level: support.Emulated,
			How: "healthcheck: Docker shows it and does no more, which is none; octo-monitor does notify, and restart with targets.T.engine_socket; drain is refused"},
		{Field: "services.*.preflight", Level: support.Emulated,
			How: "depends_on: a one-shot service SERVICE-preflight asks, at each up and once for all replicas"},
		{Field: "services.*.preflight[].port", Level: support.Emulated,
			How: "ports: Docker itself refuses a port that is taken; one that the service does not publish is refused"},
		{Field: "services.*.pre_start", Level: support.Emulated,
			How: "depends_on: one-shot services SERVICE-pre-N run at each up; pre_start itself where the oldest Compose of the target has it"},
		{Field: "services.*.pre_start[].per_replica", Level: support.Emulated,
			How: "pre_start where the oldest Compose of the target has it; else once for the service, with a warning"},
		{Field: "services.*.hooks", Level: support.Exact, How: "post_start, pre_stop and pre_start of the service"},
		{Field: "services.*.hooks.post_start", Level: support.Exact, How: "post_start"},
		{Field: "services.*.hooks.pre_stop", Level: support.Exact, How: "pre_stop"},
		{Field: "services.*.hooks.pre_start", Level: support.Emulated, How: "pre_start of the service"},
		{Field: "services.*.hooks.init", Level: support.Emulated,
			How: "depends_on: one-shot services SERVICE-init run at each up"},
		{Field: "services.*.hooks.post_stop", Level: support.Unsupported,
			How: "Compose runs nothing once a container has stopped: write pre_stop, or a command behind docker compose stop"},
		{Field: "services.*.priority", Level: support.Emulated,
			How: "depends_on with required: false: who comes later starts later, and starts too when the other does not"},
		{Field: "services.*.placement", Level: support.Unsupported,
			How: "Compose knows one machine: compile for each machine by itself"},
		{Field: "services.*.placement.mode", Level: support.Exact, Free: []string{"replicated"},
			How: "deploy.mode: one, on the one machine"},
		{Field: "services.*.autoscale", Level: support.Emulated, Loud: true,
			How: "deploy.replicas stays as it is: Compose adds and removes none by load, so replicas, or min, is the number"},
		{Field: "services.*.target.compose", Level: support.Exact,
			How: "the keys of the service, merged last"},
		{Field: "services.*.target.systemd", Level: support.Meaningless, How: "it is for systemd"},
		{Field: "services.*.target.k8s", Level: support.Meaningless, How: "it is for Kubernetes"},
	}
}

// sharedRows are networks, volumes, configs, secrets and models.
func sharedRows() []support.Row {
	out := []support.Row{
		{Field: "networks.*.policy", Level: support.Emulated, Loud: true, Free: []string{"members"},
			How: "Docker lets all members of a network talk, whatever depends_on says: put services that must not talk on networks of their own"},
		{Field: "volumes.*.size", Level: support.Meaningless, How: "the disk of the host is the limit"},
		{Field: "volumes.*.access", Level: support.Meaningless, How: "all containers of the machine can mount it"},
		{Field: "volumes.*.per_replica", Level: support.Unsupported, Free: []string{"false"},
			How: "Compose mounts one volume into all replicas: write a service for each, with a volume of its own"},
		{Field: "secrets.*.credential", Level: support.Emulated, How: "file: /etc/credstore/NAME of the machine"},
		{Field: "secrets.*.vault", Level: support.Emulated, How: "file: ./secrets/KEY, which octo-sidecar makes by a command in APPLY.md"},
		{Field: "secrets.*.sops", Level: support.Emulated, How: "file: ./secrets/KEY, which sops makes by a command in APPLY.md"},
		{Field: "secrets.*.prompt", Level: support.Emulated, How: "file: ./secrets/KEY, which a command in APPLY.md asks for"},
		{Field: "secrets.*.generate", Level: support.Emulated, How: "file: ./secrets/KEY, which a command in APPLY.md makes at random where it is not there yet"},
	}
	for _, group := range []struct {
		section string
		keys    []string
	}{
		{"networks", []string{"name", "driver", "driver_opts", "ipam", "external", "internal", "enable_ipv4", "enable_ipv6", "attachable", "labels"}},
		{"volumes", []string{"name", "driver", "driver_opts", "external", "labels"}},
		{"configs", []string{"name", "content", "environment", "file", "external", "labels", "template_driver"}},
		{"secrets", []string{"name", "environment", "file", "external", "labels", "driver", "driver_opts", "template_driver"}},
		{"models", []string{"name", "model", "context_size", "runtime_flags"}},
	} {
		for _, key := range group.keys {
			out = append(out, exact(group.section+".*."+key))
		}
	}
	return out
}
