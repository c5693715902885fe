package k8s

import (
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

// defaultCPU is what a pod asks for that names nothing, in thousandths: without a request the scheduler puts any number
// on one node.
const defaultCPU = 50

// buildResources lowers limits and reservations. A memory limit is also the request: memory cannot be taken back.
func (u *unit) buildResources() {
	limits, kept := u.s.Limits(), u.s.Reservations()
	r := corev1.ResourceRequirements{Requests: corev1.ResourceList{}, Limits: corev1.ResourceList{}}
	if limits.CPUs == nil && u.s.CPUQuota != nil && *u.s.CPUQuota > 0 {
		period := int64(100_000)
		if u.s.CPUPeriod != nil && *u.s.CPUPeriod > 0 {
			period = *u.s.CPUPeriod
		}
		limits.CPUs = ptr(model.CPUs(*u.s.CPUQuota * 1_000_000_000 / period))
	}
	if limits.CPUs != nil && *limits.CPUs > 0 {
		r.Limits[corev1.ResourceCPU] = milli(limits.CPUs.Milli())
		u.markIn("resources limits cpu", u.limitPath("cpus"))
	}
	if limits.Memory != nil && *limits.Memory > 0 {
		r.Limits[corev1.ResourceMemory] = quantity(*limits.Memory)
		u.markIn("resources limits memory", u.limitPath("memory"))
	}
	cpu := int64(defaultCPU)
	switch {
	case kept.CPUs != nil:
		cpu = kept.CPUs.Milli()
	case u.s.CPUShares != nil:
		cpu = max(*u.s.CPUShares*1000/1024, 1)
	}
	if limits.CPUs != nil && *limits.CPUs > 0 && cpu > limits.CPUs.Milli() {
		if kept.CPUs != nil {
			u.moreThanLimit("cpus")
		}
		cpu = limits.CPUs.Milli()
	}
	r.Requests[corev1.ResourceCPU] = milli(cpu)
	memory := kept.Memory
	if memory == nil {
		memory = limits.Memory
	} else if limits.Memory != nil && *limits.Memory > 0 && *memory > *limits.Memory {
		u.moreThanLimit("memory")
	}
	if memory != nil && *memory > 0 {
		r.Requests[corev1.ResourceMemory] = quantity(*memory)
	}
	u.buildDevices(&r, kept.Devices)
	u.buildStorage(&r)
	u.c().Resources = r
}

// buildStorage lowers storage_opt.size: what the container may write to the node's disk.
func (u *unit) buildStorage(r *corev1.ResourceRequirements) {
	if u.l.in.Tree == nil || u.main != nil && !u.wrote("storage_opt") {
		return
	}
	n, ok := tree.Get(u.l.in.Tree, u.s.Path)
	if n = n.Get("storage_opt"); !ok || n == nil {
		return
	}
	for i := range n.Fields {
		key, v := n.Fields[i].Key, n.Fields[i].Value
		p := u.at("storage_opt").Key(key)
		size := parseSize(v.Text)
		if key != "size" || size == nil {
			u.l.refuse(p, "want size: 10G", "cannot use %q as an option of a container's disk", key+": "+v.Text)
			continue
		}
		r.Limits[corev1.ResourceEphemeralStorage] = quantity(*size)
		u.markIn("resources limits ephemeral-storage", p)
	}
}

func milli(n int64) resource.Quantity { return *resource.NewMilliQuantity(n, resource.DecimalSI) }

// limitPath is where the limit was written.
func (u *unit) limitPath(what string) tree.Path {
	if d := u.s.Deploy; d != nil && d.Resources != nil && d.Resources.Limits != nil &&
		(what == "cpus" && d.Resources.Limits.CPUs != nil || what == "memory" && d.Resources.Limits.Memory != nil) {
		return u.at("deploy").Keys("resources", "limits", what)
	}
	if what == "memory" {
		what = "mem_limit"
	} else if u.s.CPUs == nil {
		what = "cpu_quota"
	}
	return u.at(what)
}

func (u *unit) moreThanLimit(what string) {
	p := u.at("deploy").Keys("resources", "reservations", what)
	if what == "memory" && u.s.MemReservation != nil {
		p = u.at("mem_reservation")
	}
	d := u.l.ds.Error(diag.Range, p, "%s reserves more than its limit allows", u.s.Name)
	d.Target = u.l.t.Name
	d.See(u.limitPath(what), "the limit")
}

// vendors are the drivers of devices with the names of their resources on Kubernetes.
var vendors = []struct{ driver, resource string }{
	{"", "nvidia.com/gpu"}, {"nvidia", "nvidia.com/gpu"}, {"amd", "amd.com/gpu"}, {"intel", "gpu.intel.com/i915"},
}

// buildDevices lowers gpus and the devices of the reservations.
func (u *unit) buildDevices(r *corev1.ResourceRequirements, requests []model.DeviceRequest) {
	p := u.at("deploy").Keys("resources", "reservations", "devices")
	for i, d := range requests {
		u.device(r, d.Driver, d.Count, len(d.DeviceIDs) > 0, d.Capabilities, p.Index(i))
	}
	gpus, ok := tree.Get(u.l.in.Tree, u.at("gpus"))
	if !ok || u.l.in.Tree == nil {
		return
	}
	if gpus.Kind != tree.List { // "all"
		u.device(r, "", "all", false, []string{"gpu"}, u.at("gpus"))
		return
	}
	for i, g := range gpus.Items {
		u.device(r, g.Str("driver"), g.Str("count"), g.Get("device_ids") != nil, []string{"gpu"}, u.at("gpus").Index(i))
	}
}

func (u *unit) device(r *corev1.ResourceRequirements, driver, count string, ids bool, capabilities []string, p tree.Path) {
	name := ""
	for _, v := range vendors {
		if v.driver == driver && strings.Contains(strings.Join(capabilities, " "), "gpu") {
			name = v.resource
		}
	}
	if name == "" {
		u.l.refuse(p, "gpus of nvidia, amd and intel are known", "cannot ask a cluster for devices of the driver %q", driver)
		return
	}
	if ids {
		u.l.refuse(p.Key("device_ids"), "write count", "a cluster chooses the devices itself")
		return
	}
	n, err := strconv.ParseInt(count, 10, 64)
	if err != nil {
		n = 1
		u.l.emulate(p, "write count: 1", "a cluster gives devices by number, not %q: this is one", "all")
	}
	q := *resource.NewQuantity(n, resource.DecimalSI)
	if have, ok := r.Limits[corev1.ResourceName(name)]; ok {
		q.Add(have)
	}
	r.Limits[corev1.ResourceName(name)] = q
	u.markIn("resources limits "+name, p)
	u.l.emulate(p, "", "the nodes need the device plugin that offers %s", name)
}

// buildPlacement lowers what says where pods run.
func (u *unit) buildPlacement() {
	u.buildPlatform()
	u.buildTags()
	spec := u.spec()
	if u.kind != daemonSet && u.kind != job && u.most() > 1 {
		spec.TopologySpreadConstraints = append(spec.TopologySpreadConstraints, u.spread("kubernetes.io/hostname"))
	}
	if u.s.Deploy == nil || u.s.Deploy.Placement == nil {
		return
	}
	place := u.s.Deploy.Placement
	p := u.s.Path.Keys("deploy", "placement")
	for i, c := range place.Constraints {
		u.constraint(c, p.Key("constraints").Index(i))
	}
	for i, pref := range place.Preferences {
		key, ok := nodeKey(pref.Spread)
		if !ok {
			u.l.refuse(p.Key("preferences").Index(i), "want node.labels.NAME", "cannot spread over %q", pref.Spread)
			continue
		}
		spec.TopologySpreadConstraints = append(spec.TopologySpreadConstraints, u.spread(key))
		u.mark("spec topologySpreadConstraints", p.Key("preferences"))
	}
	u.perNode(place, p.Key("max_replicas_per_node"))
}

// perNode lowers max_replicas_per_node: one is an anti-affinity of the pods to each other.
func (u *unit) perNode(place *model.Placement, p tree.Path) {
	switch n := place.MaxReplicasPerNode; {
	case n == nil || *n == 0:
	case *n != 1:
		u.l.refuse(p, "write 1, or spread them with preferences", "cannot keep to at most %d replicas on a node", *n)
	default:
		if u.spec().Affinity == nil {
			u.spec().Affinity = &corev1.Affinity{}
		}
		u.spec().Affinity.PodAntiAffinity = &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{
			TopologyKey: "kubernetes.io/hostname", LabelSelector: &metav1.LabelSelector{MatchLabels: u.selects},
		}}}
		u.mark("spec affinity podAntiAffinity", p)
	}
}

