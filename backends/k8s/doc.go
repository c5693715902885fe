// Package k8s lowers the model to Kubernetes manifests: typed objects of k8s.io/api, printed by our own printer,
// with kustomization.yaml for kubectl apply -k and GitOps, and APPLY.md for what a person does.
//
// In: a [model.Input]. Out: an [artifact.Set] of <service>/<kind>.yaml, shared claims below volumes/, ExternalSecrets below secrets/, namespace.yaml
// when the target names a namespace, kustomization.yaml and APPLY.md. It never writes the value of a secret, never
// asks a cluster, and never drops a field without a row in [Backend.Table] or a diagnostic.
//
// What a service becomes (the first line that holds):
//
//	another service waits for its end, or deploy.mode: replicated-job   Job, its name with a hash of its spec
//	placement.mode: every, or deploy.mode: global                       DaemonSet
//	one replica and a volume that nobody else uses, or per_replica      StatefulSet
//	else                                                                Deployment
//
// Beside it: a ServiceAccount; a Service when it has a port, or when another service names it; a Service of its own
// for what is published beyond loopback; one Service more for each alias; an ExternalSecret for
// a secret in a vault that a store of the cluster reads (the type is ours, see lower_external.go); a ConfigMap for its files, whose name holds a
// hash; a NetworkPolicy when the networks say something; a PodDisruptionBudget when it has replicas; a
// HorizontalPodAutoscaler when it scales; a Role for a gate that asks for a Job.
//
// Where the config says who hears of failures (notifications), octo-monitor is a Deployment of its own: octo-sidecar asks
// the checks through the Services, as clients do, and tells. Nothing waits for it, and probes stay the kubelet's.
//
// A pod runs, in this order: octo-sidecar that copies itself into an emptyDir, when a probe needs it; octo-sidecar that
// serves the service its config over HTTPS, when it asks for that, beside all that follows (a sidecar container: Kubernetes
// 1.29), from the ConfigMap, on loopback, with a password of its own from a Secret that APPLY.md makes once; preflight; the
// gates, which wait for the Services of dependencies, each of which answers only when a pod of it is ready; pre_start;
// the service. What is ours among them keeps to the restricted Pod Security Standard in every pod. The containers of
// pre_start are lowered by the code of the service's own ([unit.step]).
//
// Patches (services.X.target.k8s) are merged into the objects last, by the types of the API, so that a field that is not
// there is reported where it was written.
//
// The lowering makes objects; encode.go turns them into documents; comments and origins stand beside an object by
// field path, so that the typed object stays what the API server gets.
//
//	set, ds := k8s.New().Lower(in)
package k8s
