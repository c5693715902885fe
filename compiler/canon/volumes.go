package canon

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/shape"
	"github.com/octocompose/octocompose/compiler/tree"
)

// volumes: [SOURCE:]TARGET[:OPTIONS]. As compose-go reads it (format/volume.go), among it: a source that starts with
// a dot, a slash, a tilde, a backslash twice or a drive letter is bound, and its folder made when it is missing; another one names
// a volume; one letter before a colon is a Windows drive. It differs in two ways: cached, delegated and consistent become consistency, and an
// option that nobody knows is a warning; compose-go drops both.
func volumes(w *walker, f *shape.Field, n *tree.Node) *tree.Node {
	if n.Kind != tree.List {
		return n
	}
	return items(volume)(w, f, n)
}

func volume(w *walker, n *tree.Node) *tree.Node {
	t := w.text(n)
	if n.Kind != tree.String || t.s == "" {
		w.fault(n.At, "cannot use %q as a mount; want SOURCE:TARGET", n.Text)
		return w.unknown(n)
	}
	var sections [3]part
	count := 1
	if sections[0] = (part{0, len(t.s)}); utf8.RuneCountInString(t.s) > 2 {
		count = t.sections(sections[:])
	}
	for _, s := range sections[:min(count, 3)] {
		if s.empty() {
			w.fault(n.At, "cannot use %q as a mount; a part between colons is empty", t.s).Helpf("write SOURCE:TARGET or SOURCE:TARGET:ro")
			return w.unknown(n)
		}
	}
	if count > 3 {
		rest := part{sections[2].to, len(t.s)}
		w.fault(t.place(rest), "cannot use %q as a mount; want at most SOURCE:TARGET:OPTIONS", t.s).
			Helpf("write options with commas between them, or the long syntax: {type: bind, source: …, target: …}")
		return w.unknown(n)
	}
	m := mount{walker: w, n: n, t: &t, fields: make([]tree.Field, 0, 5)}
	if count == 1 {
		m.add("type", w.scalar(tree.String, "volume", n.At))
		m.target(sections[0])
		return w.mapOf(n, m.fields)
	}
	source := t.of(sections[0])
	bind := isHostPath(source)
	if bind {
		m.add("type", w.scalar(tree.String, "bind", n.At))
	} else {
		m.add("type", w.scalar(tree.String, "volume", n.At))
	}
	if bind {
		source = Relative(w.dir, source)
	}
	m.add("source", w.scalar(tree.String, source, t.place(sections[0])))
	m.target(sections[1])
	if count == 3 {
		m.options(sections[2])
	}
	if bind {
		m.bind = append(m.bind, tree.Field{Key: "create_host_path", KeyAt: n.At, Value: w.scalar(tree.Bool, "true", n.At)})
	}
	return m.node()
}

// sections cuts the text at its colons, but for the one behind a drive letter, and stores the first three. It returns
// their number.
func (t *text) sections(out []part) int {
	n, depth, from := 0, 0, 0
	for i := 0; i <= len(t.s); i++ {
		switch {
		case i == len(t.s) || depth == 0 && t.s[i] == ':' && !isDrive(t.s[from:i]):
			if n < len(out) {
				out[n] = part{from, i}
			}
			n, from = n+1, i+1
		case strings.HasPrefix(t.s[i:], "{{"):
			depth, i = depth+1, i+1
		case depth > 0 && strings.HasPrefix(t.s[i:], "}}"):
			depth, i = depth-1, i+1
		}
	}
	return n
}

// isDrive reports whether s, which stands before a colon, is a drive letter.
func isDrive(s string) bool {
	r, n := utf8.DecodeRuneInString(s)
	return n > 0 && n == len(s) && unicode.IsLetter(r)
}

// isHostPath reports whether the source of a mount is a path on the host rather than the name of a volume.
func isHostPath(s string) bool {
	switch {
	case s == "":
		return false
	case s[0] == '.', s[0] == '/', s[0] == '~', strings.HasPrefix(s, `\\`):
		return true
	}
	before, _, found := strings.Cut(s, ":")
	return found && isDrive(before)
}

// mount is a mount that is being written out.
type mount struct {
	*walker
	n            *tree.Node
	t            *text
	fields       []tree.Field
	bind, volume []tree.Field
}

func (m *mount) add(key string, v *tree.Node) {
	m.fields = append(m.fields, tree.Field{Key: key, KeyAt: m.n.At, Value: v})
}

