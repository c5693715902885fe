package spec

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

var update = flag.Bool("update", false, "rewrite run.schema.json")

// schemaOf is the JSON Schema of a type, as encoding/json writes and a strict reader takes it.
func schemaOf(t reflect.Type) map[string]any {
	switch {
	case t == reflect.TypeFor[Duration]():
		return map[string]any{"type": "string", "pattern": `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`}
	case t == reflect.TypeFor[Level]():
		return map[string]any{"enum": []any{Startup, Ready, Alive}}
	case t == reflect.TypeFor[Event]():
		return map[string]any{"enum": []any{EventFailed, EventRecovered, EventRestarted, EventGivenUp, EventFlapping}}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return schemaOf(t.Elem())
	case reflect.Slice:
		return map[string]any{"type": []any{"array", "null"}, "items": schemaOf(t.Elem())}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int:
		return map[string]any{"type": "integer", "minimum": 0}
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Struct:
		properties, required := map[string]any{}, []any{}
		for f := range t.Fields() {
			name, rest, _ := strings.Cut(f.Tag.Get("json"), ",")
			properties[name] = schemaOf(f.Type)
			if rest != "omitempty" && f.Type.Kind() != reflect.Slice {
				required = append(required, name)
			}
		}
		return map[string]any{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
	}
	panic(t.String())
}

// TestSchema holds run.schema.json against the types, and both against what Marshal writes.
func TestSchema(t *testing.T) {
	schema := schemaOf(reflect.TypeFor[Run]())
	schema["$schema"] = "http://json-schema.org/draft-07/schema#"
	schema["title"] = "What octo-sidecar run does"
	properties := schema["properties"].(map[string]any)
	properties["kind"], properties["version"] = map[string]any{"const": KindRun}, map[string]any{"const": RunVersion}
	made, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	made = append(made, '\n')
	if *update {
		if err := os.WriteFile("run.schema.json", made, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile("run.schema.json")
	if err != nil || !bytes.Equal(have, made) {
		t.Fatalf("run.schema.json is not what the types say: go test ./runtime/spec -update (%v)", err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(have))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("run.json", doc); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("run.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, ok := range map[string]bool{"whole": true, "wrong": false, "more": false} {
		data, err := whole().Marshal()
		if err != nil {
			t.Fatal(err)
		}
		switch name {
		case "wrong":
			data = bytes.Replace(data, []byte(`"alive"`), []byte(`"dead"`), 1)
		case "more":
			data = bytes.Replace(data, []byte(`"project"`), []byte(`"more": 1, "project"`), 1)
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if err := compiled.Validate(value); (err == nil) != ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}
