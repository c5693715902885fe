package template

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/parse"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

func read(t testing.TB, text string) *tree.Node {
	t.Helper()
	n, ds := parse.YAML(&source.File{Name: "a.yaml", Rel: "a.yaml", Data: []byte(text)})
	if len(ds) > 0 {
		t.Fatalf("%s\n%s", ds[0].Text(), text)
	}
	return n
}

func messages(ds diag.List) string {
	var b strings.Builder
	for _, d := range ds.Sort() {
		b.WriteString(d.Text() + "\n")
	}
	return b.String()
}

const values = `
host: example.org
port: 8080
hex: 0x1F
big: 123456789012345678901234567890
ratio: 1.50
inf: .inf
yes: true
no: false
nothing:
empty: ""
"on": "on"
look: "1"
my-key: {"0": zero, x.y: dotted}
list: [a, 2, {k: v}]
none: []
map: {b: 2, a: 1}
text: a,b,,c
quoted: 'say "hi" <b>'
ref: "{{ config.port }}"
deep: {a: {b: "{{ config.ref }}"}}
`

// scalar is a document with the template s, in single quotes.
func scalar(s string) string { return "v: '" + strings.ReplaceAll(s, "'", "''") + "'\n" }

func data(t testing.TB) Data {
	return Data{"config": read(t, values), "service": read(t, "name: web\n"), "unknown": &tree.Node{Kind: tree.Unknown}, "vars": nil}
}

func render(t testing.TB, s string, o Options) (*tree.Node, diag.List) {
	t.Helper()
	out, ds := Scalars(tree.Root, read(t, scalar(s)), data(t), o)
	return out.Get("v"), ds
}

