package systemd

import (
	"strings"

	"github.com/octocompose/octocompose/compiler/support"
)

// Table is what systemd and Podman do with every field of the schema. It is never changed.
var Table = &support.Table{Backend: "systemd", Rows: rows(topRows, serviceRows, containerRows, deployRows, buildRows, mountRows, resourceRows, preStartRows())}

// preStartRows are the rows of containers for those of pre_start: what is exact there needs no row of its own.
func preStartRows() []support.Row {
	var out []support.Row
	for _, r := range rows(containerRows, mountRows) {
		if r.Level != exact {
			field, _ := strings.CutPrefix(r.Field, "services.*.")
			r.Field = "services.*.pre_start[]." + field
			out = append(out, r)
		}
	}
	return out
}

func rows(lists ...[]support.Row) []support.Row {
	var out []support.Row
	for _, l := range lists {
		out = append(out, l...)
	}
	return out
}

// The levels, short enough for one row a line.
const (
	exact       = support.Exact
	emulated    = support.Emulated
	meaningless = support.Meaningless
	unsupported = support.Unsupported
)

const (
	notYet    = "octo does not lower it yet: delete it here, or keep it in the overlay of another target"
	onePlace  = "one machine runs it: nothing is spread, replaced or scheduled"
	noContent = "the model is not served here: run a service that serves it, and name its address in environment"
)

var off = []string{"false"}

var topRows = []support.Row{
	{Field: "version", Level: meaningless, How: "it chooses nothing"},
	{Field: "name", Level: exact, How: "the prefix of all names"},
	{Field: "include", Level: exact, How: "read before"},
	{Field: "variables", Level: exact, How: "read before"},
	{Field: "services", Level: exact, How: ".container or .service"},
	{Field: "networks", Level: exact, How: ".network"},
	{Field: "volumes", Level: exact, How: ".volume"},
	{Field: "secrets", Level: exact, How: "Secret= or LoadCredential="},
	{Field: "configs", Level: exact, How: "a file below /etc/<project>"},
	{Field: "targets", Level: exact, How: "read by the compiler"},
	{Field: "targets.*.secret_store", Level: meaningless, How: "it is for Kubernetes"},
	{Field: "targets.*.engine_socket", Level: meaningless, How: "it is for Compose: systemd and Podman restart containers themselves"},
	{Field: "targets.*.metrics_port", Level: exact, How: "status of run.json: /metrics and /status at 127.0.0.1; of the monitor at 127.0.0.2 where a config server has the first"},
	{Field: "models", Level: unsupported, How: noContent},
	{Field: "globals", Level: exact, How: "configs and environment of the services"},
	{Field: "repos", Level: exact, How: "read before"},
	{Field: "jobs", Level: unsupported, How: notYet},
	{Field: "workflows", Level: unsupported, How: notYet},
	{Field: "machines", Level: unsupported, How: notYet},
	{Field: "tags", Level: unsupported, How: notYet},
	{Field: "routes", Level: unsupported, How: notYet},
	{Field: "proxies", Level: unsupported, How: notYet},
	{Field: "revisions", Level: exact, How: "read by the compiler"},
	{Field: "notifications", Level: exact, How: "PROJECT-monitor.service: octo-sidecar asks the checks, and tells who is named"},
	{Field: "notifications.*.on", Level: emulated, How: "on of run.json; systemd and Podman restart services themselves, so restarted and given_up are never told, which is warned of"},
	{Field: "notifications.*.exec", Level: emulated, How: "exec of run.json: a program of the machine, started in the sandbox of PROJECT-monitor.service, as a user without rights"},
}