// spread asks for an even share of the pods in each value of the label of nodes.
func (u *unit) spread(key string) corev1.TopologySpreadConstraint {
	return corev1.TopologySpreadConstraint{
		MaxSkew: 1, TopologyKey: key, WhenUnsatisfiable: corev1.ScheduleAnyway,
		LabelSelector: &metav1.LabelSelector{MatchLabels: u.selects},
	}
}

// buildPlatform lowers platform: os/arch with an optional variant.
func (u *unit) buildPlatform() {
	if u.s.Platform == "" {
		return
	}
	p := u.at("platform")
	os, arch, _ := strings.Cut(u.s.Platform, "/")
	arch, _, _ = strings.Cut(arch, "/")
	switch {
	case os == "wasi" && u.s.Runtime != "":
		return // the RuntimeClass says which nodes can
	case os == "linux" || os == "windows":
		u.spec().NodeSelector = map[string]string{"kubernetes.io/os": os}
		if arch != "" {
			u.spec().NodeSelector["kubernetes.io/arch"] = arch
		}
		u.mark("spec nodeSelector", p)
	default:
		u.l.refuse(p, "want linux/amd64 or the like; for wasi name a runtime", "there are no nodes of the platform %q", u.s.Platform)
	}
}

// constraint lowers KEY==VALUE and KEY!=VALUE.
func (u *unit) constraint(c string, p tree.Path) {
	op, sep := corev1.NodeSelectorOpIn, "=="
	if strings.Contains(c, "!=") {
		op, sep = corev1.NodeSelectorOpNotIn, "!="
	}
	left, value, found := strings.Cut(c, sep)
	left, value = strings.TrimSpace(left), strings.TrimSpace(value)
	key, ok := nodeKey(left)
	term := corev1.NodeSelectorRequirement{Key: key, Operator: op, Values: []string{value}}
	if left == "node.role" {
		ok, term.Key, term.Values = true, "node-role.kubernetes.io/control-plane", nil
		term.Operator = corev1.NodeSelectorOpDoesNotExist
		if (value == "manager") == (op == corev1.NodeSelectorOpIn) {
			term.Operator = corev1.NodeSelectorOpExists
		}
	}
	if !found || !ok {
		u.l.refuse(p, "node.labels.NAME, node.hostname, node.platform.os, node.platform.arch and node.role are known",
			"cannot express the constraint %q", c)
		return
	}
	u.mark("spec affinity", p)
	spec := u.spec()
	if spec.Affinity == nil {
		spec.Affinity = &corev1.Affinity{}
	}
	if spec.Affinity.NodeAffinity == nil {
		spec.Affinity.NodeAffinity = &corev1.NodeAffinity{
			RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: make([]corev1.NodeSelectorTerm, 1)},
		}
	}
	terms := spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms
	terms[0].MatchExpressions = append(terms[0].MatchExpressions, term)
}

// nodeKey is the label of nodes for a key of Swarm.
func nodeKey(s string) (string, bool) {
	switch s {
	case "node.hostname":
		return "kubernetes.io/hostname", true
	case "node.platform.os":
		return "kubernetes.io/os", true
	case "node.platform.arch":
		return "kubernetes.io/arch", true
	}
	return strings.CutPrefix(s, "node.labels.")
}