func TestText(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"http://{{ config.host }}:{{ .config.port }}/", "http://example.org:8080/"},
		{"x{{ $.config.port }}", "x8080"},
		{"x{{ config.hex }} {{ config.ratio }} {{ config.big }} {{ config.yes }}", "x0x1F 1.50 123456789012345678901234567890 true"},
		{"{{ service.name }}-{{ config.host }}", "web-example.org"},
		{`{{ index config "my-key" "0" }}!`, "zero!"}, {`{{ (index config "my-key" "x.y") }}!`, "dotted!"}, {`{{ index config.list 1 }}!`, "2!"},
		{`{{ (index config.list 2).k }}!`, "v!"}, {`{{ index config "list" 2 "k" }}!`, "v!"},
		{"x {{- /* none */ -}} y", "xy"}, {"a  {{- config.port -}}  b", "a8080b"},
		{`{{ "{{" }} x }}`, "{{ x }}"}, {"{{`{{ .Name }}`}}/x", "{{ .Name }}/x"},
		{"{{ if config.yes }}a{{ else }}b{{ end }}{{ if config.no }}c{{ else if config.nothing }}d{{ else }}e{{ end }}", "ae"},
		{"{{ with config.map }}{{ .a }}{{ $.config.port }}{{ end }}{{ with config.none }}x{{ else }}y{{ end }}", "18080y"},
		{"{{ range config.map }}{{ . }},{{ end }}", "1,2,"}, {"{{ range $k, $v := config.map }}{{ $k }}={{ $v }};{{ end }}", "a=1;b=2;"},
		{"{{ range $i, $v := split \",\" config.text }}{{ if eq $i 2 }}{{ continue }}{{ end }}{{ $i }}{{ $v }}{{ end }}", "0a1b3c"},
		{"{{ range config.list }}{{ break }}x{{ end }}{{ range config.none }}x{{ else }}-{{ end }}{{ range config.nothing }}x{{ end }}", "-"},
		{"{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ $y := 3 }}{{ $y }}{{ end }}{{ $x }}", "32"},
		{"{{ config.gone | default 80 }}!", "80!"}, {"{{ default 80 config.a.b.c }}!", "80!"}, {"{{ config.port | default 80 }}!", "8080!"},
		{"{{ config.nothing | default \"\" }}!", "!"}, {"{{ config.empty | default \"e\" }}!", "e!"}, {"{{ config.no | default true }}!", "false!"},
		{"{{ vars.x | default 1 }}!", "1!"},
		{`{{ has config "list" 2 "k" }} {{ has config "list" 3 }} {{ has config "host" "x" }}`, "true false false"},
		{`{{ eq config.hex 31 }} {{ eq config.ratio 1.5 }} {{ eq config.host "x" "example.org" }} {{ eq config.nothing nil }} {{ ne config.port nil }}`, "true true true true true"},
		{`{{ lt config.port 9000 }} {{ gt config.big config.port }} {{ ge 2 2.0 }} {{ le "b" "a" }} {{ lt config.port config.inf }}`, "true true true false true"},
		{`{{ and config.yes config.port }} {{ or config.no config.empty "x" }} {{ not config.list }} {{ and config.no config.list }}`, "8080 x false false"},
		{`{{ or config.yes config.gone }}!`, "true!"},
		{`{{ len config.list }} {{ len config.map }} {{ len "abc" }}`, "3 2 3"},
		{`{{ print 1 2 "a" 3 }} {{ printf "%05d|%-4s|%x|%.2f|%q|%t|%%" config.port "a" config.hex config.ratio "q" config.yes }}`, `1 2a3 08080|a   |1f|1.50|"q"|true|%`},
		{`{{ println "a" 1 }}.`, "a 1\n."},
		{`{{ " A b " | trim | lower }}{{ upper "x" }}{{ replace "a" "bb" "aXa" }} {{ join "-" (split "," config.text) }} {{ contains "am" config.host }}`, "a bXbbXbb a-b--c true"},
		{`{{ quote config.quoted }} {{ b64enc "hi" }}`, `"say \"hi\" <b>" aGk=`},
		{`{{ toJson config.map }} {{ toJson config.list }} {{ toJson config.hex }} {{ toJson config.deep }} {{ toJson nil }}`, `{"a":1,"b":2} ["a",2,{"k":"v"}] 31 {"a":{"b":8080}} null`},
		{"{{ config.deep.a.b }}!", "8080!"}, {"a }} b {{ 1 }}", "a }} b 1"}, {"{{ 017 }} {{ 0x10 }} {{ 1e3 }} {{ 'a' }}", "15 16 1000 97"},
		{"{{ if true }}{{ if false }}x{{ end }}{{ end }}", ""},
	} {
		n, ds := render(t, c.in, Options{})
		if len(ds) > 0 || n.Kind != tree.String || n.Text != c.want || !n.Derived || !n.Quoted || n.At.Line != 1 {
			t.Errorf("%s:\n%q; want %q\n%s", c.in, n.Text, c.want, messages(ds))
		}
	}
}

// TestWhole: one whole {{ … }} has the kind of its value, and a string stays one.
func TestWhole(t *testing.T) {
	for _, c := range []struct {
		in     string
		kind   tree.Kind
		text   string
		quoted bool
	}{
		{"{{ config.port }}", tree.Int, "8080", false}, {"{{- config.hex -}}", tree.Int, "0x1F", false}, {"{{ config.ratio }}", tree.Float, "1.50", false},
		{"{{ config.yes }}", tree.Bool, "true", false}, {"{{ config.nothing }}", tree.Null, "", false}, {"{{ config.host }}", tree.String, "example.org", true},
		{"{{ config.on }}", tree.String, "on", true}, {"{{ config.look }}", tree.String, "1", true}, {"{{ config.ref }}", tree.Int, "8080", false},
		{"{{ config.deep.a.b }}", tree.Int, "8080", false}, {"{{ print config.port }}", tree.String, "8080", true}, {"{{ 3 }}", tree.Int, "3", false},
		{"{{ config.gone | default 3 }}", tree.Int, "3", false}, {"{{ eq 1 1 }}", tree.Bool, "true", false},
		{"{{ if config.no }}{{ 1 }}{{ else if config.yes }}{{ config.port }}{{ else }}{{ 2 }}{{ end }}", tree.Int, "8080", false},
		{"{{ if config.yes }}{{ config.port }}{{ end }}", tree.String, "8080", true}, {"{{ config.port }} ", tree.String, "8080 ", true},
		{"{{ with config.map }}{{ .a }}{{ else }}{{ 0 }}{{ end }}", tree.Int, "1", false},
	} {
		n, ds := render(t, c.in, Options{})
		if len(ds) > 0 || n.Kind != c.kind || n.Text != c.text || n.Quoted != c.quoted || !n.Derived {
			t.Errorf("%s: %v %q quoted %v\n%s", c.in, n.Kind, n.Text, n.Quoted, messages(ds))
		}
	}
}

