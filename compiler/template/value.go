package template

import (
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// noSpan is the place of what a template made.
var noSpan source.Span

// value is what an expression gives.
type value struct {
	n    *tree.Node
	path tree.Path // of the data, when data is set
	data bool      // n is a node of the data, so that templates in it are ours
}

// text is a string that a template made: it is meant as a text, whatever it looks like.
func text(s string) *tree.Node {
	n := tree.NewScalar(noSpan, tree.String, s)
	n.Quoted = true
	return n
}

func whole(i int) *tree.Node { return tree.NewScalar(noSpan, tree.Int, strconv.Itoa(i)) }

func boolean(b bool) *tree.Node { return tree.NewScalar(noSpan, tree.Bool, strconv.FormatBool(b)) }

// typed is the fault of a value of the wrong kind.
func typed(format string, args ...any) *fault {
	x := wrong(format, args...)
	x.code = diag.Type
	return x
}

// kind is a kind with its article: "a list", "an integer".
func kind(k tree.Kind) string {
	if k == tree.Int || k == tree.Unknown {
		return "an " + k.String()
	}
	if k == tree.Null {
		return k.String()
	}
	return "a " + k.String()
}

// name is the address of v in the data, or otherwise.
func (v value) name(otherwise string) string {
	if !v.data || v.path.IsRoot() {
		return otherwise
	}
	return v.path.String()
}

// called is the address of v for the end of a phrase: ": config.nats".
func (v value) called() string {
	if s := v.name(""); s != "" {
		return ": " + s
	}
	return ""
}

// path follows keys from v. mild: where one is missing the value is null.
func (f *frame) path(v value, keys []string, mild bool) (value, *fault) {
	for _, key := range keys {
		if x := f.step(0); x != nil {
			return v, x
		}
		if mild && v.n != f.r.root && (v.n.Kind == tree.Null || v.n.Kind == tree.Map && v.n.Find(key) < 0) {
			return value{n: tree.NewScalar(noSpan, tree.Null, "null")}, nil
		}
		var x *fault
		if v, x = f.field(v, key); x != nil {
			return v, x
		}
	}
	return v, nil
}

// field is the value of a key.
func (f *frame) field(v value, key string) (value, *fault) {
	switch v.n.Kind {
	case tree.Unknown:
		return v, &fault{unknown: true}
	case tree.Map:
	default:
		where := v.name("the value")
		x := typed("cannot read %q: %s is %s, not a mapping", short(key), where, kind(v.n.Kind))
		if v.n.Kind == tree.List {
			x.helpf("an item is read by its place: {{ index %s 0 }}", v.name("config.list"))
		}
		return v, x
	}
	i := v.n.Find(key)
	switch {
	case i >= 0:
		return f.force(value{n: v.n.Fields[i].Value, path: v.path.Key(key), data: v.data})
	case v.n == f.r.root && slices.Contains(f.r.o.Keep, key):
		return v, wrong("cannot compute with %q: it is known at run time only", key).helpf("let it stand alone: {{ %s.NAME }}", key)
	case v.n == f.r.root:
		return v, f.r.unknownName(key)
	}
	return v, missing(v, key)
}

// item is the value at a place of a list, which has it.
func (f *frame) item(v value, i int) (value, *fault) {
	return f.force(value{n: v.n.Items[i], path: v.path.Index(i), data: v.data})
}

// missing is the fault of a key that is not there.
func missing(v value, key string) *fault {
	keys := sortedKeys(v.n)
	x := wrong("cannot find %s: there is no key %q", v.path.Key(key), short(key))
	if !v.data {
		x = wrong("cannot find the key %q", short(key))
	}
	where := v.name("the mapping")
	switch near := diag.Near(key, keys); {
	case near != "":
		x.helpf("did you mean %q? %s has %s", near, where, listed(keys))
	case len(keys) == 0:
		x.helpf("%s has no keys; where a key may be missing write {{ %s.%s | default \"\" }}", where, v.name("config"), short(key))
	default:
		x.helpf("%s has %s; where a key may be missing write | default \"\" behind it", where, listed(keys))
	}
	return x
}

// listed are names for a message, at most ten.
func listed(names []string) string {
	const most = 10
	var quoted []string
	for i, n := range names {
		if i == most {
			return strings.Join(quoted, ", ") + " and " + strconv.Itoa(len(names)-most) + " more"
		}
		quoted = append(quoted, short(n))
	}
	return strings.Join(quoted, ", ")
}

// unknownName is the fault of a first name that is neither data nor a function.
func (r *renderer) unknownName(name string) *fault {
	names := sortedKeys(r.root)
	x := wrong("cannot find %q: there is no such name", short(name))
	if why, ok := absent[name]; ok {
		return wrong("cannot use %q: there is no such function", name).helpf("%s", why)
	}
	all := append(slices.Clone(names), r.o.Keep...)
	for _, fn := range Functions() {
		all = append(all, fn.Name)
	}
	if near := diag.Near(name, all); near != "" {
		return x.helpf("did you mean %q? templates read %s", near, listed(names))
	}
	return x.helpf("templates read %s; %s", listed(names), literalHelp)
}

// partsHelp says how to use a list or a mapping in a text.
func partsHelp(v value) string {
	if v.n.Kind == tree.List {
		return "join it: {{ join \", \" " + v.name("config.list") + " }}, or name one item: {{ index " + v.name("config.list") + " 0 }}"
	}
	if keys := sortedKeys(v.n); len(keys) > 0 {
		return "name one of its values: " + listed(keys) + "; {{ toJson " + v.name("config.map") + " }} is all of them as a text"
	}
	return "name one of its values"
}

func sortedKeys(n *tree.Node) []string {
	if n.Kind != tree.Map {
		return nil
	}
	keys := make([]string, 0, len(n.Fields))
	for i := range n.Fields {
		keys = append(keys, n.Fields[i].Key)
	}
	slices.Sort(keys)
	return keys
}

// truth reports whether a value counts as true, by the rule of text/template: not false, 0, null and what is empty.
func truth(n *tree.Node) bool {
	switch n.Kind {
	case tree.Null:
		return false
	case tree.Bool:
		return strings.EqualFold(n.Text, "true")
	case tree.Int, tree.Float:
		num, ok := numeric(n)
		return !ok || !num.zero()
	case tree.String:
		return n.Text != ""
	case tree.List:
		return len(n.Items) > 0
	}
	return len(n.Fields) > 0
}

// number is an integer of any size, or else a float.
type number struct {
	i *big.Int
	f float64
}

func (a number) zero() bool { return a.i != nil && a.i.Sign() == 0 || a.i == nil && a.f == 0 }

func (a number) float() float64 {
	if a.i != nil {
		f, _ := new(big.Float).SetInt(a.i).Float64()
		return f
	}
	return a.f
}

// maxDigits is the length of a number that is computed with.
const maxDigits = 400

// numeric reads a number of YAML's core schema, and a string that ${…} made and that spells one.
func numeric(n *tree.Node) (number, bool) {
	s := strings.TrimPrefix(n.Text, "+")
	if len(s) > maxDigits || n.Kind != tree.Int && n.Kind != tree.Float && !loose(n) {
		return number{}, false
	}
	base, digits := 10, s
	if n.Kind == tree.Int && strings.HasPrefix(s, "0x") {
		base, digits = 16, s[2:]
	} else if n.Kind == tree.Int && strings.HasPrefix(s, "0o") {
		base, digits = 8, s[2:]
	}
	if i, ok := new(big.Int).SetString(digits, base); ok && !strings.Contains(digits, "_") {
		return number{i: i}, true
	}
	if n.Kind == tree.Float && strings.Contains(s, ".") {
		if t := strings.Replace(strings.ToLower(s), ".", "", 1); t == "inf" || t == "-inf" || t == "nan" {
			f, err := strconv.ParseFloat(t, 64)
			return number{f: f}, err == nil
		}
	}
	if !isDecimal(s) {
		return number{}, false
	}
	f, err := strconv.ParseFloat(s, 64)
	return number{f: f}, err == nil
}

// isDecimal reports whether s is written with the signs of a decimal number only.
func isDecimal(s string) bool { return s != "" && strings.Trim(s, "0123456789+-.eE") == "" }