func (m *mount) target(p part) {
	m.add("target", m.scalar(tree.String, cleanTarget(m.t.of(p)), m.t.place(p)))
}

// cleanTarget is a path in the container without "." and doubled slashes, so that two spellings of one place are one.
func cleanTarget(s string) string {
	if s == "" || templated(s) {
		return s
	}
	return path.Clean(s)
}

// mountOptions are the options of the short syntax: the field of the long one that each stands for.
var mountOptions = [...]struct{ option, group, key, value string }{
	{"ro", "", "read_only", "true"},
	{"rw", "", "read_only", ""},
	{"z", "bind", "selinux", "z"},
	{"Z", "bind", "selinux", "Z"},
	{"nocopy", "volume", "nocopy", "true"},
	{"rprivate", "bind", "propagation", "rprivate"},
	{"private", "bind", "propagation", "private"},
	{"rshared", "bind", "propagation", "rshared"},
	{"shared", "bind", "propagation", "shared"},
	{"rslave", "bind", "propagation", "rslave"},
	{"slave", "bind", "propagation", "slave"},
	{"cached", "", "consistency", "cached"},
	{"delegated", "", "consistency", "delegated"},
	{"consistent", "", "consistency", "consistent"},
}

func (m *mount) options(p part) {
	for more := true; more; {
		var one part
		one, p, more = m.t.cut(p, ',')
		name, known := m.t.of(one), false
		for _, o := range mountOptions {
			if o.option == name {
				m.option(o.group, o.key, o.value, one)
				known = true
				break
			}
		}
		if known {
			continue
		}
		d := m.diags.Warn(diag.Enum, m.at(), "no mount has the option %q; it is left out, as Compose does", name).AtSpan(m.t.place(one))
		names := make([]string, len(mountOptions))
		for i, o := range mountOptions {
			names[i] = o.option
		}
		if near := diag.Near(name, names); near != "" {
			d.Helpf("did you mean %q?", near)
		} else {
			d.Helpf("the options are %s", strings.Join(names, ", "))
		}
	}
}

// option sets a field to value, "" to take it out again: rw after ro.
func (m *mount) option(group, key, value string, p part) {
	list := &m.fields
	switch group {
	case "bind":
		list = &m.bind
	case "volume":
		list = &m.volume
	}
	kind := tree.String
	if value == "true" {
		kind = tree.Bool
	}
	for i := range *list {
		if (*list)[i].Key != key {
			continue
		}
		if value == "" {
			*list = append((*list)[:i], (*list)[i+1:]...)
		} else {
			(*list)[i].Value = m.scalar(kind, value, m.t.place(p))
		}
		return
	}
	if value != "" {
		*list = append(*list, tree.Field{Key: key, KeyAt: m.n.At, Value: m.scalar(kind, value, m.t.place(p))})
	}
}

func (m *mount) node() *tree.Node {
	for _, g := range []struct {
		key    string
		fields []tree.Field
	}{{"bind", m.bind}, {"volume", m.volume}} {
		if len(g.fields) == 0 {
			continue
		}
		v := m.walker.node(tree.Map, m.n.At)
		v.Fields = g.fields
		m.add(g.key, v)
	}
	return m.mapOf(m.n, m.fields)
}

// longVolumes makes the source of a bind mount in the long syntax relative to the project's folder, and cleans the
// target. What the short syntax made is so already.
func longVolumes(w *walker, n *tree.Node) *tree.Node {
	if n.Kind != tree.List {
		return n
	}
	return n.Each(w.longVolume)
}

func (w *walker) longVolume(n *tree.Node) *tree.Node {
	if n.Kind != tree.Map || n.Mark == tree.Reset || n.Derived {
		return n
	}
	if n.Str("type") == "bind" {
		n = w.replace(n, "source", w.hostPath)
	}
	return w.replace(n, "target", func(v *tree.Node) *tree.Node {
		if clean := cleanTarget(v.Text); v.Kind == tree.String && clean != v.Text {
			return w.kind(v, tree.String, clean)
		}
		return v
	})
}

// replace is n with the value at key replaced by what f makes of it.
func (w *walker) replace(n *tree.Node, key string, f func(*tree.Node) *tree.Node) *tree.Node {
	i := n.Find(key)
	if i < 0 || n.Fields[i].Value.Mark == tree.Reset {
		return n
	}
	v := f(n.Fields[i].Value)
	if v == n.Fields[i].Value {
		return n
	}
	fields := append([]tree.Field(nil), n.Fields...)
	fields[i].Value = v
	return n.WithFields(fields)
}