// TestLoose: what ${…} made of an unquoted scalar may still be read as a number behind a template, and is compared as one.
func TestLoose(t *testing.T) {
	d := data(t)
	port := tree.NewScalar(source.Span{}, tree.String, "8080")
	d["vars"] = tree.NewMap(source.Span{}, []tree.Field{{Key: "port", Value: port}})
	n, ds := Scalars(tree.Root, read(t, "a: '{{ vars.port }}'\nb: '{{ eq vars.port 8080 }}'\nc: x{{ vars.port }}\n"), d, Options{})
	if len(ds) > 0 || n.Get("a").Quoted || n.Get("a").Kind != tree.String || n.Str("b") != "true" || n.Get("c").Quoted {
		t.Errorf("%+v %+v\n%s", n.Get("a"), n.Get("b"), messages(ds))
	}
}

func TestFaults(t *testing.T) {
	for _, c := range []struct{ in, want, help string }{
		{"x{{ config.prot }}", `a.yaml:1:9: error: v: cannot find config.prot: there is no key "prot" [template]`, `did you mean "port"? config has big, deep, `},
		{"x{{ .config.map.c }}", `a.yaml:1:9: error: v: cannot find config.map.c: there is no key "c" [template]`, "did you mean"},
		{"{{ confg.port }}", `a.yaml:1:8: error: v: cannot find "confg": there is no such name [template]`, `did you mean "config"?`},
		{"{{ .Name }}", `a.yaml:1:8: error: v: cannot find "Name": there is no such name [template]`, "{{`{{ .Name }}`}}"},
		{"{{ json . }}", `a.yaml:1:8: error: v: cannot use "json": there is no such function [template]`, "{{`{{ json . }}`}}"},
		{`{{ env "HOME" }}`, `a.yaml:1:8: error: v: cannot use "env": there is no such function [template]`, "${NAME}"},
		{"{{ config.my-key }}", `a.yaml:1:5: error: v: cannot read "{{ config.my-key }}" as a template: a character that no template has [template]`, `{{ index config "my-key" }}`},
		{"{{ .config.list.0 }}", `a.yaml:1:5: error: v: cannot read "{{ .config.list.0 }}" as a template: two things stand together that do not belong together [template]`, `{{ index config "list" 0 }}`},
		{"{{ config.map }}", `a.yaml:1:5: error: v: cannot use a mapping here; want a scalar [type]`, "name one of its values: a, b"},
		{"x{{ config.list }}", `a.yaml:1:6: error: v: cannot use a list here; want a scalar [type]`, `{{ join ", " config.list }}`},
		{"x{{ config.nothing }}", `a.yaml:1:6: error: v: cannot write null into a text: config.nothing [template]`, `{{ config.nothing | default "" }}`},
		{"{{ . }}", `a.yaml:1:5: error: v: cannot use a mapping here; want a scalar [type]`, "config"},
		{"{{ config.host.x }}", `a.yaml:1:8: error: v: cannot read "x": config.host is a string, not a mapping [type]`, ""},
		{"{{ config.list.x }}", `a.yaml:1:8: error: v: cannot read "x": config.list is a list, not a mapping [type]`, "{{ index config.list 0 }}"},
		{"{{ index config.list 3 }}", `a.yaml:1:8: error: v: cannot find item 3 of config.list: it has 3 [template]`, "from 0"},
		{"a{{ config.x }}b{{ config.y }}", "a.yaml:1:9: error: v: cannot find config.x: there is no key \"x\" [template]\na.yaml:1:24: error: v: cannot find config.y: there is no key \"y\" [template]", "default"},
		{"a {{ config.port", `a.yaml:1:7: error: v: cannot read "{{ config.port" as a template: "}}" is missing [template]`, "`"},
		{`{{ "a }} b`, `a.yaml:1:5: error: v: cannot read "{{ \"a }} b" as a template: a quote does not end [template]`, "close"},
		{"{{ 1 }}{{ if true }}x", `a.yaml:1:12: error: v: cannot read the template: the {{ end }} of "if" is missing [template]`, "{{ end }}"},
		{"{{ 1 }} {{ end }}", `a.yaml:1:13: error: v: cannot read "{{ end }}" as a template: {{ end }} without if, with or range [template]`, "delete"},
		{"{{ (1 }}", `a.yaml:1:5: error: v: cannot read "{{ (1 }}" as a template: ")" is missing [template]`, "close"},
		{"{{ $x }}", `a.yaml:1:5: error: v: cannot read "{{ $x }}" as a template: a variable that is not set [template]`, "$x :="},
		{"{{}}", `a.yaml:1:5: error: v: cannot read "{{}}" as a template: a value is missing [template]`, "`"},
		{`{{ define "t" }}x{{ end }}`, `a.yaml:1:5: error: v: cannot use "define": a template stands alone [template]`, "config or globals"},
		{`a{{ template "t" }}`, `a.yaml:1:6: error: v: cannot use "template": a template stands alone [template]`, "config"},
		{`{{- block "t" . }}{{ end }}`, `a.yaml:1:5: error: v: cannot use "block": a template stands alone [template]`, "config"},
		{"{{ range 5 }}{{ end }}", `a.yaml:1:5: error: v: cannot range over an integer; want a list or a mapping [type]`, ""},
		{`{{ eq config.look 1 }}`, `a.yaml:1:8: error: v: cannot compare a string with an integer: config.look [type]`, "print X"},
		{"{{ config.host 1 }}", `a.yaml:1:8: error: v: cannot give an argument to "config.host": it is a value, not a function [template]`, "index"},
		{"{{ lower }}", `a.yaml:1:8: error: v: cannot use "lower" with 0 arguments [template]`, "lower TEXT"},
		{"{{ lower config.map }}", `a.yaml:1:8: error: v: cannot use a mapping as the text of "lower": config.map [type]`, "string"},
		{`{{ printf "%1000000d" 1 }}`, `a.yaml:1:8: error: v: cannot read the format "%1000000d": its width is too large [template]`, "256"},
		{`{{ printf "%*d" 1 1 }}`, `a.yaml:1:8: error: v: cannot read the format "%*d": there is no such verb [template]`, "256"},
		{`{{ printf "%d" "x" }}`, `a.yaml:1:8: error: v: cannot print a string as "%d" [type]`, "%v"},
		{`{{ printf "%d" }}`, `a.yaml:1:8: error: v: cannot fill "%d": an argument is missing [template]`, "verb"},
		{`{{ nil }}`, `a.yaml:1:5: error: v: cannot use nil alone [template]`, "null"},
		{"{{ 1i }}", `a.yaml:1:5: error: v: cannot use the number "1i" [template]`, "decimal"},
		{"{{ if config.no }}{{ gone }}{{ end }}", `a.yaml:1:26: error: v: cannot find "gone": there is no such name [template]`, "config"},
		{"{{ range config.list }}{{ config.gone }}{{ end }}", `a.yaml:1:31: error: v: cannot find config.gone: there is no key "gone" [template]`, "config has"},
		{"{{ $x := config.gone }}{{ $x }}{{ $x.y }}", `a.yaml:1:14: error: v: cannot find config.gone: there is no key "gone" [template]`, "config has"},
	} {
		n, ds := render(t, c.in, Options{})
		if got := strings.TrimSpace(messages(ds)); got != c.want {
			t.Errorf("%s:\n%s\nwant:\n%s", c.in, got, c.want)
		}
		if len(ds) > 0 && (!strings.Contains(ds[0].Help, c.help) || ds[0].Help == "" && c.help != "") {
			t.Errorf("%s: help %q; want %q in it", c.in, ds[0].Help, c.help)
		}
		if n.Kind != tree.Unknown {
			t.Errorf("%s: kind %v; want unknown", c.in, n.Kind)
		}
	}
}