var serviceRows = []support.Row{
	{Field: "services.*.attach", Level: meaningless, How: "units run in the background, and journalctl shows their output"},
	{Field: "services.*.autoscale", Level: emulated, How: "@.service: as many instances as min or replicas says; systemd adds none by itself, which is warned of"},
	{Field: "services.*.autoscale.max", Level: meaningless, How: "the number is fixed, which is warned of"},
	{Field: "services.*.autoscale.cpu", Level: meaningless, How: "the number is fixed, which is warned of"},
	{Field: "services.*.autoscale.memory", Level: meaningless, How: "the number is fixed, which is warned of"},
	{Field: "services.*.binary", Level: emulated, How: "ExecStart= of a native unit, and a unit that fetches the program with octo-sidecar; the image is for targets without native programs"},
	{Field: "services.*.binary.*.sha256_url", Level: emulated, How: "sha256_url of fetch.json: the sum is read when the program is fetched, and believed, which is warned of"},
	{Field: "services.*.checks", Level: emulated, How: "HealthStartupCmd= asks levels startup and ready, HealthCmd= what is asked while the service runs; octo-sidecar is mounted for what is not exec. A native program: ExecStartPost= waits, and a unit beside it watches"},
	{Field: "services.*.checks.*.failures", Level: emulated, How: "HealthRetries=; HealthStartupRetries= counts the failures of the start period too"},
	{Field: "services.*.checks.*.interval", Level: emulated, How: "HealthInterval= or HealthStartupInterval=; --interval for native programs"},
	{Field: "services.*.checks.*.level", Level: emulated, How: "HealthStartupCmd= for startup and, where alive checks follow, for ready, which decides about the start alone; HealthOnFailure=kill for alive"},
	{Field: "services.*.checks.*.start_period", Level: emulated, How: "HealthStartPeriod=, or as failures more in HealthStartupRetries="},
	{Field: "services.*.checks.*.successes", Level: emulated, How: "HealthStartupSuccess=: once the service runs, one success counts"},
	{Field: "services.*.checks.*.timeout", Level: emulated, How: "HealthTimeout= or HealthStartupTimeout=; --timeout of octo-sidecar"},
	{Field: "services.*.checks.*.on_failure", Level: emulated, How: "HealthOnFailure=kill for restart; PROJECT-monitor.service tells for notify; drain is refused: it comes with proxies"},
	{Field: "services.*.config", Level: exact, How: "a file below /etc/<project>, and environment"},
	{Field: "services.*.config.deliver.url", Level: exact, How: "PROJECT-config.service: octo-sidecar serves it, on the host"},
	{Field: "services.*.config.deliver.url.env", Level: exact, How: "Environment=: CONFIG and the three beside it"},
	{Field: "services.*.container_name", Level: exact, How: "ContainerName="},
	{Field: "services.*.depends_on", Level: emulated, How: "Wants=, After= and a gate that asks systemctl whether the dependency is active"},
	{Field: "services.*.depends_on.*.condition", Level: emulated, How: "ExecStartPre= asks whether the dependency is active; Notify=healthy and RemainAfterExit=yes have that mean healthy and completed"},
	{Field: "services.*.depends_on.*.restart", Level: emulated, How: "PartOf=: a restart or stop of the dependency is one of this unit"},
	{Field: "services.*.develop", Level: meaningless, How: "watching sources is for a developer's machine"},
	{Field: "services.*.enabled", Level: exact, How: "no unit when false"},
	{Field: "services.*.expose", Level: meaningless, How: "all ports of a container are open on its networks"},
	{Field: "services.*.extends", Level: exact, How: "read before"},
	{Field: "services.*.external_links", Level: unsupported, How: "put both on one external network, and use the container's name"},
	{Field: "services.*.harden", Level: exact, How: "ReadOnly=, DropCapability=, NoNewPrivileges=, RunInit="},
	{Field: "services.*.healthcheck", Level: exact, How: "HealthCmd=; Notify=healthy where the start waits for it"},
	{Field: "services.*.healthcheck.interval", Level: exact, How: "HealthInterval="},
	{Field: "services.*.healthcheck.retries", Level: exact, How: "HealthRetries="},
	{Field: "services.*.healthcheck.start_period", Level: exact, How: "HealthStartPeriod="},
	{Field: "services.*.healthcheck.timeout", Level: exact, How: "HealthTimeout="},
	{Field: "services.*.healthcheck.start_interval", Level: emulated, How: "HealthStartupInterval=, of the same command as HealthStartupCmd="},
	{Field: "services.*.healthcheck.http", Level: emulated, How: "HealthCmd= with octo-sidecar probe, which is mounted; ExecStartPost= for native programs, until the start holds"},
	{Field: "services.*.healthcheck.tcp", Level: emulated, How: "HealthCmd= with octo-sidecar probe, as http"},
	{Field: "services.*.healthcheck.grpc", Level: emulated, How: "HealthCmd= with octo-sidecar probe, as http"},
	{Field: "services.*.hooks", Level: exact, How: "by field"},
	{Field: "services.*.hooks.init", Level: emulated, How: "Type=oneshot: a unit SERVICE-init that the service waits for; it runs once a boot, and when it changes"},
	{Field: "services.*.hooks.post_start", Level: exact, How: "ExecStartPost=, as post_start"},
	{Field: "services.*.hooks.post_stop", Level: exact, How: "ExecStopPost= on the machine, as root; also after a start that failed"},
	{Field: "services.*.hooks.post_stop[].privileged", Level: meaningless, How: "root of the machine has all rights"},
	{Field: "services.*.hooks.post_stop[].user", Level: unsupported, How: "write runuser -u USER -- before the command, which runs as root", Free: []string{"root", "0"}},
	{Field: "services.*.hooks.pre_start", Level: exact, How: ".container, as pre_start"},
	{Field: "services.*.hooks.pre_stop", Level: exact, How: "ExecStop=, as pre_stop"},
	{Field: "services.*.links", Level: emulated, How: "an alias that all services on the network see"},
	{Field: "services.*.models", Level: unsupported, How: noContent},
	{Field: "services.*.placement", Level: exact, How: "by field"},
	{Field: "services.*.placement.mode", Level: exact, How: "APPLY.md says that this tree goes on every machine"},
	{Field: "services.*.placement.tags", Level: unsupported, How: "compile for each machine by itself, with the services that it runs, and accept it here"},
	{Field: "services.*.ports", Level: exact, How: "PublishPort="},
	{Field: "services.*.ports[].name", Level: meaningless, How: "ports have no names here"},
	{Field: "services.*.ports[].app_protocol", Level: meaningless, How: "nothing here reads the protocol"},
	{Field: "services.*.ports[].mode", Level: meaningless, How: "there is one machine, whose port it is"},
	{Field: "services.*.post_start", Level: exact, How: "ExecStartPost= with podman exec; a failure stops the container. A native program: the command, in its sandbox"},
	{Field: "services.*.pre_start", Level: exact, How: ".container, a one-shot NAME-pre-1 that each start of the service runs again"},
	{Field: "services.*.pre_start[].models", Level: unsupported, How: noContent},
	{Field: "services.*.pre_start[].networks.*.use_service_name_alias", Level: meaningless, How: "the name of the service never leads to what runs before it"},
	{Field: "services.*.pre_start[].per_replica", Level: exact, How: "@.container, an instance for each replica"},
	{Field: "services.*.pre_stop", Level: exact, How: "ExecStop= with podman exec, before Podman's own. A native program: the command, in its sandbox"},
	{Field: "services.*.preflight", Level: exact, How: "ExecCondition= with octo-sidecar preflight: what does not hold skips the start"},
	{Field: "services.*.priority", Level: exact, How: "After= those of the next higher priority"},
	{Field: "services.*.profiles", Level: exact, How: "the unit is installed, and the target does not want it"},
	{Field: "services.*.provider", Level: unsupported, How: "run the provider by hand, and give its addresses to the services in environment"},
	{Field: "services.*.replicas", Level: emulated, How: "instances of a template; the name resolves to all of them, and clients choose"},
	{Field: "services.*.restart", Level: emulated, How: "Restart=; at boot the target starts the service whatever it says, and a stop by hand lasts until then; on-failure:N counts starts within about a minute for each"},
	{Field: "services.*.scale", Level: emulated, How: "replicas"},
	{Field: "services.*.source", Level: emulated, How: "ExecStart= of a native unit, and a unit that clones and builds on the machine; the image is for targets without native programs, and binary goes over it"},
	{Field: "services.*.stdin_open", Level: emulated, How: "podman run --interactive; nothing is at the other end"},
	{Field: "services.*.target", Level: meaningless, How: "for the target that it names"},
	{Field: "services.*.target.systemd", Level: exact, How: "options of the unit, over all others"},
	{Field: "services.*.tty", Level: exact, How: "podman run --tty"},
}

