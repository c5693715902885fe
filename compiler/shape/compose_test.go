package shape

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	compose "github.com/compose-spec/compose-go/v2/schema"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/tree"
)

// composeCase is a document with the verdict of the Compose specification's own JSON Schema.
type composeCase struct {
	path string // of the value that was put in: services.*.ports[].target
	doc  any
	node *tree.Node
	ok   bool
}

// composeSpec is the JSON Schema of the Compose specification as compose-go carries it.
func composeSpec(tb testing.TB) map[string]any {
	tb.Helper()
	var spec map[string]any
	if err := json.Unmarshal([]byte(compose.Schema), &spec); err != nil {
		tb.Fatal(err)
	}
	return spec
}

func compileJSON(tb testing.TB, v any) *jsonschema.Schema {
	tb.Helper()
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", v); err != nil {
		tb.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// composeCases are made from the JSON Schema, not from ours, so that what ours lacks is asked for too: at each place
// every kind, the members of enumerations and their neighbours, bounds, patterns, unknown and missing keys.
func composeCases(tb testing.TB) []composeCase {
	tb.Helper()
	spec := composeSpec(tb)
	w := specWalker{defs: spec["$defs"].(map[string]any), seen: map[string]bool{}}
	w.walk("", spec, func(v any) any { return v })
	judge := compileJSON(tb, spec)
	for i := range w.out {
		w.out[i].ok = judge.Validate(w.out[i].doc) == nil
		w.out[i].node = treeOf(w.out[i].doc)
	}
	return w.out
}

type specWalker struct {
	defs map[string]any
	out  []composeCase
	seen map[string]bool
}

func (w *specWalker) add(path string, doc any) {
	if text := show(doc); !w.seen[text] {
		w.seen[text] = true
		w.out = append(w.out, composeCase{path: path, doc: doc})
	}
}

func (w *specWalker) resolve(s map[string]any) map[string]any {
	if ref, ok := s["$ref"].(string); ok {
		return w.defs[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any)
	}
	return s
}

// walk makes the cases for the value that build puts into a document.
func (w *specWalker) walk(path string, s map[string]any, build func(any) any) {
	s = w.resolve(s)
	if path != "" {
		for _, v := range strange {
			w.add(path, build(v))
		}
	}
	for _, row := range stricterWords {
		if row.path == path {
			for _, word := range strings.Fields(row.words) {
				w.add(path, build(word))
			}
		}
	}
	for _, e := range list(s["enum"]) {
		text := e.(string)
		for _, v := range []string{text, text + "x", text[:len(text)-1], strings.ToUpper(text)} {
			w.add(path, build(v))
		}
	}
	for _, bound := range []string{"minimum", "maximum"} {
		if b, ok := s[bound].(float64); ok {
			for _, v := range []float64{b - 1, b, b + 1, b + 0.5} {
				w.add(path, build(v))
			}
		}
	}
	if _, ok := s["pattern"]; ok {
		for _, v := range append([]string{"always", "every_1w2d", "every_x", "missing", "a_", "-a"}, texts...) {
			w.add(path, build(v))
		}
	}
	for _, arms := range []string{"oneOf", "anyOf"} {
		for _, arm := range list(s[arms]) {
			w.walk(path, arm.(map[string]any), build)
		}
	}
	if items, ok := s["items"].(map[string]any); ok {
		w.walk(path+"[]", items, func(v any) any { return build([]any{v}) })
		least := w.least(items)
		w.add(path, build([]any{least, least}))
	}
	w.object(path, s, build)
}

func (w *specWalker) object(path string, s map[string]any, build func(any) any) {
	props, patterns, required := w.members(s)
	if len(props)+len(patterns) == 0 {
		return
	}
	least := map[string]any{}
	for _, r := range required {
		least[r] = w.least(props[r].(map[string]any))
	}
	w.add(path, build(least))
	for _, key := range []string{"zz", "x-zz", "", "a b", "9"} {
		w.add(path, build(with(least, key, "1")))
	}
	for _, r := range required {
		w.add(path, build(without(least, r)))
	}
	for _, key := range sorted(props) {
		if path == "" && key == "jobs" {
			continue // reserved here, and not a part of the specification's text
		}
		w.walk(strings.TrimPrefix(path+"."+key, "."), props[key].(map[string]any), func(v any) any { return build(with(least, key, v)) })
	}
	for _, re := range sorted(patterns) {
		key := "ab"
		if re == "^x-" {
			key = "x-ab"
		}
		w.walk(strings.TrimPrefix(path+".*", "."), patterns[re].(map[string]any), func(v any) any { return build(with(least, key, v)) })
	}
}

// members are the keys of a mapping, with those of all parts of allOf.
func (w *specWalker) members(s map[string]any) (props, patterns map[string]any, required []string) {
	props, patterns = map[string]any{}, map[string]any{}
	for _, part := range append([]any{s}, list(s["allOf"])...) {
		p := w.resolve(part.(map[string]any))
		for k, v := range dict(p["properties"]) {
			props[k] = v
		}
		for k, v := range dict(p["patternProperties"]) {
			patterns[k] = v
		}
		for _, r := range list(p["required"]) {
			required = append(required, r.(string))
		}
	}
	return props, patterns, required
}

// least is a small value that a schema takes.
func (w *specWalker) least(s map[string]any) any {
	s = w.resolve(s)
	if e := list(s["enum"]); e != nil {
		return e[0]
	}
	for _, arms := range []string{"oneOf", "anyOf"} {
		if a := list(s[arms]); a != nil {
			return w.least(a[0].(map[string]any))
		}
	}
	kind, _ := s["type"].(string)
	if kinds := list(s["type"]); kinds != nil {
		kind = kinds[0].(string)
	}
	switch kind {
	case "boolean":
		return true
	case "integer", "number":
		return 1
	case "array":
		return []any{}
	case "null":
		return nil
	case "object":
		props, _, required := w.members(s)
		out := map[string]any{}
		for _, r := range required {
			out[r] = w.least(props[r].(map[string]any))
		}
		return out
	}
	return "a"
}

func list(v any) []any { l, _ := v.([]any); return l }

func dict(v any) map[string]any { d, _ := v.(map[string]any); return d }

func sorted(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// stricterWords are the places where we refuse a word that the specification's JSON Schema takes, because its text, its
// loader or every engine refuses it later, without a position.
var stricterWords = []struct {
	path   string
	words  string // that both take
	reason string
}{
	{"name", "a", "the loader refuses a name that is not normalised"},
	{"services.*.restart", "on-failure:3", "the engine knows these policies only"},
	{"services.*.deploy.mode", "replicated global replicated-job global-job", "the text of the specification names four"},
	{"services.*.deploy.endpoint_mode", "vip dnsrr", "the text of the specification names two"},
	{"services.*.deploy.restart_policy.condition", "none on-failure any", "the text of the specification names three"},
	{"services.*.deploy.update_config.failure_action", "continue rollback pause", "the text of the specification names three"},
	{"services.*.deploy.rollback_config.failure_action", "continue rollback pause", "the text of the specification names them"},
	{"services.*.deploy.resources.reservations.devices[].count", "all", "a number, or all"},
	{"services.*.gpus[].count", "all", "a number, or all"},
	{"services.*.pre_start[].gpus[].count", "2", "a number, or all"},
	{"services.*.ports[].mode", "host ingress", "the text of the specification names two"},
	{"services.*.ports[].protocol", "tcp udp sctp", "what engines can publish"},
}

const (
	reads     = "a scalar must read in its unit or as what it is cast to, as in the loader"
	variables = "a string in place of a number or boolean, as ${…} leaves it behind, is cast; the loader does so in most places"
	doubled   = "a second item that the loader takes away is a warning"
)

// castAt reports whether n holds a string where only its cast fits.
func castAt(root *Shape, n *tree.Node) bool {
	found := false
	tree.Walk(tree.Root, n, func(p tree.Path, n *tree.Node) bool {
		s := shapeAt(root, p)
		found = found || n.Kind == tree.String && s != nil && !s.Kinds.Has(tree.String) && s.castable(n)
		return !found
	})
	return found
}

// shapeAt is the shape of the value at p.
func shapeAt(s *Shape, p tree.Path) *Shape {
	for _, step := range p.Steps() {
		switch {
		case s == nil:
			return nil
		case step.Index >= 0:
			s = s.List.Elem
		default:
			f := s.Map.Lookup(step.Key)
			if f == nil {
				return nil
			}
			s = f.Value
		}
	}
	return s
}

// difference is the listed reason why the verdicts on c differ, or "".
func difference(root *Shape, c composeCase, found diag.List) string {
	if !c.ok {
		if slices.ContainsFunc(root.Check(tree.Root, c.node, Surface), func(d *diag.Diagnostic) bool { return d.Code == diag.Duplicate }) {
			return doubled
		}
		if castAt(root, c.node) {
			return variables
		}
		return ""
	}
	for _, row := range stricterWords {
		if row.path == c.path && (found[0].Code == diag.Enum || found[0].Code == diag.Pattern) {
			return row.path
		}
	}
	for _, d := range found {
		s := shapeAt(root, d.Path)
		if s == nil || s.Unit == "" && s.Cast == "" || d.Code != diag.Type && d.Code != diag.Range {
			return ""
		}
	}
	return reads
}

// TestCompose holds the surface against the JSON Schema of the Compose specification: the same verdict on every case,
// but for what is listed above, and nothing is listed in vain.
func TestCompose(t *testing.T) {
	root := compiled(t).Def("#Project")
	cases := composeCases(t)
	used := map[string]int{}
	for _, c := range cases {
		found := faults(root, c.node)
		if c.ok == (len(found) == 0) {
			continue
		}
		why := difference(root, c, found)
		if used[why]++; why == "" {
			t.Errorf("%s: %s: the specification takes it: %t; we say %v", c.path, show(c.doc), c.ok, texted(found))
		}
	}
	t.Logf("%d cases; listed differences: %v", len(cases), used)
	if len(cases) < 10000 {
		t.Errorf("only %d cases were made", len(cases))
	}
	for _, row := range stricterWords {
		if used[row.path] == 0 {
			t.Errorf("no case needs the listed difference %s", row.path)
		}
	}
	for _, why := range []string{reads, variables, doubled} {
		if used[why] == 0 {
			t.Errorf("no case needs the listed difference %q", why)
		}
	}
}

// TestComposeMutants plants faults in the schema, one at a time, and wants the cases to find each of them.
func TestComposeMutants(t *testing.T) {
	cases := composeCases(t)
	sound := compiled(t).Def("#Project")
	verdicts := make([]bool, len(cases))
	for i, c := range cases {
		verdicts[i] = len(faults(sound, c.node)) == 0
	}
	for i, m := range mutants(t) {
		if i%mutantStep != 0 {
			continue
		}
		s, err := Compile(m.fsys)
		if err != nil {
			continue // refused when it is compiled: found as well
		}
		root := s.Def("#Project")
		found := false
		for i, c := range cases {
			if found = (len(faults(root, c.node)) == 0) != verdicts[i]; found {
				break
			}
		}
		if !found {
			t.Errorf("no case finds %s", m.name)
		}
	}
}
