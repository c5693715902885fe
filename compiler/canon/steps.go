package canon

import (
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/shape"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// octoKey holds octo's own keys in a file that docker compose must still accept.
const octoKey = "x-octo"

// steps are the rewrites that look at more than one field: each is for the mappings of one definition of the schema,
// and runs when all that is below is canonical.
var steps = [...]struct {
	def   string
	apply func(*walker, *tree.Node) *tree.Node
}{
	{"#Service", replicas},
	{"#Service", defaultCheck},
	{"#Service", hooks},
	{"#Network", externalName},
	{"#Volume", externalName},
	{"#Volume", bindDevice},
	{"#Secret", externalName},
	{"#Config", externalName},
	{"#DeviceRequest", allDevices},
	{"#GPU", allDevices},
}

// Steps are the definitions that have a rewrite of their own.
func Steps() []string {
	defs := make([]string, len(steps))
	for i := range steps {
		defs[i] = steps[i].def
	}
	return defs
}

// lift moves the entries of x-octo, field i of n, to n itself.
func (w *walker) lift(s *shape.Shape, n *tree.Node, i int) *tree.Node {
	octo := n.Fields[i]
	fields := make([]tree.Field, 0, len(n.Fields)+len(octo.Value.Fields))
	fields = append(append(fields, n.Fields[:i]...), n.Fields[i+1:]...)
	w.key(octoKey)
	defer w.up()
	switch v := octo.Value; {
	case v.Kind == tree.Unknown || v.Kind == tree.Null && v.Mark == tree.Plain:
	case v.Mark != tree.Plain:
		w.diags.Error(diag.BadTag, w.at(), "cannot use a merge tag on x-octo; want it on a key inside").AtSpan(v.At)
	case v.Kind != tree.Map:
		w.fault(v.At, "cannot use a %s as x-octo; want a mapping", v.Kind)
	}
	out := n.WithFields(fields)
	for _, fd := range octo.Value.Fields {
		w.key(fd.Key)
		if fd.Key == octoKey {
			w.diags.Error(diag.UnknownKey, w.at(), "cannot put x-octo into x-octo").AtSpan(fd.KeyAt)
			w.up()
			continue
		}
		if f := lookup(s.Map, fd.Key); f != nil {
			fd.Value = w.entry(s, f, fd.Value)
		}
		out = w.unite(out, fd.Key, fd.KeyAt, fd.Value)
		w.up()
	}
	return out
}

// unite puts v at key of n, the mapping that has the same field under another spelling. Two mappings are united; other values
// must be equal.
func (w *walker) unite(n *tree.Node, key string, keyAt source.Span, v *tree.Node) *tree.Node {
	i := n.Find(key)
	if i < 0 {
		fields := append(n.Fields[:len(n.Fields):len(n.Fields)], tree.Field{Key: key, KeyAt: keyAt, Value: v})
		return n.WithFields(fields)
	}
	old := n.Fields[i].Value
	if u := w.united(old, v); u != old {
		fields := append([]tree.Field(nil), n.Fields...)
		fields[i].Value = u
		return n.WithFields(fields)
	}
	return n
}

// united is one value for the two spellings a and b of it.
func (w *walker) united(a, b *tree.Node) *tree.Node {
	switch {
	case a.Kind == tree.Unknown:
		return a
	case b.Kind == tree.Unknown:
		return b
	case a.Mark == tree.Plain && b.Mark == tree.Plain && a.Kind == tree.Map && b.Kind == tree.Map:
		for _, fd := range b.Fields {
			w.key(fd.Key)
			a = w.unite(a, fd.Key, fd.KeyAt, fd.Value)
			w.up()
		}
		return a
	case a.Mark == b.Mark && tree.Equal(a, b):
		return a
	}
	this, that := shown(b), shown(a)
	secret := len(w.path) > 0 && diag.SecretName(w.path[len(w.path)-1].Key)
	if secret {
		this, that = "this value", "another"
	}
	w.diags.Error(diag.Conflict, w.at(), "cannot use %s; %s stands for the same field", this, that).AtSpan(b.At).
		SeeSpan(a.At, "the other spelling stands here").Helpf("delete one of the two").Quiet = secret
	return w.unknown(a)
}

// shown is a value as a message names it.
func shown(n *tree.Node) string {
	if n.Kind.IsScalar() && n.Kind != tree.Null && n.Mark == tree.Plain {
		return n.Text
	}
	return "another " + n.Kind.String()
}

// replicas makes scale and deploy.replicas the field replicas. A deploy that takes away or replaces what lower layers say takes
// away their number too.
func replicas(w *walker, n *tree.Node) *tree.Node {
	deploy := n.Get("deploy")
	inner := deploy.Find("replicas")
	cleared := deploy != nil && deploy.Mark != tree.Plain
	if inner < 0 && !cleared && n.Find("scale") < 0 {
		return n
	}
	if i := n.Find("scale"); i >= 0 {
		fd := n.Fields[i]
		n = n.Without("scale")
		w.key("scale")
		n = w.unite(n, "replicas", fd.KeyAt, fd.Value)
		w.up()
	}
	if inner >= 0 {
		fd := deploy.Fields[inner]
		if rest := deploy.Without("replicas"); len(rest.Fields) == 0 && !cleared {
			n = n.Without("deploy")
		} else {
			n = n.Set("deploy", fd.KeyAt, rest)
		}
		w.key("deploy")
		w.key("replicas")
		n = w.unite(n, "replicas", fd.KeyAt, fd.Value)
		w.up()
		w.up()
	} else if cleared && n.Find("replicas") < 0 {
		none := w.node(tree.Null, deploy.At)
		none.Mark = tree.Reset
		n = n.Set("replicas", deploy.At, none)
	}
	return n
}

// checkFields are the fields of a check that have another name in a healthcheck.
var checkFields = [...]struct{ check, health string }{
	{"failures", "retries"},
	{"exec", "test"},
}

// defaultCheck makes checks.default the field healthcheck.
func defaultCheck(w *walker, n *tree.Node) *tree.Node {
	checks := n.Get("checks")
	i := checks.Find("default")
	if i < 0 {
		return n
	}
	fd := checks.Fields[i]
	if rest := checks.Without("default"); len(rest.Fields) == 0 && checks.Mark == tree.Plain {
		n = n.Without("checks")
	} else {
		n = n.Set("checks", fd.KeyAt, rest)
	}
	v := fd.Value
	if v.Kind == tree.Map && v.Mark != tree.Reset {
		fields := append([]tree.Field(nil), v.Fields...)
		for j := range fields {
			for _, r := range checkFields {
				if fields[j].Key == r.check {
					fields[j].Key = r.health
				}
			}
			if fields[j].Key == "test" {
				fields[j].Value = w.program(fields[j].Value)
			}
		}
		v = v.WithFields(fields)
	}
	w.key("checks")
	w.key("default")
	defer func() { w.up(); w.up() }()
	if v.Kind == tree.Map && v.Mark != tree.Reset {
		v = w.plainDefault(v)
	}
	return w.unite(n, "healthcheck", fd.KeyAt, v)
}

// defaultsOfCheck are what checks.default may say beyond a healthcheck, as it is what a healthcheck is anyway.
var defaultsOfCheck = [...]struct{ key, value string }{
	{"level", "ready"}, {"successes", "1"}, {"on_failure", "none"},
}

// plainDefault takes from checks.default what a healthcheck is anyway, and reports what it is not.
func (w *walker) plainDefault(n *tree.Node) *tree.Node {
	for _, d := range defaultsOfCheck {
		v := n.Get(d.key)
		if v == nil || !isScalar(v) {
			continue
		}
		if v.Text != d.value {
			w.key(d.key)
			w.diags.Error(diag.Conflict, w.at(), "cannot use %s: %s here; the check named default is the healthcheck, whose %s is %s", d.key, v.Text, d.key, d.value).
				AtSpan(v.At).Helpf("give the check another name than default")
			w.up()
		}
		n = n.Without(d.key)
	}
	return n
}

// hookKeys are the hooks that a key of Compose stands for.
var hookKeys = [...]string{"pre_start", "post_start", "pre_stop"}

// hooks makes hooks.pre_start, post_start and pre_stop the keys of Compose with these names. They are lists to which each layer
// adds; both spellings in one layer are one list.
func hooks(w *walker, n *tree.Node) *tree.Node {
	at := n.Find("hooks")
	if at < 0 {
		return n
	}
	all := n.Fields[at].Value
	if all.Kind != tree.Map {
		return n
	}
	rest := all
	for _, key := range hookKeys {
		i := rest.Find(key)
		if i < 0 {
			continue
		}
		fd := rest.Fields[i]
		rest = rest.Without(key)
		switch old := n.Get(key); {
		case old == nil || old.Kind == tree.Null && old.Mark == tree.Plain:
			n = n.Set(key, fd.KeyAt, fd.Value)
		case old.Kind == tree.List && fd.Value.Kind == tree.List && old.Mark == fd.Value.Mark:
			items := append(append([]*tree.Node(nil), old.Items...), fd.Value.Items...)
			n = n.Set(key, fd.KeyAt, old.WithItems(items))
		default:
			w.key("hooks")
			w.key(key)
			n = w.unite(n, key, fd.KeyAt, fd.Value)
			w.up()
			w.up()
		}
	}
	if len(rest.Fields) == 0 && all.Mark == tree.Plain {
		return n.Without("hooks")
	}
	return n.Set("hooks", n.Fields[n.Find("hooks")].KeyAt, rest)
}

// program is the test of a healthcheck that runs what exec names.
func (w *walker) program(n *tree.Node) *tree.Node {
	if n.Kind != tree.List || n.Mark == tree.Reset {
		return commandShell(w, nil, n)
	}
	if len(n.Items) > 0 && n.Items[0].Kind == tree.String && (n.Items[0].Text == "CMD" || n.Items[0].Text == "CMD-SHELL") {
		return n
	}
	items := make([]*tree.Node, 0, len(n.Items)+1)
	return n.WithItems(append(append(items, w.scalar(tree.String, "CMD", n.At)), n.Items...))
}

// externalName makes external: {name: N}, the form of Compose's version 2, external: true and name: N.
func externalName(w *walker, n *tree.Node) *tree.Node {
	external := n.Get("external")
	if external == nil || external.Kind != tree.Map || external.Mark == tree.Reset {
		return n
	}
	yes := w.remake(external, tree.Bool)
	yes.Text = "true"
	n = n.Set("external", external.At, yes)
	i := external.Find("name")
	if i < 0 {
		return n
	}
	w.key("external")
	w.key("name")
	defer func() { w.up(); w.up() }()
	return w.unite(n, "name", external.Fields[i].KeyAt, external.Fields[i].Value)
}

// bindDevice: a volume of the local driver that binds a folder has a path in device, as compose-go knows.
func bindDevice(w *walker, n *tree.Node) *tree.Node {
	options := n.Get("driver_opts")
	if n.Str("driver") != "local" || options.Str("o") != "bind" {
		return n
	}
	return w.replace(n, "driver_opts", func(o *tree.Node) *tree.Node { return w.replace(o, "device", w.hostPath) })
}