var containerRows = []support.Row{
	{Field: "services.*.annotations", Level: exact, How: "Annotation="},
	{Field: "services.*.blkio_config", Level: unsupported, How: "write target: { systemd: { Service: { IOWeight: … } } }"},
	{Field: "services.*.cap_add", Level: exact, How: "AddCapability="},
	{Field: "services.*.cap_drop", Level: exact, How: "DropCapability="},
	{Field: "services.*.cgroup", Level: exact, How: "podman run --cgroupns"},
	{Field: "services.*.cgroup_parent", Level: unsupported, How: "the units lie in the slice of the project: write target: { systemd: { Service: { Slice: … } } }"},
	{Field: "services.*.command", Level: exact, How: "Exec="},
	{Field: "services.*.configs", Level: exact, How: "Volume=, or Secret= where an owner or a mode is asked for"},
	{Field: "services.*.cpu_count", Level: unsupported, How: "write cpus: processors are counted on Windows only"},
	{Field: "services.*.cpu_percent", Level: unsupported, How: "write cpus: percents are for Windows only"},
	{Field: "services.*.cpu_period", Level: exact, How: "CPUQuotaPeriodSec="},
	{Field: "services.*.cpu_quota", Level: exact, How: "CPUQuota="},
	{Field: "services.*.cpu_rt_period", Level: unsupported, How: "systems with cgroup v2 have no real-time groups"},
	{Field: "services.*.cpu_rt_runtime", Level: unsupported, How: "systems with cgroup v2 have no real-time groups"},
	{Field: "services.*.cpu_shares", Level: emulated, How: "CPUWeight=, on its scale"},
	{Field: "services.*.cpus", Level: exact, How: "CPUQuota="},
	{Field: "services.*.cpuset", Level: exact, How: "AllowedCPUs="},
	{Field: "services.*.credential_spec", Level: unsupported, How: "it is for Windows only"},
	{Field: "services.*.device_cgroup_rules", Level: exact, How: "podman run --device-cgroup-rule"},
	{Field: "services.*.devices", Level: exact, How: "AddDevice="},
	{Field: "services.*.dns", Level: exact, How: "DNS="},
	{Field: "services.*.dns_opt", Level: exact, How: "DNSOption="},
	{Field: "services.*.dns_search", Level: exact, How: "DNSSearch="},
	{Field: "services.*.domainname", Level: emulated, How: "HostName= with it behind"},
	{Field: "services.*.entrypoint", Level: exact, How: "Entrypoint="},
	{Field: "services.*.env_file", Level: emulated, How: "EnvironmentFile=, below /srv/<project>: Podman takes each line as it stands"},
	{Field: "services.*.env_file[].format", Level: meaningless, How: "Podman reads the file as raw, whatever this says"},
	{Field: "services.*.env_file[].required", Level: emulated, How: "ExecStartPre= makes the file where it is not there, as Podman wants it"},
	{Field: "services.*.environment", Level: exact, How: "Environment="},
	{Field: "services.*.extra_hosts", Level: exact, How: "AddHost="},
	{Field: "services.*.gpus", Level: emulated, How: "AddDevice= with a CDI name, nvidia.com/gpu=all; the machine needs nvidia-ctk cdi generate"},
	{Field: "services.*.gpus[].capabilities", Level: meaningless, How: "CDI gives the whole device"},
	{Field: "services.*.gpus[].options", Level: unsupported, How: "set them where the CDI file is made"},
	{Field: "services.*.group_add", Level: exact, How: "GroupAdd="},
	{Field: "services.*.hostname", Level: exact, How: "HostName="},
	{Field: "services.*.image", Level: exact, How: "Image=, with Docker Hub written out"},
	{Field: "services.*.init", Level: exact, How: "RunInit="},
	{Field: "services.*.ipc", Level: exact, How: "podman run --ipc"},
	{Field: "services.*.isolation", Level: unsupported, How: "it is for Windows only", Free: []string{"default"}},
	{Field: "services.*.label_file", Level: exact, How: "podman run --label-file"},
	{Field: "services.*.labels", Level: exact, How: "Label="},
	{Field: "services.*.logging", Level: emulated, How: "LogDriver=journald keeps and rotates what json-file and local would"},
	{Field: "services.*.mac_address", Level: exact, How: "Network=…:mac="},
	{Field: "services.*.mem_limit", Level: exact, How: "MemoryMax="},
	{Field: "services.*.mem_reservation", Level: exact, How: "MemoryLow="},
	{Field: "services.*.mem_swappiness", Level: unsupported, How: "set vm.swappiness on the machine: cgroup v2 has none for a group"},
	{Field: "services.*.memswap_limit", Level: exact, How: "MemorySwapMax=, less the memory"},
	{Field: "services.*.network_mode", Level: exact, How: "Network="},
	{Field: "services.*.networks", Level: exact, How: "Network=…:alias="},
	{Field: "services.*.networks.*.driver_opts", Level: unsupported, How: "write them below networks: Podman has none for one service"},
	{Field: "services.*.networks.*.gw_priority", Level: unsupported, How: "put the service on one network that is not internal: Podman does not choose the way out by priority"},
	{Field: "services.*.networks.*.link_local_ips", Level: unsupported, How: "delete the line: Podman gives no link-local addresses"},
	{Field: "services.*.networks.*.priority", Level: emulated, How: "the order of the networks"},
	{Field: "services.*.oom_kill_disable", Level: unsupported, How: "write oom_score_adj: -999: cgroup v2 cannot switch it off", Free: off},
	{Field: "services.*.oom_score_adj", Level: exact, How: "podman run --oom-score-adj"},
	{Field: "services.*.pid", Level: exact, How: "podman run --pid"},
	{Field: "services.*.pids_limit", Level: exact, How: "TasksMax="},
	{Field: "services.*.platform", Level: exact, How: "podman run --platform"},
	{Field: "services.*.privileged", Level: emulated, How: "podman run --privileged", Free: off},
	{Field: "services.*.pull_policy", Level: emulated, How: "Pull=; daily, weekly and every_… look for a newer image at each start"},
	{Field: "services.*.pull_refresh_after", Level: unsupported, How: "write pull_policy: every_…, or pull by a timer"},
	{Field: "services.*.read_only", Level: exact, How: "ReadOnly=; Podman keeps /tmp, /run and /var/tmp writable in memory"},
	{Field: "services.*.runtime", Level: exact, How: "podman --runtime"},
	{Field: "services.*.secrets", Level: exact, How: "Secret=, made before each start; LoadCredential= for native programs"},
	{Field: "services.*.security_opt", Level: exact, How: "NoNewPrivileges=, SeccompProfile=, podman run --security-opt"},
	{Field: "services.*.shm_size", Level: exact, How: "ShmSize="},
	{Field: "services.*.stop_grace_period", Level: exact, How: "StopTimeout=, and 5 s more for TimeoutStopSec="},
	{Field: "services.*.stop_signal", Level: exact, How: "StopSignal="},
	{Field: "services.*.storage_opt", Level: unsupported, How: "set quotas on the machine: Podman's depend on its storage"},
	{Field: "services.*.sysctls", Level: exact, How: "Sysctl="},
	{Field: "services.*.tmpfs", Level: exact, How: "Tmpfs="},
	{Field: "services.*.ulimits", Level: exact, How: "Ulimit="},
	{Field: "services.*.umask", Level: exact, How: "podman run --umask"},
	{Field: "services.*.use_api_socket", Level: unsupported, How: "mount /run/podman/podman.sock with volumes", Free: off},
	{Field: "services.*.user", Level: exact, How: "User= and Group=; a native program has a user of its own, made at each start"},
	{Field: "services.*.userns_mode", Level: exact, How: "UserNS="},
	{Field: "services.*.uts", Level: exact, How: "podman run --uts"},
	{Field: "services.*.volumes", Level: exact, How: "Volume=, Tmpfs= or Mount="},
	{Field: "services.*.volumes[].bind.create_host_path", Level: exact, How: "ExecStartPre= makes the folder"},
	{Field: "services.*.volumes[].bind.selinux", Level: exact, How: "the option z or Z of the mount"},
	{Field: "services.*.volumes[].consistency", Level: meaningless, How: "it is for Docker on macOS"},
	{Field: "services.*.volumes_from", Level: exact, How: "podman run --volumes-from"},
	{Field: "services.*.working_dir", Level: exact, How: "WorkingDir="},
}