// TestPlaces: a fault in a block points at its line, one in a text that is written otherwise at the scalar.
func TestPlaces(t *testing.T) {
	for in, want := range map[string]string{
		"v: |\n    one\n\n      ü {{ config.x }}\n":       "a.yaml:4:12",
		"v: >\n    one\n    {{ config.x }}\n":             "a.yaml:1:4",
		"v: \"\\t{{ config.x }}\"\n":                      "a.yaml:1:4",
		"v: ü{{ config.x }}\n":                            "a.yaml:1:8",
		"k:\n  - &x \"{{ config.x }}\"\nl: [*x, *x]\n":    "a.yaml:2:",
		"v: \"{{ with config.map }}{{ .c }}{{ end }}\"\n": "a.yaml:1:29",
	} {
		_, ds := Scalars(tree.Root, read(t, in), data(t), Options{})
		if len(ds) != 1 || !strings.HasPrefix(ds[0].At.String(), want) {
			t.Errorf("%q: want one at %s:\n%s", in, want, messages(ds))
		}
	}
}

// TestUnknown: what reads what is not known is not known, and nothing is said of it.
func TestUnknown(t *testing.T) {
	for _, s := range []string{"{{ unknown }}", "x{{ unknown.a.b }}", "{{ if unknown.x }}a{{ end }}", "{{ $x := unknown }}{{ $x.y }}", "{{ unknown | default 1 }}"} {
		n, ds := render(t, s, Options{})
		if len(ds) > 0 || n.Kind != tree.Unknown || n.Text != "" {
			t.Errorf("%s: %v\n%s", s, n.Kind, messages(ds))
		}
	}
}

