package template

import (
	"fmt"
	"strings"
	"testing"
	ref "text/template"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

func str(s string) *tree.Node {
	return &tree.Node{Kind: tree.String, Text: s}
}

// TestHostile: what is meant to run for ever, to fill the memory or the stack ends with one finding.
func TestHostile(t *testing.T) {
	wide := make([]*tree.Node, 3000)
	for i := range wide {
		wide[i] = str("x")
	}
	d := Data{"config": tree.NewMap(source.Span{}, []tree.Field{
		{Key: "wide", Value: tree.NewList(source.Span{}, wide)}, {Key: "mega", Value: str(strings.Repeat("a", 1<<19))},
		{Key: "huge", Value: &tree.Node{Kind: tree.Int, Text: strings.Repeat("9", 1<<20)}},
	})}
	for name, c := range map[string]struct {
		in   string
		code diag.Code
	}{
		"range over a number":   {"{{ range 1000000000 }}{{ end }}", diag.Type},
		"nested ranges":         {strings.Repeat("{{ range $.config.wide }}", 9) + strings.Repeat("{{ end }}", 9), diag.Limit},
		"doubling":              {`{{ $x := "aa" }}` + strings.Repeat("{{ $x = print $x $x }}", 40) + "{{ $x }}", diag.Limit},
		"doubling in a range":   {`{{ $x := "aa" }}{{ range config.wide }}{{ $x = print $x $x }}{{ end }}`, diag.Limit},
		"doubling by printf":    {`{{ $x := "aa" }}{{ range config.wide }}{{ $x = printf "%s%s" $x $x }}{{ end }}`, diag.Limit},
		"doubling by replace":   {`{{ $x := "aa" }}{{ range config.wide }}{{ $x = replace "a" "aa" $x }}{{ end }}`, diag.Limit},
		"doubling by quote":     {`{{ $x := "\"" }}{{ range config.wide }}{{ $x = quote $x }}{{ end }}`, diag.Limit},
		"large join":            {`{{ $x := join config.mega config.wide }}`, diag.Limit},
		"large output":          {"{{ range config.wide }}{{ $.config.mega }}{{ end }}", diag.Limit},
		"work without output":   {"{{ range config.wide }}{{ range $.config.wide }}{{ $x := eq $.config.mega $.config.mega }}{{ end }}{{ end }}", diag.Limit},
		"split over and over":   {`{{ range config.wide }}{{ range split "a" $.config.mega }}{{ end }}{{ end }}`, diag.Limit},
		"width":                 {`{{ printf "%1000000d" 1 }}`, Code},
		"width of digits":       {`{{ printf "%99999999999999999999d" 1 }}`, Code},
		"precision":             {`{{ printf "%.1000000f" 1.0 }}`, Code},
		"nested if":             {strings.Repeat("{{ if true }}", 5000) + strings.Repeat("{{ end }}", 5000), diag.Limit},
		"nested parentheses":    {"{{ " + strings.Repeat("(", 20000) + "1" + strings.Repeat(")", 20000) + " }}", diag.Limit},
		"parentheses, half":     {"{{ " + strings.Repeat("(", 50000) + "1", Code},
		"many actions":          {strings.Repeat("{{1}}", 200_000), diag.Limit},
		"open actions":          {strings.Repeat("{{", 400_000), Code},
		"much code":             {"{{ print " + strings.Repeat("1 ", 200_000) + "}}", diag.Limit},
		"recursion by template": {`{{ define "a" }}{{ template "a" }}{{ end }}{{ template "a" }}`, Code},
		"the environment":       {`{{ env "HOME" }}`, Code},
		"a file":                {`{{ readFile "/etc/passwd" }}`, Code},
		"a program":             {`{{ exec "id" }}`, Code},
		"the clock":             {`{{ now }}`, Code},
		"chance":                {`{{ randAlphaNum 5 }}`, Code},
		"a name":                {`{{ getHostByName "example.org" }}`, Code},
		"a method":              {`{{ .String }}`, Code},
		"a huge number":         {"{{ eq config.huge 1 }}", diag.Type},
	} {
		o := Options{Run: &Run{}}
		out, ds := Scalars(tree.Root, tree.NewMap(source.Span{}, []tree.Field{{Key: "v", Value: str(c.in)}}), d, o)
		if len(ds) != 1 || ds[0].Code != c.code || out.Get("v").Kind != tree.Unknown {
			t.Errorf("%s: %v; want one %s:\n%.300s", name, out.Get("v").Kind, c.code, messages(ds))
		}
		if o.Run.steps > 2*DefaultMaxSteps {
			t.Errorf("%s: %d steps", name, o.Run.steps)
		}
	}
}

// TestRun: the bounds over all scalars hold over several calls too, and are reported once.
func TestRun(t *testing.T) {
	var items []*tree.Node
	for i := range 100 {
		items = append(items, str(fmt.Sprintf("{{ 1 }}%d", i)))
	}
	in := tree.NewList(source.Span{}, items)
	for name, o := range map[string]Options{"bytes": {MaxTotal: 50, Run: &Run{}}, "steps": {MaxAllSteps: 50, Run: &Run{}}} {
		out, ds := Scalars(tree.Root, in, nil, o)
		if len(ds) != 1 || ds[0].Code != diag.Limit || out.Items[0].Kind != tree.String || out.Items[99].Kind != tree.Unknown {
			t.Errorf("%s: %s", name, messages(ds))
		}
		if out, ds = Scalars(tree.Root, in, nil, o); len(ds) > 0 || out.Items[0].Kind != tree.Unknown {
			t.Errorf("%s: again: %s", name, messages(ds))
		}
		if name == "bytes" && o.Run.bytes > 50 {
			t.Errorf("%d bytes", o.Run.bytes)
		}
	}
}

// TestDeep: a long chain of templates ends; a chain within the bound is rendered whatever its order.
func TestDeep(t *testing.T) {
	for length, faults := range map[int]int{MaxDepth - 1: 0, 5000: 49} {
		var fields []tree.Field
		for i := range length {
			fields = append(fields, tree.Field{Key: fmt.Sprintf("k%d", i), Value: str(fmt.Sprintf("{{ config.k%d }}", i+1))})
		}
		fields = append(fields, tree.Field{Key: fmt.Sprintf("k%d", length), Value: str("end")})
		in := tree.NewMap(source.Span{}, fields)
		out, ds := Scalars(tree.Of("config"), in, Data{"config": in}, Options{})
		if len(ds) != faults || faults == 0 && out.Str("k0") != "end" {
			t.Errorf("%d: %d findings: %.300s", length, len(ds), messages(ds))
		}
	}
}

// seeds are texts in both syntaxes, with the same meaning in text/template.
var seeds = []string{
	"", "x", "{{", "}}", "{{}}", "{{ 1 }}", "a {{- 1 -}} b", "{{/* c */}}x", `{{ "a}}" }}`, "{{`{{`}}", "{{ config.a }}", "{{ .config.a }}", "{{ $.config.n }}",
	"{{ if config.b }}x{{ else }}y{{ end }}", "{{ range config.l }}{{ . }}{{ end }}", "{{ range $i, $e := config.l }}{{ $i }}{{ $e }}{{ else }}n{{ end }}",
	"{{ with config.m }}{{ .k }}{{ end }}", "{{ $x := 1 }}{{ $x = 2 }}{{ $x }}", "{{ range config.l }}{{ if eq . \"x\" }}{{ break }}{{ end }}{{ . }}{{ end }}",
	"{{ eq 1 1 2 }}", "{{ and 1 0 2 }}{{ or 0 3 }}", "{{ not true }}", "{{ lt 1 2 }}{{ ge \"a\" \"b\" }}", "{{ len config.l }}", "{{ index config.m \"k\" }}", "{{ index config.l 1 }}",
	"{{ print 1 2 \"a\" }}", "{{ println 1 }}", "{{ printf \"%d-%s|%5d|%q\" 1 \"b\" 2 \"c\" }}", "{{ config.a | printf \"%s%s\" \"x\" }}", "{{ (index config.m \"k\") }}",
	"{{ config.my-key }}", "{{ config.l.0 }}", "{{ define \"x\" }}{{ end }}", "{{ template \"x\" }}", "{{ range config.m }}{{.}}{{ end }}", "{{if 1}}{{else if 2}}{{end}}",
	"{{ $x }}", "{{ nil }}", "{{ 0x1F }} {{ 1.5 }} {{ 'a' }}", "{{ \"\\", "{{ ( }}", "{{break}}", "{{ print (print 1) }}", "{{ range $k, $v := config.m }}{{$k}}{{$v}}{{end}}", "\n{{ 1 }}\n{{- 2}}",
	"{{ with $x := config.a }}{{ $x }}{{ . }}{{ end }}", "{{ toJson config }}", "{{ split \",\" config.a | join \"-\" }}", "{{ config.gone | default 1 }}",
}

func fuzzData() (Data, map[string]any) {
	n := func(k tree.Kind, s string) *tree.Node { return &tree.Node{Kind: k, Text: s} }
	cfg := tree.NewMap(source.Span{}, []tree.Field{
		{Key: "a", Value: n(tree.String, "alpha")}, {Key: "n", Value: n(tree.Int, "7")}, {Key: "b", Value: n(tree.Bool, "true")},
		{Key: "l", Value: tree.NewList(source.Span{}, []*tree.Node{n(tree.String, "x"), n(tree.String, "y")})},
		{Key: "m", Value: tree.NewMap(source.Span{}, []tree.Field{{Key: "k", Value: n(tree.String, "v")}})},
	})
	return Data{"config": cfg}, map[string]any{"config": map[string]any{
		"a": "alpha", "n": 7, "b": true, "l": []any{"x", "y"}, "m": map[string]any{"k": "v"},
	}}
}

// compare holds one text against text/template: what both can run is the same. Texts that the fuzzer made may hold
// numbers, whose spelling is kept here only; strict is without that excuse.
func compare(t *testing.T, s string, strict bool) {
	d, plain := fuzzData()
	o := Options{MaxText: 1 << 16, MaxSteps: 1 << 14}
	in := tree.NewMap(source.Span{}, []tree.Field{{Key: "v", Value: str(s)}})
	out, ds := Scalars(tree.Root, in, d, o)
	again, _ := Scalars(tree.Root, in, d, o)
	v := out.Get("v")
	switch {
	case !tree.Equal(out, again):
		t.Fatalf("%q: twice is not equal", s)
	case !strings.Contains(s, "{{") && out != in:
		t.Fatalf("%q: no template, and not the same", s)
	case len(v.Text) > 1<<16 && strings.Contains(s, "{{"):
		t.Fatalf("%q: %d bytes", s, len(v.Text))
	case ds.Has(diag.Error) != (v.Kind == tree.Unknown), len(ds) > maxFaults:
		t.Fatalf("%q: %v with %d findings", s, v.Kind, len(ds))
	}
	for _, d := range ds {
		if d.Message == "" || len(d.Message) > 1000 || len(d.Help) > 2000 {
			t.Fatalf("%q: %q %q", s, d.Message, d.Help)
		}
	}
	if ds.Has(diag.Error) || !strings.Contains(s, "{{") {
		return
	}
	tm, err := ref.New("x").Option("missingkey=error").Funcs(ref.FuncMap{"config": func() any { return plain["config"] }}).Parse(s)
	if err != nil {
		if strings.Contains(err.Error(), "not defined") {
			return // a function that only we have
		}
		t.Fatalf("%q: %q; text/template: %v", s, v.Text, err)
	}
	var b strings.Builder
	if err := tm.Execute(&b, plain); err != nil || b.String() == v.Text || !strict && strings.ContainsAny(s, "0123456789'%") || strings.Contains(b.String(), "<n") {
		return // kinds that we compare and it does not; numbers keep their spelling here
	}
	t.Fatalf("%q: %q; text/template: %q", s, v.Text, b.String())
}

func TestOracle(t *testing.T) {
	for _, s := range seeds {
		compare(t, s, true)
	}
}

func FuzzScalars(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { compare(t, s, false) })
}

func BenchmarkScalars(b *testing.B) {
	var items []*tree.Node
	for i := range 10_000 {
		items = append(items, str(fmt.Sprintf("http://{{ config.a }}:{{ .config.n }}/{{ if config.b }}%d{{ end }}", i%500)))
	}
	in := tree.NewList(source.Span{}, items)
	d, _ := fuzzData()
	b.ReportAllocs()
	for b.Loop() {
		if _, ds := Scalars(tree.Root, in, d, Options{}); len(ds) > 0 {
			b.Fatal(messages(ds))
		}
	}
}
