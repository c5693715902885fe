package k8s

import (
	"strings"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"

	"github.com/octocompose/octocompose/compiler/diag"
)

// defaultUse is the use of processors that is aimed at when autoscale names none, in percent of what is reserved.
const defaultUse = 80

// checkScale reports what cannot scale by load.
func (u *unit) checkScale() {
	a := u.s.Autoscale
	if a == nil {
		return
	}
	p := u.at("autoscale")
	if u.kind == daemonSet || u.kind == job {
		d := u.l.ds.Error(diag.Unsupported, p, "cannot change the number of %s by load: it is a %s", u.s.Name, kindNames[u.kind])
		d.Target = u.l.t.Name
		d.OnKey().Helpf("delete autoscale")
		return
	}
	if u.s.Replicas != nil {
		u.l.emulate(u.at("replicas"), "delete it", "autoscale chooses the number of replicas of %s: %d is not in the output", u.s.Name, *u.s.Replicas)
	}
	if a.Min != nil && *a.Min == 0 {
		u.l.refuse(p.Key("min"), "want 1 or more", "cannot scale %s to nothing: Kubernetes measures the load of what runs", u.s.Name)
	}
	r := u.s.Reservations()
	limits := u.s.Limits()
	if (a.CPU != nil || a.Memory == nil) && r.CPUs == nil && limits.CPUs == nil && u.s.CPUShares == nil && u.s.CPUQuota == nil {
		u.l.emulate(p, "write deploy.resources.reservations.cpus",
			"%s scales by the use of the processors that it reserves, and reserves none: it gets 50m", u.s.Name)
	}
	if a.Memory != nil && r.Memory == nil && limits.Memory == nil {
		d := u.l.ds.Error(diag.Required, p.Key("memory"), "cannot scale %s by memory: it reserves none", u.s.Name)
		d.Target = u.l.t.Name
		d.Helpf("write mem_reservation or mem_limit, of which this is the share")
	}
}

// kindNames are the kinds as Kubernetes spells them.
var kindNames = [...]string{"Deployment", "StatefulSet", "DaemonSet", "Job"}

// scaler is the HorizontalPodAutoscaler of the service.
func (u *unit) scaler() object {
	a := u.s.Autoscale
	h := &autoscalingv2.HorizontalPodAutoscaler{
		TypeMeta: typeMeta(autoscalingv2.SchemeGroupVersion, "HorizontalPodAutoscaler"), ObjectMeta: u.meta(u.name),
	}
	h.Spec = autoscalingv2.HorizontalPodAutoscalerSpec{
		ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: kindNames[u.kind], Name: u.workloadName},
		MinReplicas:    ptr(int32(1)), MaxReplicas: int32(a.Max),
	}
	if a.Min != nil {
		h.Spec.MinReplicas = ptr(int32(*a.Min))
	}
	p := u.at("autoscale")
	notes := []note{
		{at: "spec minReplicas", origin: p.Key("min")}, {at: "spec maxReplicas", origin: p.Key("max")}, {at: "spec metrics", origin: p},
	}
	use := func(name corev1.ResourceName, percent int) {
		h.Spec.Metrics = append(h.Spec.Metrics, autoscalingv2.MetricSpec{
			Type: autoscalingv2.ResourceMetricSourceType,
			Resource: &autoscalingv2.ResourceMetricSource{
				Name: name, Target: autoscalingv2.MetricTarget{Type: autoscalingv2.UtilizationMetricType, AverageUtilization: ptr(int32(percent))},
			},
		})
	}
	switch {
	case a.CPU != nil:
		use(corev1.ResourceCPU, *a.CPU)
	case a.Memory == nil:
		use(corev1.ResourceCPU, defaultUse)
	}
	if a.Memory != nil {
		use(corev1.ResourceMemory, *a.Memory)
	}
	return object{file: u.name + "/horizontalpodautoscaler.yaml", from: u.s.From, value: h, notes: notes, unit: u}
}

// tagPrefix begins the labels by which a node has a tag.
const tagPrefix = "octocompose.dev/"

// buildTags lowers placement.tags: labels that a node must have.
func (u *unit) buildTags() {
	if u.s.Machines == nil {
		return
	}
	p := u.s.Path.Keys("placement", "tags")
	for i, tag := range u.s.Machines.Tags {
		if tag == "" || !isLabelValue(tag) {
			u.l.ds.Error(diag.Pattern, p.Index(i), "cannot use %q as a tag of nodes; want at most 63 letters, digits, dashes, dots and underscores", tag).
				Target = u.l.t.Name
			continue
		}
		if u.spec().NodeSelector == nil {
			u.spec().NodeSelector = map[string]string{}
		}
		u.spec().NodeSelector[tagPrefix+tag] = "true"
		u.mark("spec nodeSelector "+tagPrefix+tag, p.Index(i))
		u.l.todo.tag(tag, u.s.Name)
	}
}

// tagChore is a tag that nodes must have, and who wants it.
type tagChore struct {
	tag   string
	users []string
}

func (c *chores) tag(tag, user string) {
	for i := range c.tags {
		if c.tags[i].tag == tag {
			c.tags[i].users = append(c.tags[i].users, user)
			return
		}
	}
	c.tags = append(c.tags, tagChore{tag, []string{user}})
}

// command labels a node.
func (t *tagChore) command() string {
	return "kubectl label node NODE " + tagPrefix + t.tag + "=true    # each node that may run " + strings.Join(t.users, ", ")
}
