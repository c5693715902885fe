package k8s

import (
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

// How long one try of a gate waits. When it is over the init container fails and the kubelet starts it again.
const (
	waitForService = "--timeout=10m"
	waitForJob     = "--timeout=15m"
)

// kubeFolder is where a gate that asks for a Job finds the token, the certificate and the namespace.
const kubeFolder = "/run/octo/kube"

// buildGates lowers depends_on: one init container for each dependency.
func (u *unit) buildGates() {
	for _, d := range u.s.DependsOn {
		p := u.at("depends_on").Key(d.Service)
		to := u.l.unit[d.Service]
		if to == nil {
			if other := u.l.p.Service(d.Service); other != nil && d.IsRequired() {
				e := u.l.ds.Error(diag.UnknownService, p, "%s waits for %s, which is in the profile %s and is left out",
					u.s.Name, d.Service, strings.Join(other.Profiles, ", "))
				e.Target = u.l.t.Name
				e.OnKey().Helpf("compile with --profile %s, or write required: false", strings.Join(other.Profiles, " --profile "))
			}
			continue
		}
		if args := u.gate(to, d, p); args != nil {
			u.addGate(to, args, p)
		}
	}
	if len(u.waitsFor) > 0 {
		u.addToken()
	}
}

// gate is what the sidecar is told to wait for; nil when there is nothing to ask.
func (u *unit) gate(to *unit, d model.Dependency, p tree.Path) []string {
	switch {
	case to.kind == job:
		if d.Condition != model.Completed {
			return nil // it has been created with the others, and it has no Service
		}
		to.build()
		u.waitsFor = append(u.waitsFor, to.workloadName)
		return []string{"wait", waitForJob, "k8s-job", to.workloadName}
	case to.s.Replicas != nil && *to.s.Replicas == 0:
		return nil
	case d.Condition == model.Started && len(to.checks) > 0:
		return nil // ready would be more than started
	case !to.service:
		return nil
	}
	words := []string{"wait", waitForService, "tcp"}
	for i := range to.ports {
		if p := &to.ports[i]; p.protocol == corev1.ProtocolTCP {
			words = append(words, to.name+":"+strconv.Itoa(int(p.number))) // any of them will do
		}
	}
	if len(words) > 3 {
		return words
	}
	return []string{"wait", waitForService, "dns", to.name}
}

// addGate adds the init container.
func (u *unit) addGate(to *unit, args []string, p tree.Path) {
	u.mark(u.nextInit(), p)
	u.addSidecar("wait-"+to.name, args...)
}

// addToken mounts what the gate needs to ask the API into the gates alone, and lets the service's account read these
// Jobs and nothing else.
func (u *unit) addToken() {
	mode := u.secretMode(nil)
	certificate := &corev1.ConfigMapProjection{Items: []corev1.KeyToPath{{Key: "ca.crt", Path: "ca.crt"}}}
	certificate.Name = "kube-root-ca.crt"
	u.notes = append(u.notes, note{
		at: "spec volumes " + strconv.Itoa(len(u.spec().Volumes)) + " name", tail: "for the gate alone: no other container mounts it",
	})
	token := u.volume("kube-api", corev1.Volume{VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{
		DefaultMode: mode,
		Sources: []corev1.VolumeProjection{
			{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Path: "token", ExpirationSeconds: ptr(int64(3600))}},
			{ConfigMap: certificate},
			{DownwardAPI: &corev1.DownwardAPIProjection{Items: []corev1.DownwardAPIVolumeFile{
				{Path: "namespace", FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.namespace"}},
			}}},
		},
	}}})
	for i := range u.spec().InitContainers {
		if c := &u.spec().InitContainers[i]; len(c.Args) > 2 && c.Args[0] == "wait" && c.Args[2] == "k8s-job" && c.Image == u.l.sidecar() {
			c.VolumeMounts = []corev1.VolumeMount{{Name: token, MountPath: kubeFolder, ReadOnly: true}}
		}
	}
	name := u.name + "-gate"
	file := u.name + "/role.yaml"
	u.l.add(object{file: file, unit: u, from: u.s.From, value: &rbacv1.Role{
		TypeMeta: typeMeta(rbacv1.SchemeGroupVersion, "Role"), ObjectMeta: u.meta(name),
		Rules: []rbacv1.PolicyRule{{
			APIGroups: []string{"batch"}, Resources: []string{"jobs"}, ResourceNames: u.waitsFor, Verbs: []string{"get"},
		}},
	}})
	u.l.add(object{file: file, unit: u, from: u.s.From, value: &rbacv1.RoleBinding{
		TypeMeta: typeMeta(rbacv1.SchemeGroupVersion, "RoleBinding"), ObjectMeta: u.meta(name),
		RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name},
		Subjects: []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: u.name, Namespace: u.l.t.Namespace}},
	}})
}
