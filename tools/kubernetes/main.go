// Command kubernetes makes JSON schemas for kubeconform from an API server's OpenAPI document: one file of
// definitions, and one small file for each kind that points into it. Objects with known properties refuse others, as
// the API server's strict validation does.
//
//	go run . swagger.json OUTDIR
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: kubernetes SWAGGER OUTDIR")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "kubernetes:", err)
		os.Exit(1)
	}
}

func run(swagger, out string) error {
	data, err := os.ReadFile(swagger)
	if err != nil {
		return err
	}
	var doc struct {
		Definitions map[string]map[string]any `json:"definitions"`
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	for name, d := range doc.Definitions {
		for _, id := range kinds(d) {
			ref := map[string]any{"$ref": "_definitions.json#/definitions/" + name}
			if err := write(filepath.Join(out, id+".json"), ref); err != nil {
				return err
			}
		}
	}
	for name := range doc.Definitions {
		strict(doc.Definitions[name])
	}
	doc.Definitions["io.k8s.apimachinery.pkg.api.resource.Quantity"] = oneOf("string", "number")
	return write(filepath.Join(out, "_definitions.json"), map[string]any{"definitions": doc.Definitions})
}

// kinds are the file names of a definition: kind-group-version, in lower case, the group up to its first dot.
func kinds(d map[string]any) []string {
	list, _ := d["x-kubernetes-group-version-kind"].([]any)
	var out []string
	for _, it := range list {
		g, _ := it.(map[string]any)
		parts := []string{g["kind"].(string)}
		if group, _ := g["group"].(string); group != "" {
			parts = append(parts, strings.Split(group, ".")[0])
		}
		parts = append(parts, g["version"].(string))
		out = append(out, strings.ToLower(strings.Join(parts, "-")))
	}
	return out
}

// strict closes objects, points references into the file of definitions, and spells int-or-string.
func strict(v any) {
	switch v := v.(type) {
	case []any:
		for _, it := range v {
			strict(it)
		}
	case map[string]any:
		for _, it := range v {
			strict(it)
		}
		if ref, ok := v["$ref"].(string); ok {
			v["$ref"] = strings.Replace(ref, "#/definitions/", "_definitions.json#/definitions/", 1)
		}
		if v["format"] == "int-or-string" {
			delete(v, "format")
			delete(v, "type")
			v["oneOf"] = oneOf("string", "integer")["oneOf"]
		}
		if _, ok := v["properties"]; ok && v["type"] == "object" {
			if _, ok := v["additionalProperties"]; !ok {
				v["additionalProperties"] = false
			}
		}
	}
}

func oneOf(types ...string) map[string]any {
	var alternatives []any
	for _, t := range types {
		alternatives = append(alternatives, map[string]any{"type": t})
	}
	return map[string]any{"oneOf": alternatives}
}

func write(name string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return os.WriteFile(name, data, 0o644)
}