var deployRows = []support.Row{
	{Field: "services.*.deploy", Level: exact, How: "by field"},
	{Field: "services.*.deploy.mode", Level: emulated, How: "one machine: global is one; a job is a one-shot"},
	{Field: "services.*.deploy.endpoint_mode", Level: meaningless, How: "the name resolves to each replica"},
	{Field: "services.*.deploy.labels", Level: meaningless, How: "there is no object for the service beside its containers"},
	{Field: "services.*.deploy.placement", Level: meaningless, How: onePlace},
	{Field: "services.*.deploy.update_config", Level: meaningless, How: onePlace},
	{Field: "services.*.deploy.rollback_config", Level: meaningless, How: onePlace},
	{Field: "services.*.deploy.restart_policy", Level: emulated, How: "Restart=, RestartSec=, StartLimitBurst="},
	{Field: "services.*.deploy.restart_policy.window", Level: emulated, Loud: true, How: "a start by hand counts as an attempt too; without max_attempts nothing is counted"},
	{Field: "services.*.deploy.resources.reservations.cpus", Level: meaningless, How: onePlace},
	{Field: "services.*.deploy.resources.reservations.devices", Level: emulated, How: "AddDevice= with a CDI name, nvidia.com/gpu=all"},
	{Field: "services.*.deploy.resources.reservations.devices[].capabilities", Level: meaningless, How: "CDI gives the whole device"},
	{Field: "services.*.deploy.resources.reservations.devices[].options", Level: unsupported, How: "set them where the CDI file is made"},
	{Field: "services.*.deploy.resources.reservations.generic_resources", Level: unsupported, How: "write devices"},
}

