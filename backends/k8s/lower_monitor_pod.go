package k8s

import (
	"path"
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
)

// What the pod of octo-monitor has of each.
const (
	// monitorGrace is the time to tell what is not told yet; octo-sidecar takes 25 s of it at most.
	monitorGrace     = 30
	monitorStateSize = 1 << 20 // for the socket of its status
	monitorAsk       = 10 * time.Second
)

// buildMonitor adds the objects of octo-monitor.
func (l *lowering) buildMonitor() {
	w := l.watch
	if w == nil {
		return
	}
	data, ok := w.run()
	if !ok {
		return
	}
	w.buildPod(data)
	w.files.finish(w.unit)
	d := &appsv1.Deployment{TypeMeta: typeMeta(appsv1.SchemeGroupVersion, "Deployment"), ObjectMeta: w.workloadMeta()}
	d.Spec = appsv1.DeploymentSpec{
		Replicas: ptr(int32(1)), Selector: w.selector(), Template: w.template,
		RevisionHistoryLimit: ptr(int32(history)), ProgressDeadlineSeconds: ptr(int32(600)),
	}
	d.Spec.Strategy.Type = appsv1.RecreateDeploymentStrategyType
	l.add(object{
		file: monitorName + "/deployment.yaml", unit: w.unit, value: d, from: l.p.Inputs, pod: w.notes,
		notes: []note{{at: "metadata name", origin: w.plan.From}, {at: "spec strategy type", tail: "two of them would tell everything twice"}},
	})
	l.account(w.unit)
	if l.t.MetricsPort != 0 {
		w.metricsService()
	}
}

// run is the spec of octo-monitor.
func (w *watch) run() (data []byte, ok bool) {
	data, _, err := w.plan.Print(w.l.p.Name, w.status()) // a ConfigMap holds it as one value
	if err != nil {
		w.l.ds.Error(diag.Pattern, w.plan.From, "cannot tell of the health of services: %v", err).Target = w.l.t.Name
		return nil, false
	}
	w.l.checkFixed(string(data), w.plan.From)
	return data, true
}

// buildPod makes the pod: octo-sidecar alone, by the restricted Pod Security Standard, without a token of the API.
func (w *watch) buildPod(run []byte) {
	w.template.Labels = w.podLabels()
	if w.l.policies {
		for _, n := range w.networks {
			if n.Policy != "dependencies" {
				w.template.Labels[memberPrefix+label(n.Key)] = "true"
			}
		}
	}
	pod := w.spec()
	pod.ServiceAccountName = w.name
	pod.AutomountServiceAccountToken, pod.EnableServiceLinks = ptr(false), ptr(false)
	if w.l.t.PullSecret != "" {
		pod.ImagePullSecrets = []corev1.LocalObjectReference{{Name: w.l.t.PullSecret}}
		w.mark("spec imagePullSecrets", w.l.t.Path.Key("pull_secret"))
	}
	pod.SecurityContext = &corev1.PodSecurityContext{
		RunAsNonRoot: ptr(true), RunAsUser: ptr(int64(nobody)), RunAsGroup: ptr(int64(nobody)), FSGroup: ptr(int64(nobody)),
		FSGroupChangePolicy: ptr(corev1.FSGroupChangeOnRootMismatch),
		SeccompProfile:      &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
	}
	pod.TerminationGracePeriodSeconds = ptr(int64(monitorGrace))
	pod.Containers = []corev1.Container{{
		Name: w.name, Image: w.l.sidecar(), Args: literals([]string{"run", "--spec=" + path.Join(servedFolder, servedSpec), "--state=" + servedState}),
		Resources: servedResources(), SecurityContext: w.ownSecurity(),
	}}
	w.l.todo.sidecar = true
	w.box, w.here = &pod.Containers[0], container
	w.markIn("args", w.plan.From)
	if w.l.t.Sidecar != "" {
		w.markIn("image", w.l.t.Path.Key("sidecar"))
	}
	w.buildProbes()
	w.mountRun(run)
	w.mountSecrets()
	state := w.volume("octo-state", corev1.Volume{VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{
		Medium: corev1.StorageMediumMemory, SizeLimit: ptr(quantity(monitorStateSize)),
	}}})
	w.mountAt(corev1.VolumeMount{Name: state, MountPath: servedState}, w.plan.From)
}

// buildProbes asks whether octo-sidecar itself works, its scheduler among it; that a service fails is no reason. There is
// no readinessProbe: it asks, and is not asked.
func (w *watch) buildProbes() {
	handler := exec("/octo-sidecar", "probe", "http", "http://"+servedAddress+"/healthz")
	if number := w.l.t.MetricsPort; number != 0 {
		handler = corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Port: intstr.FromString(metricsName), Path: "/healthz"}}
		w.markIn("ports 0", w.l.metricsPath())
		w.box.Ports = []corev1.ContainerPort{w.l.metricsPort()}
	}
	w.box.StartupProbe = &corev1.Probe{
		ProbeHandler: handler, PeriodSeconds: seconds(servedAsk), TimeoutSeconds: 5, FailureThreshold: int32(servedStart / servedAsk),
	}
	w.box.LivenessProbe = &corev1.Probe{ProbeHandler: handler, PeriodSeconds: seconds(monitorAsk), TimeoutSeconds: 5, FailureThreshold: 3}
}

