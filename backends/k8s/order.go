package k8s

import "reflect"

// objectOrder is how every object begins.
var objectOrder = []string{"apiVersion", "kind", "metadata"}

// fieldOrder says for each type which fields come first: what a reader looks for, and what is short before what is
// long. The rest follows in the order of the API.
var fieldOrder = []struct {
	of    string
	first []string
}{
	{"ObjectMeta", []string{"name", "namespace", "labels", "annotations"}},
	{"DeploymentSpec", []string{
		"replicas", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds", "selector", "strategy", "template",
	}},
	{"StatefulSetSpec", []string{
		"replicas", "serviceName", "podManagementPolicy", "minReadySeconds", "revisionHistoryLimit", "selector", "updateStrategy",
		"persistentVolumeClaimRetentionPolicy", "template", "volumeClaimTemplates",
	}},
	{"DaemonSetSpec", []string{"minReadySeconds", "revisionHistoryLimit", "selector", "updateStrategy", "template"}},
	{"JobSpec", []string{"completions", "parallelism", "backoffLimit", "activeDeadlineSeconds", "template"}},
	{"PodSpec", []string{
		"serviceAccountName", "automountServiceAccountToken", "enableServiceLinks", "imagePullSecrets", "runtimeClassName",
		"nodeSelector", "affinity", "hostNetwork", "hostPID", "hostIPC", "hostUsers", "hostname", "subdomain", "dnsPolicy", "dnsConfig",
		"hostAliases", "securityContext", "restartPolicy", "terminationGracePeriodSeconds", "topologySpreadConstraints",
		"initContainers", "containers", "volumes",
	}},
	{"Container", []string{
		"name", "image", "imagePullPolicy", "command", "args", "workingDir", "stdin", "tty", "envFrom", "env", "ports", "resources",
		"startupProbe", "readinessProbe", "livenessProbe", "lifecycle", "securityContext", "volumeMounts",
	}},
	{"PodSecurityContext", []string{
		"runAsNonRoot", "runAsUser", "runAsGroup", "fsGroup", "fsGroupChangePolicy", "supplementalGroups", "seccompProfile",
	}},
	{"SecurityContext", []string{
		"privileged", "runAsNonRoot", "runAsUser", "runAsGroup", "allowPrivilegeEscalation", "readOnlyRootFilesystem", "capabilities",
	}},
	{"Probe", []string{"exec", "httpGet", "tcpSocket", "grpc", "initialDelaySeconds", "periodSeconds", "timeoutSeconds"}},
	{"RollingUpdateDeployment", []string{"maxSurge", "maxUnavailable"}},
	{"RoleRef", []string{"apiGroup", "kind", "name"}},
	{"HTTPGetAction", []string{"port", "path"}},
	{"ContainerPort", []string{"name", "containerPort", "hostPort", "protocol"}},
	{"VolumeMount", []string{"name", "mountPath", "subPath", "readOnly"}},
	{"Volume", []string{"name"}},
	{"ResourceRequirements", []string{"requests", "limits"}},
	{"VolumeResourceRequirements", []string{"requests", "limits"}},
	{"SecretVolumeSource", []string{"secretName", "defaultMode", "items"}},
	{"ConfigMapVolumeSource", []string{"name", "defaultMode", "items"}},
	{"ProjectedVolumeSource", []string{"defaultMode", "sources"}},
	{"ServiceAccountTokenProjection", []string{"path", "expirationSeconds"}},
	{"ServiceSpec", []string{"type", "clusterIP", "selector", "ports"}},
	{"ServicePort", []string{"name", "port", "targetPort", "nodePort", "protocol"}},
	{"ConfigMap", []string{"apiVersion", "kind", "metadata", "immutable", "data", "binaryData"}},
	{"PersistentVolumeClaimSpec", []string{"accessModes", "storageClassName", "resources"}},
	{"PodDisruptionBudgetSpec", []string{"maxUnavailable", "minAvailable", "unhealthyPodEvictionPolicy", "selector"}},
	{"NetworkPolicySpec", []string{"podSelector", "policyTypes", "ingress", "egress"}},
	{"NetworkPolicyIngressRule", []string{"from", "ports"}},
	{"NetworkPolicyEgressRule", []string{"to", "ports"}},
	{"NetworkPolicyPort", []string{"port", "endPort", "protocol"}},
	{"PolicyRule", []string{"apiGroups", "resources", "resourceNames", "verbs"}},
	{"RoleBinding", []string{"apiVersion", "kind", "metadata", "roleRef", "subjects"}},
	{"Subject", []string{"kind", "name", "namespace"}},
	{"DownwardAPIVolumeFile", []string{"path", "fieldRef"}},
}

// flowTypes stand on one line where they fit: small things that stand in lists.
var flowTypes = []string{
	"EnvVar", "EnvFromSource", "ContainerPort", "ServicePort", "VolumeMount", "Volume", "ResourceList", "HTTPGetAction",
	"TCPSocketAction", "GRPCAction", "ExecAction", "RollingUpdateDeployment", "RollingUpdateDaemonSet", "Subject",
	"NetworkPolicyPort", "StatefulSetPersistentVolumeClaimRetentionPolicy", "ServiceAccountTokenProjection", "ConfigMapProjection",
	"DownwardAPIProjection", "SecretProjection", "KeyToPath", "Sysctl",
	"PodDNSConfigOption", "HostAlias", "LocalObjectReference", "VolumeResourceRequirements",
}

// flowLists are lists of such things that stand on one line themselves.
var flowLists = []string{"NetworkPolicyPort", "KeyToPath", "LocalObjectReference"}

// isQuoted says which strings are always in quotes: what a person or a program wrote freely, where an unquoted true or
// 8080 would catch the eye.
func isQuoted(t reflect.Type, name string) bool {
	switch t.Name() {
	case "ObjectMeta":
		return name == "labels" || name == "annotations"
	case "EnvVar":
		return name == "value"
	case "Container", "ExecAction":
		return name == "command" || name == "args"
	}
	return false
}
