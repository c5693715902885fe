package k8s

import "github.com/octocompose/octocompose/compiler/support"

// lifeRows are about what octo adds to the life of a service: checks, hooks, preflight, numbers and places.
var lifeRows = []support.Row{
	{Field: "services.*.checks", Level: support.Exact, How: "startupProbe, readinessProbe, livenessProbe, by level; several of one level are one probe of octo-sidecar"},
	{Field: "services.*.checks.*.http.port", Level: support.Exact, How: "containers[].ports, by whose name the probe asks"},
	{Field: "services.*.checks.*.plugin", Level: support.Emulated, How: "exec of a probe by octo-sidecar, which an init container brings"},
	{Field: "services.*.checks.*.level", Level: support.Exact, How: "startupProbe, readinessProbe or livenessProbe; of level ready or alive alone a startupProbe too"},
	{Field: "services.*.checks.*.start_period", Level: support.Emulated, How: "failureThreshold of the startupProbe, 5 min at least; of level alive initialDelaySeconds"},
	{Field: "services.*.checks.*.successes", Level: support.Exact, How: "successThreshold; Kubernetes has it for level ready alone"},
	{Field: "services.*.checks.*.on_failure", Level: support.Emulated, How: "livenessProbe restarts; readinessProbe takes traffic away, which is drain; octo-monitor tells, which is notify"},
	{Field: "services.*.preflight", Level: support.Emulated, How: "initContainers of octo-sidecar, before each start of a pod"},
	{Field: "services.*.preflight[].port", Level: support.Meaningless, How: "a pod has all ports to itself; with network_mode host an init container asks"},
	{Field: "services.*.preflight[].disk", Level: support.Emulated, How: "initContainers of octo-sidecar, for a folder on a volume of the service"},
	{Field: "services.*.preflight[].command", Level: support.Emulated, How: "initContainers of the service's image"},
	{Field: "services.*.hooks", Level: support.Exact, How: "pre_start, post_start and pre_stop of the service are the same"},
	{Field: "services.*.hooks.init", Level: support.Emulated, How: "a Job that the service waits for, its name with a hash of what runs"},
	{Field: "services.*.hooks.post_stop", Level: support.Unsupported, How: "write pre_stop, or a service that watches this one: a pod that is gone runs nothing"},
	{Field: "services.*.pre_start", Level: support.Exact, How: "initContainers, after the gates; what they mount is in spec.volumes, their env files in a Secret"},
	{Field: "services.*.pre_start[].per_replica", Level: support.Emulated, Loud: true, Free: []string{"true"}, How: "an init container runs before each replica: write true, or hooks.init for what runs once"},
	{Field: "services.*.post_start", Level: support.Exact, How: "lifecycle.postStart; one command"},
	{Field: "services.*.post_start[].user", Level: support.Unsupported, How: hookUser},
	{Field: "services.*.post_start[].privileged", Level: support.Unsupported, How: hookRights, Free: []string{"false"}},
	{Field: "services.*.post_start[].working_dir", Level: support.Unsupported, How: hookFolder},
	{Field: "services.*.post_start[].environment", Level: support.Unsupported, How: hookEnvironment},
	{Field: "services.*.pre_stop", Level: support.Exact, How: "lifecycle.preStop; one command, and 30 s more of terminationGracePeriodSeconds, in which it counts"},
	{Field: "services.*.pre_stop[].user", Level: support.Unsupported, How: hookUser},
	{Field: "services.*.pre_stop[].privileged", Level: support.Unsupported, How: hookRights, Free: []string{"false"}},
	{Field: "services.*.pre_stop[].working_dir", Level: support.Unsupported, How: hookFolder},
	{Field: "services.*.pre_stop[].environment", Level: support.Unsupported, How: hookEnvironment},
	{Field: "services.*.priority", Level: support.Emulated, How: "kustomization.yaml lists what starts first first; nothing waits for it: write depends_on for that"},
	{Field: "services.*.placement", Level: support.Exact, How: "nodeSelector, DaemonSet"},
	{Field: "services.*.placement.tags", Level: support.Exact, How: "nodeSelector of labels octocompose.dev/TAG, which a command in APPLY.md gives to nodes"},
	{Field: "services.*.placement.mode", Level: support.Exact, How: "DaemonSet for every"},
	{Field: "services.*.autoscale", Level: support.Exact, How: "HorizontalPodAutoscaler, with a PodDisruptionBudget when min is more than 1"},
	{Field: "services.*.target.k8s", Level: support.Exact, How: "a strategic-merge patch for each kind of object, merged last"},
}

// What Kubernetes lacks for the commands of hooks.
const (
	hookUser        = "Kubernetes runs it as the container's user: write user on the service, or delete the line"
	hookRights      = "Kubernetes gives it the rights of the container: delete the line"
	hookFolder      = "Kubernetes runs it in the container's folder: write [sh, -c, \"cd FOLDER && exec PROGRAM\"], or an absolute path"
	hookEnvironment = "write [env, NAME=VALUE, PROGRAM] where the image has env, or environment on the service"
)