// TestShared: what holds no template is shared, what was overridden is remembered, and an anchor is rendered once.
func TestShared(t *testing.T) {
	in := read(t, "a: {b: c, d: [1, two]}\ne: &e {f: '{{ config.gone }}'}\ng: *e\nh: '{{ config.port }}'\n")
	was := tree.NewScalar(source.Span{}, tree.Int, "1")
	in = in.Set("h", source.Span{}, in.Get("h").Over(was))
	out, ds := Scalars(tree.Root, in, data(t), Options{})
	if out.Get("a") != in.Get("a") || out.Get("h").Was != was || out.Get("h").At != in.Get("h").At || len(ds) != 1 {
		t.Errorf("%s", messages(ds))
	}
	if same, ds := Scalars(tree.Root, in.Get("a"), nil, Options{}); same != in.Get("a") || len(ds) > 0 {
		t.Error("a tree without templates was copied")
	}
	if in.Get("h").Kind != tree.String {
		t.Error("the input was changed")
	}
}

// TestKeys: a key is no template; one finding each.
func TestKeys(t *testing.T) {
	_, ds := Scalars(tree.Root, read(t, "a: {'{{ config.port }}': x, b: {'{{c': 1}}\ns: {'{{x': 1}\n"), data(t), Options{Skip: func(p tree.Path) bool { return p.String() == "s" }})
	want := "a.yaml:1:5: error: a[\"{{ config.port }}\"]: cannot use a template as the key \"{{ config.port }}\"; want a name [template]\n" +
		"a.yaml:1:33: error: a.b.{{c: cannot use a template as the key \"{{c\"; want a name [template]\n"
	if got := messages(ds); got != want {
		t.Errorf("%s\nwant:\n%s", got, want)
	}
}

// TestSkip: what is skipped stays as it is, also where a template reads it.
func TestSkip(t *testing.T) {
	in := read(t, "config: {tag: '{{ .Name }}', k: {x: '{{ .Gone }}'}}\na: 'x {{ config.tag }}'\nb: '{{ config.k.x }}'\n")
	out, ds := Scalars(tree.Root, in, Data{"config": in.Get("config")}, Options{Skip: func(p tree.Path) bool {
		s := p.String()
		return s == "config.tag" || s == "config.k"
	}})
	if len(ds) > 0 || out.Get("config") != in.Get("config") || out.Str("a") != "x {{ .Name }}" || out.Str("b") != "{{ .Gone }}" {
		t.Errorf("%q %q\n%s", out.Str("a"), out.Str("b"), messages(ds))
	}
}