var buildRows = []support.Row{
	{Field: "services.*.build", Level: exact, How: "a .build unit: built once a boot, and when it is restarted"},
	{Field: "services.*.build.entitlements", Level: unsupported, How: "Podman's builds have none: delete the line"},
	{Field: "services.*.build.no_cache_filter", Level: unsupported, How: "write no_cache: true"},
	{Field: "services.*.build.privileged", Level: unsupported, How: "build the image elsewhere, and write image", Free: off},
	{Field: "services.*.build.provenance", Level: meaningless, How: "Podman attests nothing"},
	{Field: "services.*.build.sbom", Level: meaningless, How: "Podman attests nothing"},
	{Field: "services.*.build.secrets", Level: unsupported, How: "build the image elsewhere, and write image"},
}

var mountRows = []support.Row{
	{Field: "services.*.volumes[].volume.labels", Level: unsupported, How: "name the volume below volumes, with its labels"},
	{Field: "services.*.volumes[].volume.subpath", Level: unsupported, How: "mount the whole volume, or a folder of the host: Podman 5.4 cannot mount a part"},
}

var resourceRows = []support.Row{
	{Field: "networks.*.attachable", Level: meaningless, How: "it is for Swarm"},
	{Field: "networks.*.ipam.options", Level: unsupported, How: "Podman's address drivers have none: delete the line"},
	{Field: "networks.*.ipam.config[].aux_addresses", Level: unsupported, How: "keep the address out of ip_range"},
	{Field: "networks.*.policy", Level: emulated, How: "IPAddressAllow= for native programs; Podman lets all containers of one network talk to each other"},
	{Field: "volumes.*.access", Level: meaningless, How: "one machine: all services can mount it"},
	{Field: "volumes.*.per_replica", Level: emulated, How: "a volume for each instance, made when it is first mounted"},
	{Field: "volumes.*.size", Level: meaningless, How: "the disk is the limit"},
	{Field: "secrets.*.file", Level: exact, How: "ExecStartPre= makes a secret of Podman's of it; LoadCredential= for native programs"},
	{Field: "secrets.*.labels", Level: exact, How: "--label of podman secret create; native programs have credentials, which have no labels"},
	{Field: "secrets.*.vault", Level: exact, How: "a unit PROJECT-secret-KEY of octo-sidecar reads it into a tmpfs, from where it goes as file does"},
	{Field: "secrets.*.sops", Level: emulated, How: "a command in APPLY.md decrypts it into /etc/credstore; then as credential"},
	{Field: "secrets.*.prompt", Level: emulated, How: "a command in APPLY.md asks for it and puts it into /etc/credstore; then as credential"},
	{Field: "secrets.*.generate", Level: emulated, How: "a command in APPLY.md makes it in /etc/credstore, once; then as credential"},
	{Field: "secrets.*.driver", Level: unsupported, How: "write credential, file or external"},
	{Field: "secrets.*.driver_opts", Level: unsupported, How: "write credential, file or external"},
	{Field: "secrets.*.template_driver", Level: unsupported, How: "write the secret whole"},
	{Field: "secrets.*.environment", Level: unsupported, How: "write credential, which systemd reads from /etc/credstore, or file: units have no environment of a person"},
	{Field: "configs.*.environment", Level: unsupported, How: "write content: ${NAME}, and declare the variable below variables"},
	{Field: "configs.*.external", Level: unsupported, How: "write content or file: systemd and Podman keep no configs of their own", Free: off},
	{Field: "configs.*.template_driver", Level: unsupported, How: "write the content whole"},
	{Field: "configs.*.labels", Level: meaningless, How: "files have no labels"},
	{Field: "configs.*.name", Level: meaningless, How: "the file has the config's key"},
}
