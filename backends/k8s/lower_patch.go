package k8s

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/tree"
)

// planPatches finds the patches of the services: services.X.target.k8s.
func (l *lowering) planPatches() {
	services := l.in.Tree.Get("services")
	for _, u := range l.units {
		u.patch = services.Get(u.s.Name).Get("target").Get("k8s")
	}
}

// patches merges the patches into the objects, when all objects are there: last, so that the user has the last word.
func (l *lowering) patches() {
	owned := map[*unit][]*object{}
	for i := range l.objects {
		o := &l.objects[i]
		for _, u := range o.owners() {
			if u.patch != nil && len(u.patch.Fields) > 0 {
				owned[u] = append(owned[u], o)
			}
		}
	}
	if len(owned) == 0 {
		return
	}
	for _, u := range l.units {
		if objects := owned[u]; objects != nil {
			u.patchAll(objects)
		}
	}
}

// owners are the services that an object belongs to.
func (o *object) owners() []*unit {
	if o.unit != nil {
		return []*unit{o.unit}
	}
	return o.users
}

// kindOf is the kind of an object as patches name it.
func (o *object) kindOf() string { return strings.ToLower(reflect.TypeOf(o.value).Elem().Name()) }

// name is metadata.name of an object.
func (o *object) name() string {
	return reflect.ValueOf(o.value).Elem().FieldByName("Name").String()
}

// patchAll merges the patches of one service into its objects.
func (u *unit) patchAll(objects []*object) {
	at := u.s.Path.Keys("target", "k8s")
	for i := range u.patch.Fields {
		kind, n := u.patch.Fields[i].Key, u.patch.Fields[i].Value
		p := at.Key(kind)
		var of []*object
		for _, o := range objects {
			if o.kindOf() == kind {
				of = append(of, o)
			}
		}
		switch {
		case len(of) == 0:
			u.noSuchKind(kind, objects, p)
		case n.Kind == tree.Map:
			u.patchOne(of, n, p)
		case n.Kind == tree.List:
			for j, it := range n.Items {
				u.patchOne(of, it, p.Index(j))
			}
		case n.Kind != tree.Null && n.Kind != tree.Unknown:
			u.l.ds.Error(diag.Type, p, "cannot use a %s as a patch; want a mapping", n.Kind).Target = u.l.t.Name
		}
	}
}

// noSuchKind reports a patch for an object that the service has not.
func (u *unit) noSuchKind(kind string, objects []*object, p tree.Path) {
	var kinds []string
	for _, o := range objects {
		kinds = append(kinds, o.kindOf())
	}
	slices.Sort(kinds)
	kinds = slices.Compact(kinds)
	d := u.l.ds.Error(diag.UnknownKey, p, "%s has no object of the kind %q; it has: %s", u.s.Name, kind, strings.Join(kinds, ", ")).OnKey()
	d.Target = u.l.t.Name
	if near := diag.Near(strings.ToLower(kind), kinds); near != "" {
		d.Helpf("did you mean %q?", near)
	} else if slices.Contains(kinds, strings.ToLower(kind)) {
		d.Helpf("write it in lower case")
	}
}

// patchOne merges one patch. Of several objects of a kind it is for the one that metadata.name names, or for the first,
// which has the name of the service.
func (u *unit) patchOne(of []*object, n *tree.Node, p tree.Path) {
	if n.Kind != tree.Map {
		u.l.ds.Error(diag.Type, p, "cannot use a %s as a patch; want a mapping", n.Kind).Target = u.l.t.Name
		return
	}
	o := of[0]
	if name := n.Get("metadata").Str("name"); name != "" {
		for _, other := range of {
			if other.name() == name {
				o = other
			}
		}
	}
	o.value = o.value.(runtime.Object).DeepCopyObject() // labels and selectors are shared among objects
	m := &patcher{l: u.l, fixed: fixedFields(o.kindOf()), tail: u.s.Path.String() + ".target.k8s"}
	before := len(u.l.ds)
	m.value(reflect.ValueOf(o.value).Elem(), n, "", p, merging{})
	if len(u.l.ds) > before {
		return
	}
	u.stillSelected(o, p)
	o.notes = m.settle(o.notes, "")
	o.pod = m.settle(o.pod, "spec template ")
	o.patched = append(o.patched, m.notes...)
}

// fixedFields are the paths of an object that a patch cannot change: what others find it by.
func fixedFields(kind string) []string {
	fixed := []string{"apiVersion", "kind", "metadata name", "metadata namespace"}
	switch kind {
	case "deployment", "statefulset", "daemonset", "job", "service", "poddisruptionbudget":
		fixed = append(fixed, "spec selector")
	case "networkpolicy":
		fixed = append(fixed, "spec podSelector")
	}
	return fixed
}

// stillSelected reports a patch that takes the labels away by which the pods are found.
func (u *unit) stillSelected(o *object, p tree.Path) {
	template := podTemplate(o.value)
	if template == nil || o.kindOf() == "job" {
		return
	}
	for _, key := range [...]string{"app.kubernetes.io/instance", "app.kubernetes.io/name"} {
		if template.Labels[key] != u.selects[key] {
			u.l.ds.Error(diag.Unsupported, p.Keys("spec", "template", "metadata", "labels", key),
				"cannot change the label %s: the %s finds its pods by it", key, o.kindOf()).Target = u.l.t.Name
		}
	}
}

// settle brings notes into step with the object: those of what is gone go too, those behind an item that is gone move
// up. prefix stands before their paths.
func (p *patcher) settle(notes []note, prefix string) []note {
	if len(p.gone)+len(p.moved) == 0 {
		return notes
	}
	out := make([]note, 0, len(notes))
	for _, n := range notes {
		full := prefix + n.in + n.at
		full, ok := p.place(strings.Join(strings.Fields(full), " "))
		if ok {
			n.in, n.at = "", strings.TrimPrefix(strings.TrimPrefix(full, strings.TrimSpace(prefix)), " ")
			out = append(out, n)
		}
	}
	return out
}

// place is where the path is now; not ok when it is gone.
func (p *patcher) place(at string) (string, bool) {
	for _, g := range p.gone {
		if g != "" && (at == g || strings.HasPrefix(at, g+" ")) {
			return "", false
		}
	}
	for _, m := range p.moved {
		rest, ok := strings.CutPrefix(at, m.at+" ")
		if !ok {
			continue
		}
		step, after, _ := strings.Cut(rest, " ")
		i, err := strconv.Atoi(step)
		if err != nil {
			continue
		}
		if slices.Contains(m.index, i) {
			return "", false
		}
		below := 0
		for _, j := range m.index {
			if j < i {
				below++
			}
		}
		at = strings.TrimSuffix(m.at+" "+strconv.Itoa(i-below)+" "+after, " ")
	}
	return at, true
}

// patchText is the patch for a kind as a text, "" for none: what holds a hash in its name has that of the patch in it.
func (u *unit) patchText(kind string) string {
	if u.patch == nil {
		return ""
	}
	var b strings.Builder
	writeTree(&b, u.patch.Get(kind))
	return b.String()
}

func writeTree(b *strings.Builder, n *tree.Node) {
	if n == nil {
		return
	}
	b.WriteString(n.Kind.String() + strconv.Quote(n.Text))
	for i := range n.Fields {
		b.WriteString(strconv.Quote(n.Fields[i].Key))
		writeTree(b, n.Fields[i].Value)
	}
	for _, it := range n.Items {
		writeTree(b, it)
	}
	b.WriteByte(';')
}
