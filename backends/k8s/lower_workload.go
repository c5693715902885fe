package k8s

import (
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/octocompose/octocompose/compiler/doc"
	"github.com/octocompose/octocompose/compiler/model"
)

// history is how many old ReplicaSets and revisions are kept to go back to.
const history = 3

// workload adds what runs the service.
func (l *lowering) workload(u *unit) {
	o := object{file: u.name + "/" + u.kind.String() + ".yaml", from: u.s.From, unit: u}
	switch u.kind {
	case deployment:
		o.value, o.notes = u.deployment()
	case statefulSet:
		o.value, o.notes = u.statefulSet()
	case daemonSet:
		o.value, o.notes = u.daemonSet()
	case job:
		o.value, o.notes = u.job()
	}
	u.alwaysRestarted()
	o.pod = u.notes
	l.add(o)
	if u.scales() {
		l.add(u.scaler())
	}
	if u.kind != job && u.kind != daemonSet && u.least() > 1 {
		l.add(object{file: u.name + "/poddisruptionbudget.yaml", from: u.s.From, value: u.budget(), unit: u})
	}
}

// scales reports whether a HorizontalPodAutoscaler chooses the number of pods.
func (u *unit) scales() bool {
	return u.s.Autoscale != nil && (u.kind == deployment || u.kind == statefulSet)
}

// least is the number of pods that there are at any time.
func (u *unit) least() int {
	if a := u.s.Autoscale; a != nil {
		if a.Min == nil {
			return 1
		}
		return *a.Min
	}
	return u.s.Count()
}

// replicas is the number of pods, nil where a HorizontalPodAutoscaler chooses it: each apply would undo its choice.
func (u *unit) replicas() *int32 {
	if u.scales() {
		return nil
	}
	return ptr(int32(u.s.Count()))
}

// workloadMeta is the metadata of a workload, with the version.
func (u *unit) workloadMeta() metav1.ObjectMeta {
	m := u.meta(u.workloadName)
	if v := u.version(); v != "" {
		m.Labels = u.podLabels()
	}
	return m
}

func (u *unit) selector() *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: u.selects}
}

// replicaNotes say where the number of replicas comes from.
func (u *unit) replicaNotes() []note {
	if u.s.Replicas == nil {
		return nil
	}
	return []note{{at: "spec replicas", origin: u.at("replicas")}}
}

// alwaysRestarted says aloud where the config asks for something else than what a Deployment, a StatefulSet or a
// DaemonSet does: restart each container that ends, at growing intervals (Pod restartPolicy: Always).
func (u *unit) alwaysRestarted() {
	if u.kind == job {
		return
	}
	const help = "a service that ends is a Job: let another wait for it with service_completed_successfully, or write deploy.mode: replicated-job"
	switch r := u.s.Restart; {
	case r == "no":
		u.l.emulate(u.at("restart"), help, "Kubernetes starts the service again whenever it ends")
	case strings.HasPrefix(r, "on-failure"):
		u.l.emulate(u.at("restart"), help, "Kubernetes starts the service again also when it ends well, and without a limit")
	}
	if d := u.s.Deploy; d != nil && d.RestartPolicy != nil {
		if p := *d.RestartPolicy; (p.Condition != "" && p.Condition != "any") || p.Delay != nil || p.MaxAttempts != nil || p.Window != nil {
			u.l.emulate(u.at("deploy").Key("restart_policy"), help, "Kubernetes starts the service again whenever it ends, at growing intervals of up to 5 min")
		}
	}
}

func (u *unit) deployment() (any, []note) {
	d := &appsv1.Deployment{TypeMeta: typeMeta(appsv1.SchemeGroupVersion, "Deployment"), ObjectMeta: u.workloadMeta()}
	d.Spec = appsv1.DeploymentSpec{
		Replicas: u.replicas(), Selector: u.selector(), Template: u.template,
		RevisionHistoryLimit: ptr(int32(history)), ProgressDeadlineSeconds: ptr(int32(600)),
	}
	notes := u.replicaNotes()
	var update *model.UpdateConfig
	if u.s.Deploy != nil {
		update = u.s.Deploy.UpdateConfig
	}
	d.Spec.Strategy.Type = appsv1.RollingUpdateDeploymentStrategyType
	if u.holdsOneNode() {
		d.Spec.Strategy.Type = appsv1.RecreateDeploymentStrategyType
		return d, append(notes, note{at: "spec strategy type", tail: "the old pod holds the volume"})
	}
	surge, down := intstr.FromInt32(1), intstr.FromInt32(0)
	if u.spec().HostNetwork && (len(u.ports) > 0 || u.served != nil) {
		surge, down = down, surge // two pods cannot have one port of a node
	}
	if update != nil {
		n := int32(1)
		if update.Parallelism != nil {
			n = int32(*update.Parallelism)
		}
		each := intstr.FromInt32(n)
		if n == 0 {
			each = intstr.FromString("100%") // Compose: all at once
		}
		surge, down = intstr.FromInt32(0), each
		if update.Order == "start-first" {
			surge, down = down, surge
		}
		if update.Delay != nil {
			d.Spec.MinReadySeconds = int32(update.Delay.Seconds())
		}
		notes = append(notes, note{at: "spec strategy", origin: u.s.Path.Keys("deploy", "update_config")})
	}
	d.Spec.Strategy.RollingUpdate = &appsv1.RollingUpdateDeployment{MaxSurge: &surge, MaxUnavailable: &down}
	return d, notes
}

