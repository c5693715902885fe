package load

import (
	"strings"
	"testing"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/source"
)

const withOverlays = `
variables: { LEVEL: { default: info } }
services: { web: { image: "a:1", environment: { LEVEL: "${LEVEL}" } } }
targets:
  one: { overlay: [sub/low.yaml, high.yaml] }
  two: {}
`

// TestOver: overlays stand over all files, in their order, below --set and revisions; standard input and what was asked
// are not read again, and files are those of the first run.
func TestOver(t *testing.T) {
	reader := source.Mem{
		"sub/low.yaml": "variables: { LEVEL: { default: debug }, WHO: { prompt: true } }\nservices: { web: { image: 'b:1', hostname: low, env_file: [x.env], user: '${WHO}' } }\n",
		"high.yaml":    "services: { web: { hostname: high, domainname: high } }\n",
	}
	asked := 0
	r, ds := Load(Options{
		Schema: compiled(t), Dir: "/p", Reader: reader, Files: []string{"-"}, Stdin: strings.NewReader(withOverlays + "revisions: { web: 2 }\n"),
		Set: []string{"services.web.domainname=set", "variables.WHO={prompt: true}"},
		Ask: func(Question) (string, error) { asked++; return "1000", nil },
	})
	if len(ds) > 0 || r.Overlays("two") != nil || strings.Join(r.Overlays("one"), " ") != "sub/low.yaml high.yaml" {
		t.Fatal(ds, r.Overlays("one"), r.Overlays("two"))
	}
	over, ds := r.Over("one")
	if len(ds) > 0 {
		t.Fatal(ds[0].Text())
	}
	web := over.Tree.Get("services").Get("web")
	for key, want := range map[string]string{"image": "b:2", "hostname": "high", "domainname": "set", "user": "1000"} {
		if got := web.Str(key); got != want {
			t.Errorf("%s is %q; want %q", key, got, want)
		}
	}
	if got := web.Get("environment").Str("LEVEL"); got != "debug" {
		t.Errorf("LEVEL is %q", got)
	}
	if got := web.Get("env_file").Items[0].Str("path"); got != "sub/x.env" {
		t.Errorf("env_file is %q", got)
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
	if got := strings.Join(over.Inputs(), " "); got != "high.yaml standard input sub/low.yaml" {
		t.Errorf("inputs: %s", got)
	}
	if over.Layers[0] != r.Layers[0] {
		t.Error("the file was read again")
	}
	if base := r.Tree.Get("services").Get("web").Str("image"); base != "a:2" {
		t.Errorf("the config without overlays has %q", base)
	}
}

// TestOverRepeats: the findings of the run are whole, those about the syntax of a known file among them.
func TestOverRepeats(t *testing.T) {
	reader := source.Mem{"octo.yaml": withOverlays + "x-a: !bogus 1\n", "sub/low.yaml": "[]", "high.yaml": "a: b: c"}
	r, ds := Load(Options{Schema: compiled(t), Dir: "/p", Reader: reader})
	if len(ds) != 1 {
		t.Fatal(ds)
	}
	over, more := r.Over("one")
	if !over.Broken || len(more) != 3 || !more.Has(diag.Error) {
		t.Errorf("broken %v, %d findings", over.Broken, len(more))
	}
}

// Nobody has an overlay: nothing is kept for a second run.
func TestNoOverlay(t *testing.T) {
	r, _ := Load(Options{Schema: compiled(t), Dir: "/p", Reader: source.Mem{"octo.yaml": "services: { web: { image: a } }\ntargets: { k8s: {} }\n"}})
	if over, ds := r.Over("k8s"); over != r || ds != nil {
		t.Error("loaded again")
	}
}
