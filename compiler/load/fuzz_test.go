package load

import (
	"testing"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// FuzzLoad: whatever the files say, loading ends without a panic, in a tree without merge tags or with a reason why there
// is none, and every finding has a message.
func FuzzLoad(f *testing.F) {
	for _, s := range []string{
		"services: {a: {extends: b}, b: {extends: {file: b.yaml, service: a}}}\ninclude: [b.yaml]\n",
		"include:\n- path: [b.yaml, octo.yaml]\n  env_file: .env\n  project_directory: x\n",
		"variables: {A: {required: true, type: int}, B: , C: 5}\nservices: {s: {image: '${A:-x}'}}\n",
		"x-octo: {include: b.yaml, variables: {A: {default: [x]}}, name: 5}\nname: ${A}\n",
		"services: {a: {extends: {service: [x]}, ports: !reset x}}\n", "services: [a]\n", "services: {a: 5, b: {extends: a}}\nx-octo: 7\nvariables: x\n",
		"services: !reset {a: {extends: a}}\n", "include: ${A}\nservices: !override {a: !reset {extends: b}}\n",
	} {
		f.Add(s, s, "A=1\n")
	}
	sch := compiled(f)
	f.Fuzz(func(t *testing.T, one, two, env string) {
		r, ds := Load(Options{Schema: sch, Dir: "/p", Reader: source.Mem{"octo.yaml": one, "b.yaml": two, ".env": env}, Set: []string{"services.s.image=x"}})
		if r == nil || r.Tree == nil && !ds.Has(diag.Error) {
			t.Fatal("no tree and no reason")
		}
		ds.Locate(r.Tree)
		for _, d := range ds {
			if d.Message == "" {
				t.Fatal("a finding without a message")
			}
		}
		if r.Tree == nil {
			return
		}
		tree.Walk(tree.Root, r.Tree, func(p tree.Path, n *tree.Node) bool {
			if n.Mark != tree.Plain {
				t.Fatalf("%s has a merge tag", p)
			}
			return true
		})
	})
}
