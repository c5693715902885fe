package k8s

import (
	"slices"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

// externalSecret is what the External Secrets Operator makes a Secret of: the fields of external-secrets.io/v1 that we
// write (https://external-secrets.io/latest/api/externalsecret/). Its own module would bring the client libraries of
// every vault there is.
type externalSecret struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              externalSpec `json:"spec"`
}

type externalSpec struct {
	// RefreshInterval is how often the operator looks for a new value; a duration of Go.
	RefreshInterval string         `json:"refreshInterval"`
	SecretStoreRef  externalStore  `json:"secretStoreRef"`
	Target          externalTarget `json:"target"`
	Data            []externalData `json:"data"`
}

type externalStore struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
}

type externalTarget struct {
	Name string `json:"name"`
	// CreationPolicy Owner: the Secret goes with the ExternalSecret.
	CreationPolicy string `json:"creationPolicy"`
}

type externalData struct {
	SecretKey string      `json:"secretKey"`
	RemoteRef externalRef `json:"remoteRef"`
}

type externalRef struct {
	Key      string `json:"key"`
	Property string `json:"property"`
	Version  string `json:"version,omitempty"`
}

// refreshInterval is that of the operator itself.
const refreshInterval = "1h"

// fromStore reports whether a store of the cluster reads the secret.
func (l *lowering) fromStore(s *model.Secret) bool {
	return s.Vault != nil && !s.External && l.t.SecretStore != ""
}

// stored notes that a pod mounts the secret, under the key of the Secret of that name.
func (c *chores) stored(s *model.Secret, name, key string) {
	if !slices.ContainsFunc(c.fromStore, func(x storedSecret) bool { return x.secret == s }) {
		c.fromStore = append(c.fromStore, storedSecret{s, name, key})
	}
}

// storedSecret is a secret that a store of the cluster reads.
type storedSecret struct {
	secret    *model.Secret
	name, key string
}

// externalSecrets adds an ExternalSecret for each Secret that a store fills: most have one value, those of the same
// name several.
func (l *lowering) externalSecrets() {
	list := slices.Clone(l.todo.fromStore)
	slices.SortStableFunc(list, func(a, b storedSecret) int {
		if n := strings.Compare(a.name, b.name); n != 0 {
			return n
		}
		return strings.Compare(a.secret.Key, b.secret.Key)
	})
	for len(list) > 0 {
		n := 1
		for n < len(list) && list[n].name == list[0].name {
			n++
		}
		l.externalSecret(list[:n])
		list = list[n:]
	}
}

func (l *lowering) externalSecret(of []storedSecret) {
	name := of[0].name
	e := &externalSecret{TypeMeta: metav1.TypeMeta{APIVersion: "external-secrets.io/v1", Kind: "ExternalSecret"}}
	e.ObjectMeta = metav1.ObjectMeta{Name: name, Namespace: l.t.Namespace, Labels: l.labelsOf(label(name))}
	e.Spec.RefreshInterval = refreshInterval
	e.Spec.SecretStoreRef = externalStore{Kind: "SecretStore", Name: l.t.SecretStore}
	store := l.t.Path.Key("secret_store")
	if cluster, ok := strings.CutPrefix(l.t.SecretStore, "cluster/"); ok {
		e.Spec.SecretStoreRef = externalStore{Kind: "ClusterSecretStore", Name: cluster}
		store = l.t.Path // as the name is a part of what stands there
	}
	e.Spec.Target = externalTarget{Name: name, CreationPolicy: "Owner"}
	notes := []note{{origin: of[0].secret.Path}, {at: "spec secretStoreRef name", origin: store}}
	var from [][]string
	for i, x := range of {
		v := x.secret.Vault
		ref := externalRef{Key: v.Full(), Property: v.Key}
		if v.Version != nil {
			ref.Version = strconv.Itoa(*v.Version)
		}
		e.Spec.Data = append(e.Spec.Data, externalData{SecretKey: x.key, RemoteRef: ref})
		at := x.secret.Path.Key("vault")
		notes = append(notes, note{at: "spec data " + strconv.Itoa(i), origin: at})
		from = append(from, x.secret.From)
		if v.Address != "" {
			l.emulate(at.Key("address"), "write it into the store: spec.provider.vault.server",
				"the store %q knows where Vault is, and the address is not used", l.t.SecretStore)
		}
	}
	l.add(object{file: "secrets/" + name + ".yaml", value: e, notes: notes, from: merged(from...)})
}

// buildSecretSources refuses secrets for a build that are neither in a file nor in a variable when docker build runs.
func (u *unit) buildSecretSources(n *tree.Node) {
	list := n.Get("secrets")
	if list == nil {
		return
	}
	for i, it := range list.Items {
		s := u.l.p.Secret(it.Str("source"))
		if s == nil || !isBrought(s) {
			continue
		}
		u.l.refuse(u.at("build").Key("secrets").Index(i), "write file: or environment: below secrets."+s.Key+", in the overlay of this target",
			"docker build takes a secret from a file or a variable, and this one is in neither")
	}
}

// checkGenerated refuses a Secret of several values of which one is made by chance: its command leaves a Secret alone that
// is there, and the value would never be in it.
func (l *lowering) checkGenerated() {
	first := map[string]secretChore{}
	for _, c := range l.todo.secrets {
		other, taken := first[c.name]
		if !taken {
			first[c.name] = c
			continue
		}
		made, with := c, other
		if made.secret == nil || !made.secret.Generate {
			made, with = other, c
		}
		if made.secret == nil || !made.secret.Generate {
			continue // kubectl says that the Secret is there
		}
		d := l.ds.Error(diag.NameClash, made.secret.Path, "cannot make the Secret %q of the values %s and %s: a value made at random is alone in its Secret",
			made.name, made.key, with.key)
		d.Target = l.t.Name
		d.OnKey().Helpf("give secrets.%s a name of its own", made.secret.Key)
	}
}

// isBrought reports whether a command of APPLY.md brings the value of the secret, or a store: from a vault, by sops, by
// asking, or by chance.
func isBrought(s *model.Secret) bool {
	_, asked := s.Question()
	return !s.External && (asked || s.Generate || s.Vault != nil || s.Sops != nil)
}