// mountRun mounts the spec.
func (w *watch) mountRun(run []byte) {
	v := &corev1.ConfigMapVolumeSource{}
	w.files.add(w.unit, servedSpec, run, w.plan.From)
	w.files.waiting = append(w.files.waiting, v)
	name := w.volume(monitorName, corev1.Volume{VolumeSource: corev1.VolumeSource{ConfigMap: v}})
	w.mountAt(corev1.VolumeMount{Name: name, MountPath: servedFolder, ReadOnly: true}, w.plan.From)
}

// mountSecrets mounts the secrets that notifiers name, as one folder. A new value is there without a restart.
func (w *watch) mountSecrets() {
	if len(w.secrets) == 0 {
		return
	}
	v := &corev1.ProjectedVolumeSource{DefaultMode: w.secretMode(nil)}
	for _, key := range w.secrets {
		name, item := w.secretItem(&model.FileRef{Source: key}, fileKey(key))
		v.Sources = append(v.Sources, projection(name, item))
	}
	name := w.volume("secrets", corev1.Volume{VolumeSource: corev1.VolumeSource{Projected: v}})
	w.mountAt(corev1.VolumeMount{Name: name, MountPath: secretsFolder, ReadOnly: true}, w.plan.From)
}

// metricsService gives the metrics a name: octo-monitor:PORT.
func (w *watch) metricsService() {
	p := w.l.metricsPort()
	s := &corev1.Service{
		TypeMeta: typeMeta(corev1.SchemeGroupVersion, "Service"), ObjectMeta: w.meta(w.name),
		Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeClusterIP, Selector: w.selects},
	}
	s.Spec.Ports = []corev1.ServicePort{{Name: p.Name, Port: p.ContainerPort, TargetPort: intstr.FromString(p.Name), Protocol: p.Protocol}}
	w.l.add(object{
		file: monitorName + "/service.yaml", unit: w.unit, value: s, from: w.l.p.Inputs,
		notes: []note{{at: "spec ports 0", origin: w.l.metricsPath()}},
	})
}

// monitorPolicy lets who is on the networks of octo-monitor read its metrics, and nobody ask anything else of it. What
// goes out is not bound: whom it tells is anywhere, and a policy knows no names.
func (l *lowering) monitorPolicy() {
	w := l.watch
	np := &networkingv1.NetworkPolicy{
		TypeMeta: typeMeta(networkingv1.SchemeGroupVersion, "NetworkPolicy"), ObjectMeta: w.meta(w.name),
	}
	np.Spec.PodSelector = metav1.LabelSelector{MatchLabels: w.selects}
	np.Spec.PolicyTypes = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}
	b := policyBuilder{l: l, u: w.unit, np: np, notes: []note{
		{at: "metadata name", origin: w.plan.From}, {at: "spec policyTypes", tail: "no Egress: whom it tells may be anywhere"},
	}}
	if number := l.t.MetricsPort; number != 0 {
		ports := []networkingv1.NetworkPolicyPort{policyPort(int32(number), corev1.ProtocolTCP)}
		for _, n := range w.networks {
			if peers := l.onNetwork(n); len(peers) > 0 {
				b.ingress(peers, ports, "who is on "+n.Key, l.metricsPath())
			}
		}
	}
	l.add(object{file: monitorName + "/networkpolicy.yaml", unit: w.unit, value: np, notes: b.notes, from: l.p.Inputs})
}

// onNetwork are the pods on a network, those of one that goes by dependencies too, which have no label of it.
func (l *lowering) onNetwork(n *model.Network) []networkingv1.NetworkPolicyPeer {
	if n.Policy != "dependencies" {
		return l.members(n)
	}
	var out []networkingv1.NetworkPolicyPeer
	for _, u := range l.units {
		for _, have := range u.networks {
			if have == n {
				out = append(out, l.podsOf(u)...)
			}
		}
	}
	return out
}

// fromMonitor lets octo-monitor in to a service that it asks or tells, where no label of a network does.
func (b *policyBuilder) fromMonitor() {
	w := b.l.watch
	if w == nil || !w.reached[b.u] {
		return
	}
	for _, n := range b.u.networks {
		if n.Policy != "dependencies" {
			return
		}
	}
	b.ingress(b.l.podsOf(w.unit), b.u.policyPorts(), monitorName, w.plan.From)
}

// status is where octo-monitor answers: for the probes alone, or for all with metrics_port.
func (w *watch) status() string {
	if n := w.l.t.MetricsPort; n != 0 {
		return ":" + strconv.Itoa(n)
	}
	return servedAddress
}
