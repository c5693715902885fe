package compose

import (
	"encoding/json"
	"path"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/schema"
	"github.com/rogpeppe/go-internal/txtar"
	"go.yaml.in/yaml/v3"
)

// spot is a place in the Compose file format: what may stand there, and what may stand below it.
type spot struct {
	classes map[string]bool // scalar, list, mapping
	fields  map[string]*spot
	star    *spot // entries whose keys are the user's
	items   *spot
	x       bool // takes x- keys
}

func newSpot() *spot { return &spot{classes: map[string]bool{}, fields: map[string]*spot{}} }

// specification is the Compose file format, from the JSON Schema that compose-go validates with.
func specification(t *testing.T) *spot {
	t.Helper()
	var root map[string]any
	if err := json.Unmarshal([]byte(schema.Schema), &root); err != nil {
		t.Fatal(err)
	}
	s := newSpot()
	s.add(root, root)
	return s
}

// add takes in one JSON schema.
func (s *spot) add(root, js map[string]any) {
	if ref, ok := js["$ref"].(string); ok {
		s.add(root, root["$defs"].(map[string]any)[path.Base(ref)].(map[string]any))
	}
	for _, key := range []string{"allOf", "oneOf", "anyOf"} {
		list, _ := js[key].([]any)
		for _, alt := range list {
			s.add(root, alt.(map[string]any))
		}
	}
	types, _ := js["type"].([]any)
	if one, ok := js["type"].(string); ok {
		types = []any{one}
	}
	for _, t := range types {
		switch t {
		case "string", "number", "integer", "boolean":
			s.classes["scalar"] = true
		case "array":
			s.classes["list"] = true
		case "object":
			s.classes["mapping"] = true
		}
	}
	if items, ok := js["items"].(map[string]any); ok {
		if s.items == nil {
			s.items = newSpot()
		}
		s.items.add(root, items)
	}
	props, _ := js["properties"].(map[string]any)
	for key, p := range props {
		if s.fields[key] == nil {
			s.fields[key] = newSpot()
		}
		s.fields[key].add(root, p.(map[string]any))
	}
	patterns, _ := js["patternProperties"].(map[string]any)
	for pattern, p := range patterns {
		if pattern == "^x-" {
			s.x = true
			continue
		}
		if s.star == nil {
			s.star = newSpot()
		}
		s.star.add(root, p.(map[string]any))
	}
}

// all adds every place below s to out.
func (s *spot) all(at string, out map[string]bool) {
	for c := range s.classes {
		out[at+" as a "+c] = true
	}
	if s.x {
		out[at+".x-"] = true
	}
	for key, f := range s.fields {
		f.all(at+"."+key, out)
	}
	if s.star != nil {
		s.star.all(at+".*", out)
	}
	if s.items != nil {
		s.items.all(at+"[]", out)
	}
}

// see takes what n covers out of the places that are left.
func (s *spot) see(at string, n *yaml.Node, left map[string]bool) {
	switch n.Kind {
	case yaml.AliasNode:
		s.see(at, n.Alias, left)
	case yaml.ScalarNode:
		delete(left, at+" as a scalar")
	case yaml.SequenceNode:
		delete(left, at+" as a list")
		for _, it := range n.Content {
			if s.items != nil {
				s.items.see(at+"[]", it, left)
			}
		}
	case yaml.MappingNode:
		delete(left, at+" as a mapping")
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, value := n.Content[i].Value, n.Content[i+1]
			switch f := s.fields[key]; {
			case f != nil:
				f.see(at+"."+key, value, left)
			case strings.HasPrefix(key, "x-"):
				delete(left, at+".x-")
			case s.star != nil:
				s.star.see(at+".*", value, left)
			}
		}
	}
}

// notCovered are the places that the corpus need not hold.
var notCovered = []struct{ prefix, reason string }{
	{".jobs", "octo's own key jobs stands in its place"},
	{".services.*.pre_start[].", "the keys of a container, which have the rules of a service; the generated files hold them"},
	{".services.*.gpus.x-", "the schema puts it on a list, which has no keys"},
}

// TestCorpusCoversCompose holds the corpus to every key of the Compose file format, in short and in long syntax, with
// an x- key wherever one may stand.
func TestCorpusCoversCompose(t *testing.T) {
	spec := specification(t)
	left := map[string]bool{}
	spec.all("", left)
	total := len(left)
	for _, file := range cases(t) {
		ar, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range ar.Files {
			if path.Ext(f.Name) != ".yaml" {
				continue
			}
			var n yaml.Node
			if err := yaml.Unmarshal(f.Data, &n); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			spec.see("", n.Content[0], left)
		}
	}
	var missing []string
	for at := range left {
		if !slices.ContainsFunc(notCovered, func(n struct{ prefix, reason string }) bool { return strings.HasPrefix(at, n.prefix) }) {
			missing = append(missing, at)
		}
	}
	sort.Strings(missing)
	if len(missing) > 0 {
		t.Errorf("no file of testdata/corpus has %d of %d places:\n%s", len(missing), total, strings.Join(missing, "\n"))
	}
}