// TestKeep: paths of run time stay, alone.
func TestKeep(t *testing.T) {
	o := Options{Keep: []string{"args"}}
	for in, want := range map[string]string{
		"{{ args.DAY }}": "{{ args.DAY }}", "{{config.port}}/{{args.DAY}}/{{ .args.X }}": "8080/{{args.DAY}}/{{ .args.X }}", "{{ if true }}{{ args.A }}{{ end }}": "{{ args.A }}",
	} {
		if n, ds := render(t, in, o); len(ds) > 0 || n.Text != want || n.Kind != tree.String {
			t.Errorf("%s: %q\n%s", in, n.Text, messages(ds))
		}
	}
	for _, late := range []string{"lower config.late", "if config.late }}{{ end", "eq config.late 1", "toJson config", "join `` (config.l)", "len config.late", "and config.late 1", "not config.late"} {
		in := read(t, "late: 'x{{ config.l2 }}'\nl2: '{{ args.DAY }}'\nl: ['{{ config.late }}']\n")
		out, ds := Scalars(tree.Root, read(t, "a: 'y{{ config.late | default 1 }}'\nb: '{{ "+late+" }}'\n"), Data{"config": in}, o)
		if len(ds) != 1 || !strings.Contains(ds[0].Message, "run time") || out.Str("a") != "yx{{ args.DAY }}" {
			t.Errorf("%s: %q\n%s", late, out.Str("a"), messages(ds))
		}
	}
	_, ds := render(t, "{{ lower args.DAY }}", o)
	if got := messages(ds); got != "a.yaml:1:14: error: v: cannot compute with \"args\": it is known at run time only [template]\n" {
		t.Error(got)
	}
}

// TestRing: templates that read each other in a ring are one finding, with the ring.
func TestRing(t *testing.T) {
	in := read(t, "config:\n  a: 'x{{ config.b }}'\n  b: '{{ config.c }}'\n  c: 'y{{ .config.a }}'\n  d: '{{ config.d }}'\n  e: '{{ toJson config }}'\nuse: '{{ config.a }}'\n")
	out, ds := Scalars(tree.Root, in, Data{"config": in.Get("config")}, Options{})
	want := "a.yaml:4:11: error: config.c: cannot render what reads itself: config.a → config.b → config.c → config.a [cycle]\n" +
		"a.yaml:5:10: error: config.d: cannot render what reads itself: config.d → config.d [cycle]\n"
	if got := messages(ds); got != want {
		t.Errorf("%s\nwant:\n%s", got, want)
	}
	if len(ds[0].Related) != 2 || out.Get("use").Kind != tree.Unknown || out.Get("config").Get("e").Kind != tree.Unknown {
		t.Errorf("%+v %v", ds[0].Related, out.Get("use").Kind)
	}
	_, ds = Scalars(tree.Of("x"), read(t, "e: '{{ config.e }}'\n"), Data{"config": read(t, "e: '{{ toJson config }}'\n")}, Options{})
	if got := messages(ds); !strings.Contains(got, "config.e → config.e [cycle]") {
		t.Error(got)
	}
}

// TestFunctions: each stands once, and on the page.
func TestFunctions(t *testing.T) {
	page, err := os.ReadFile("../../docs/templates.md")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, fn := range Functions() {
		if slices.Contains(names, fn.Name) {
			t.Errorf("%s stands twice", fn.Name)
		}
		names = append(names, fn.Name)
		if row := "| `" + strings.TrimSpace(fn.Name+" "+fn.Args) + "` | " + fn.Text + " |"; !strings.Contains(string(page), row) {
			t.Errorf("docs/templates.md lacks the row:\n%s", row)
		}
		if absent[fn.Name] != "" {
			t.Errorf("%s is said to be absent", fn.Name)
		}
	}
}
