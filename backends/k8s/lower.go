package k8s

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/octocompose/octocompose/compiler/artifact"
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/support"
	"github.com/octocompose/octocompose/compiler/tree"
)

// DefaultSidecar is the image of octo-sidecar, when targets.T.sidecar names none. APPLY.md asks to pin it.
const DefaultSidecar = "ghcr.io/octocompose/octo-sidecar:latest"

// Backend lowers to Kubernetes. It has no state.
type Backend struct{}

// New returns the backend.
func New() *Backend { return &Backend{} }

// Name is the value of targets.T.backend.
func (*Backend) Name() string { return "k8s" }

// Table says what Kubernetes does with each field.
func (*Backend) Table() *support.Table { return table() }

// Lower makes the manifests. The diagnostics are about values; what the table says about fields is checked before.
func (*Backend) Lower(in *model.Input) (*artifact.Set, diag.List) {
	l := lower(in)
	if l.ds.Has(diag.Error) {
		return &artifact.Set{}, l.ds
	}
	set, err := l.print()
	if err != nil {
		l.ds.Error(diag.Internal, in.Target.Path, "%v", err)
	}
	return set, l.ds
}

// lowering is one run: what is known of the project, and the objects as they come.
type lowering struct {
	in *model.Input
	p  *model.Project
	t  *model.Target
	ds diag.List

	names    map[*model.Service]string // DNS labels
	services registry                  // names of Services, and so of workloads
	units    []*unit                   // of the services that are lowered, by name
	unit     map[string]*unit          // by name in the config
	stores   storeList
	fixed    map[string]*fixedAddress // by address
	policies bool                     // there are NetworkPolicies
	serves   bool                     // octo-sidecar serves configs in pods
	watch    *watch                   // octo-monitor; nil: there is none
	// sharedClaims is how many claims the output has that no StatefulSet makes.
	sharedClaims int

	objects []object
	todo    chores // for APPLY.md
}

// object is a Kubernetes object with what stands beside it.
type object struct {
	file  string // in the output tree
	unit  *unit  // whose it is; nil for what belongs to several or to all
	users []*unit
	value any // a pointer to a type of k8s.io/api
	notes []note
	pod   []note   // by steps below the pod template
	from  []string // source files
	// patched are the notes of what a patch wrote.
	patched []note
}

// note is a comment or an origin of one field. at are the steps to it, with a space between; "" is the object.
type note struct {
	in     string // what at begins with, "" or steps with a space at the end
	at     string
	head   string
	tail   string
	origin tree.Path
}

// lower works out all objects.
func lower(in *model.Input) *lowering {
	l := &lowering{
		in: in, p: in.Project, t: in.Target,
		names: make(map[*model.Service]string, len(in.Project.Services)), services: registry{},
		unit: make(map[string]*unit, len(in.Project.Services)),
	}
	if l.t.IngressClass != "" {
		l.ds.Note(diag.NotYet, l.t.Path.Key("ingress_class"), "nothing uses it: it is for routes, which are not in this version").Target = l.t.Name
	}
	l.objects = make([]object, 0, 4*len(in.Project.Services))
	l.plan()
	for _, u := range l.units {
		u.build()
	}
	l.buildMonitor()
	l.checkGenerated()
	for _, u := range l.units {
		l.workload(u)
		l.serviceObjects(u)
		l.account(u)
	}
	l.claims()
	l.externalSecrets()
	l.networkPolicies()
	l.patches()
	l.namespace()
	return l
}

// plan finds out what every service becomes, before any of them is lowered: they name one another.
func (l *lowering) plan() {
	var active []*model.Service
	for _, s := range l.p.Services {
		if s.InProfile(l.p.Profiles) {
			active = append(active, s)
		}
	}
	l.nameServices(active)
	for _, s := range active {
		name := l.names[s]
		u := &unit{
			pod: &pod{}, l: l, s: s, name: name, hardened: s.Hardened(), labels: l.labelsOf(name), selects: l.selectorOf(name),
			checks: s.AllChecks(),
		}
		l.units = append(l.units, u)
		l.unit[s.Name] = u
	}
	l.planPatches()
	for _, u := range l.units {
		u.collectPorts()
		u.planMounts()
		u.planSteps()
	}
	l.settleStores()
	for _, u := range l.units {
		u.choose()
	}
	l.planServices()
	l.planServed()
	l.joinNetworks()
	l.policies = l.needPolicies()
	l.planMonitor()
	l.planMetrics()
}

// add keeps an object.
func (l *lowering) add(o object) { l.objects = append(l.objects, o) }

// typeMeta is the head of an object.
func typeMeta(gv schema.GroupVersion, kind string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: gv.String(), Kind: kind}
}

// labelsOf are the recommended labels of what belongs to one service. The version is not among them: it stands on
// workloads only, as a release would touch every file.
func (l *lowering) labelsOf(name string) map[string]string {
	return map[string]string{
		"app.kubernetes.io/name":       name,
		"app.kubernetes.io/instance":   l.instance(),
		"app.kubernetes.io/part-of":    l.instance(),
		"app.kubernetes.io/managed-by": "octo",
	}
}

// selectorOf are the labels that find the pods of one service. They never change: a selector cannot.
func (l *lowering) selectorOf(name string) map[string]string {
	return map[string]string{"app.kubernetes.io/name": name, "app.kubernetes.io/instance": l.instance()}
}

// instance is the project's name as the value of a label.
func (l *lowering) instance() string {
	if isLabelValue(l.p.Name) {
		return l.p.Name
	}
	return label(l.p.Name)
}

// meta is the metadata of an object of the service. All objects of a service share the labels, which never change.
func (u *unit) meta(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Namespace: u.l.t.Namespace, Labels: u.labels}
}

// refuse reports a value that Kubernetes cannot express, unless the target accepts the loss.
func (l *lowering) refuse(p tree.Path, help, format string, args ...any) {
	support.Refuse(&l.ds, l.t, p, help, format, args...)
}

// emulate warns of a value that Kubernetes has in another way.
func (l *lowering) emulate(p tree.Path, help, format string, args ...any) {
	support.Emulate(&l.ds, l.t, p, help, format, args...)
}

// merged is the sorted union of lists of source files.
func merged(lists ...[]string) []string {
	var out []string
	for _, list := range lists {
		out = append(out, list...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func ptr[T any](v T) *T { return &v }
