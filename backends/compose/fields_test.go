package compose

import (
	"slices"
	"strings"
	"testing"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/doc"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/shape"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/support"
	"github.com/octocompose/octocompose/compiler/tree"
)

// full is a canonical tree that has every field of the schema once.
type full struct {
	at source.Span
	// leaves are the paths of all scalars and of what is empty, with the pattern of each.
	leaves []leaf
	// fields are the patterns of all fields.
	fields []string
}

type leaf struct {
	path    tree.Path
	pattern string
}

func (b *full) value(s *shape.Shape, p tree.Path, pattern string) *tree.Node {
	switch {
	case s.Any:
		b.leaves = append(b.leaves, leaf{p, pattern})
		return &tree.Node{Kind: tree.String, Text: "any", At: b.at}
	case s.Map != nil && s.Cast != "bool":
		return b.mapping(s.Map, p, pattern)
	case s.List != nil:
		if s.List.Elem == nil {
			return tree.NewList(b.at, nil)
		}
		return tree.NewList(b.at, []*tree.Node{b.value(s.List.Elem, p.Index(0), pattern+"[]")})
	}
	b.leaves = append(b.leaves, leaf{p, pattern})
	switch {
	case len(s.Enum) > 0:
		return &tree.Node{Kind: tree.String, Text: s.Enum[len(s.Enum)-1], At: b.at}
	case s.Kinds.Has(tree.Bool):
		return &tree.Node{Kind: tree.Bool, Text: "true", At: b.at}
	case s.Kinds.Has(tree.Int) && !s.Kinds.Has(tree.String):
		return &tree.Node{Kind: tree.Int, Text: "7", At: b.at}
	}
	return &tree.Node{Kind: tree.String, Text: "7", At: b.at}
}

func (b *full) mapping(m *shape.MapShape, p tree.Path, pattern string) *tree.Node {
	var fields []tree.Field
	add := func(key, pattern string, f *shape.Field) {
		fields = append(fields, tree.Field{Key: key, KeyAt: b.at, Value: b.value(f.Value, p.Key(key), pattern)})
	}
	for _, f := range m.Fields {
		at := strings.TrimPrefix(pattern+"."+f.Name, ".")
		b.fields = append(b.fields, at)
		if f.Load || f.Moved != "" || f.Name == "x-octo" {
			continue
		}
		add(f.Name, at, f)
	}
	for i := range m.Patterns {
		for _, key := range []string{"a", "linux_amd64", "A", "x-a"} {
			if !m.Patterns[i].Key.MatchString(key) || m.Lookup(key) != m.Patterns[i].Field {
				continue
			}
			if key == "x-a" {
				add(key, pattern+".x-", m.Patterns[i].Field)
			} else {
				add(key, pattern+".*", m.Patterns[i].Field)
			}
			break
		}
	}
	return tree.NewMap(b.at, fields)
}

// everything is the input with every field of the schema.
func everything(t *testing.T) (*full, *model.Input) {
	t.Helper()
	s, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	b := &full{at: source.Span{Pos: source.Pos{File: &source.File{Name: "a", Rel: "a"}, Line: 1, Col: 1}}}
	root := b.value(s.Def("#Project"), tree.Root, "")
	p := &model.Project{Name: "p", Inputs: []string{"a"}, Services: []*model.Service{{Name: "a"}}}
	p.Index()
	return b, &model.Input{Project: p, Target: &model.Target{Name: "compose"}, Tree: root, ToProject: "../.."}
}

// shown are the origins of all values below v.
func shown(v *doc.Value, out map[string]bool) {
	out[v.Origin.String()] = true
	for _, it := range v.Items {
		shown(it, out)
	}
	for i := range v.Fields {
		shown(v.Fields[i].Value, out)
	}
}

// said are the fields whose row is exact and whose value is not printed as it stands, each with the reason.
var said = map[string]string{
	"name":                                       "the name of the project is the model's",
	"variables":                                  "their values are in the output",
	"targets":                                    "they say what is compiled",
	"revisions":                                  "they are in the images of the services",
	"services.*.config":                          "it makes configs and environment: compiler/settle",
	"globals":                                    "they are in the config of the services: compiler/settle",
	"services.*.enabled":                         "a service that is not enabled is left out",
	"services.*.env_file[].required":             "true is the default",
	"services.*.harden":                          "it makes the additions",
	"services.*.env_file[].path":                 "stands for the whole item",
	"services.*.healthcheck.http":                "it makes the test: TestChecks",
	"services.*.healthcheck.tcp":                 "it makes the test: TestChecks",
	"services.*.healthcheck.grpc":                "it makes the test: TestChecks",
	"services.*.hooks":                           "canon makes the keys of Compose of it, and expand services",
	"services.*.placement.mode":                  "it is deploy.mode: TestScale",
	"services.*.target.compose":                  "its keys are Compose's: TestPatch",
	"services.*.extra_hosts.*[]":                 "a single address stands for the list",
	"services.*.build.extra_hosts.*[]":           "a single address stands for the list",
	"services.*.pre_start[].extra_hosts.*[]":     "a single address stands for the list",
	"services.*.pre_start[].env_file[].required": "true is the default",
}

// TestEveryField is the promise of the table: every field of the schema has a row, a field whose row is exact is in
// the output, one that is unsupported is refused, and the lowering knows every key.
func TestEveryField(t *testing.T) {
	b, in := everything(t)
	back := New()
	l := back.lowering(in)
	origins := map[string]bool{}
	shown(l.project(), origins)
	shown(l.development(), origins)
	for _, d := range l.ds {
		t.Errorf("lowering: %s", d.Text())
	}
	refused := support.Check(back.Table(), in.Tree, in.Target)
	for _, f := range b.leaves {
		row := rowOf(support.SplitPattern(strings.ReplaceAll(f.pattern, ".x-", ".x")))
		if strings.HasSuffix(f.pattern, ".x-") {
			if !origins[f.path.String()] && row != nil && row.Level == support.Exact && !hasReason(f.pattern) {
				t.Errorf("%s: an x- key is not in the output", f.path)
			}
			continue
		}
		if row == nil {
			t.Errorf("%s: no row", f.pattern)
			continue
		}
		hit := slices.ContainsFunc(refused, func(d *diag.Diagnostic) bool { return f.path.HasPrefix(d.Path) })
		if hit != (row.Level == support.Unsupported || row.Loud) {
			t.Errorf("%s: the row is %s, and the check refuses it: %t", f.pattern, row.Level, hit)
		}
		if row.Level == support.Exact && !origins[f.path.String()] && !hasReason(f.pattern) {
			t.Errorf("%s: the row is exact, and the output does not hold it", f.pattern)
		}
	}
}

// hasReason reports whether said has the pattern, or one above it.
func hasReason(pattern string) bool {
	for at := range said {
		if pattern == at || strings.HasPrefix(pattern, at+".") {
			return true
		}
	}
	return false
}

// TestRowsNameFields holds that each row is for a field that the schema has, and that no field has two.
func TestRowsNameFields(t *testing.T) {
	b, _ := everything(t)
	seen := map[string]bool{}
	for _, r := range rows() {
		if seen[r.Field] {
			t.Errorf("%s: two rows", r.Field)
		}
		seen[r.Field] = true
		if !slices.Contains(b.fields, r.Field) {
			t.Errorf("%s: the schema has no such field", r.Field)
		}
		if r.How == "" || strings.HasSuffix(r.How, ".") {
			t.Errorf("%s: %q should say how, without a full stop", r.Field, r.How)
		}
	}
}