// holdsOneNode reports whether the pod mounts a claim that only one node can have: the new pod could not start
// before the old one is gone.
func (u *unit) holdsOneNode() bool {
	return u.anyMount(func(m *mountPlan) bool { return m.how == asStore && !m.store.many() && !m.mount.ReadOnly })
}

func (u *unit) statefulSet() (any, []note) {
	s := &appsv1.StatefulSet{TypeMeta: typeMeta(appsv1.SchemeGroupVersion, "StatefulSet"), ObjectMeta: u.workloadMeta()}
	s.Spec = appsv1.StatefulSetSpec{
		Replicas: u.replicas(), ServiceName: u.name, Selector: u.selector(), Template: u.template,
		RevisionHistoryLimit: ptr(int32(history)), VolumeClaimTemplates: u.claims,
		PersistentVolumeClaimRetentionPolicy: &appsv1.StatefulSetPersistentVolumeClaimRetentionPolicy{
			WhenDeleted: appsv1.RetainPersistentVolumeClaimRetentionPolicyType, WhenScaled: appsv1.RetainPersistentVolumeClaimRetentionPolicyType,
		},
	}
	if u.most() > 1 {
		s.Spec.PodManagementPolicy = appsv1.ParallelPodManagement // replicas of Compose do not wait for each other
	}
	notes := u.replicaNotes()
	for i, c := range u.claims {
		at := "spec volumeClaimTemplates " + strconv.Itoa(i)
		for _, have := range u.placed {
			if have.name != c.Name {
				continue
			}
			notes = append(notes, note{at: at, origin: have.store.path})
			if v := have.store.volume; v != nil && v.Size != nil {
				notes = append(notes, note{at: at + " spec resources requests storage", origin: v.Path.Key("size")})
			}
		}
	}
	return s, notes
}

func (u *unit) daemonSet() (any, []note) {
	d := &appsv1.DaemonSet{TypeMeta: typeMeta(appsv1.SchemeGroupVersion, "DaemonSet"), ObjectMeta: u.workloadMeta()}
	d.Spec = appsv1.DaemonSetSpec{Selector: u.selector(), Template: u.template, RevisionHistoryLimit: ptr(int32(history))}
	return d, []note{{at: "kind", origin: u.everywhere()}}
}

// backoff is how often a Job is tried again when nobody says: a database that is not up yet must not stop a release.
const backoff = 6

// nameJob gives the Job a name with a hash of what it runs: a Job cannot change, so another one is a new Job.
func (u *unit) nameJob() {
	if u.kind != job {
		return
	}
	u.spec().RestartPolicy = corev1.RestartPolicyNever
	if v, err := newEncoder().object(&u.template); err == nil {
		u.workloadName = u.name + "-" + shortHash(append(doc.JSON(v), u.patchText("job")...))
	}
}

func (u *unit) job() (any, []note) {
	j := &batchv1.Job{TypeMeta: typeMeta(batchv1.SchemeGroupVersion, "Job"), ObjectMeta: u.workloadMeta()}
	j.Spec = batchv1.JobSpec{Template: u.template, BackoffLimit: ptr(u.tries())}
	head := "The name holds a hash of what runs: a Job cannot change, so a new image is a new Job."
	if by := u.awaitedBy(); len(by) > 0 {
		wait := " waits"
		if len(by) > 1 {
			wait = " wait"
		}
		head += "\nNo ttlSecondsAfterFinished: " + strings.Join(by, ", ") + wait + " for this Job by name, also when started again in a year."
	}
	notes := []note{{at: "spec backoffLimit", head: head}}
	if n := u.s.Count(); n != 1 {
		j.Spec.Completions, j.Spec.Parallelism = ptr(int32(n)), ptr(int32(n))
		notes = append(notes, note{at: "spec completions", head: head, origin: u.at("replicas")})
		notes[0].head = ""
	}
	return j, notes
}

// awaitedBy are the services of the output that depend on u. Who has a profile that is off is not among them.
func (u *unit) awaitedBy() []string {
	var by []string
	for _, d := range u.l.p.Dependants(u.s) {
		if u.l.unit[d.Name] != nil {
			by = append(by, d.Name)
		}
	}
	return by
}

// tries is how often a Job that failed is started again.
func (u *unit) tries() int32 {
	if u.runsOnce() {
		return 0
	}
	if d := u.s.Deploy; d != nil && d.RestartPolicy != nil {
		switch {
		case d.RestartPolicy.Condition == "none":
			return 0
		case d.RestartPolicy.MaxAttempts != nil:
			return int32(*d.RestartPolicy.MaxAttempts)
		}
	}
	if _, n, ok := strings.Cut(u.s.Restart, ":"); ok {
		if tries, err := strconv.Atoi(n); err == nil {
			return int32(tries)
		}
	}
	return backoff
}

// budget lets a node be emptied one pod at a time.
func (u *unit) budget() any {
	b := &policyv1.PodDisruptionBudget{TypeMeta: typeMeta(policyv1.SchemeGroupVersion, "PodDisruptionBudget"), ObjectMeta: u.meta(u.name)}
	b.Spec = policyv1.PodDisruptionBudgetSpec{
		MaxUnavailable: ptr(intstr.FromInt32(1)), Selector: u.selector(), UnhealthyPodEvictionPolicy: ptr(policyv1.AlwaysAllow),
	}
	return b
}
