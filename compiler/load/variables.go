package load

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// Variable is a declared variable with its value.
type Variable struct {
	Name   string
	Value  string
	Set    bool        // something gives a value
	Secret bool        // the value must not be printed
	At     source.Span // where the value stands; zero for the environment of the process
}

// variables are the declared ones.
type variables struct {
	byName map[string]*declared
}

// declared is what the layers say of one variable.
type declared struct {
	name        string
	at          source.Span // of the key, in the layer that asks for a value, else in the first one
	via         source.Span // the include that brought that layer
	kind        string      // string, int, bool, number
	def         *tree.Node
	description string
	required    bool
	secret      bool
	missing     bool // required, without a value, and reported

	value Variable
}

func (v *variables) get(name string) *declared { return v.byName[name] }

// declare takes in what y says, over what is known.
func (v *variables) declare(y *layer) {
	for _, top := range tops(y.root) {
		vars := top.Get("variables")
		if vars == nil || vars.Kind != tree.Map {
			continue
		}
		for i := range vars.Fields {
			v.one(y, &vars.Fields[i])
		}
	}
}

func (v *variables) one(y *layer, field *tree.Field) {
	if v.byName == nil {
		v.byName = map[string]*declared{}
	}
	d := v.byName[field.Key]
	if d == nil {
		d = &declared{name: field.Key, at: field.KeyAt, via: y.via, kind: "string"}
		v.byName[field.Key] = d
	}
	n := field.Value
	if n.Kind != tree.Map {
		return
	}
	if s := n.Str("type"); s != "" {
		d.kind = s
	}
	if s := n.Str("description"); s != "" {
		d.description = s
	}
	if def := n.Get("default"); def != nil && def.Kind.IsScalar() {
		d.def = def
		if def.Kind == tree.Null {
			d.def = nil
		}
	}
	if s := n.Str("required"); s != "" {
		d.required = s == "true"
		if d.required {
			d.at, d.via = field.KeyAt, y.via
		}
	}
	if s := n.Str("secret"); s != "" {
		d.secret = s == "true"
	}
}

func (v *variables) sorted() []*declared {
	out := make([]*declared, 0, len(v.byName))
	for _, d := range v.byName {
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b *declared) int { return strings.Compare(a.name, b.name) })
	return out
}

func (v *variables) list() []Variable {
	var out []Variable
	for _, d := range v.sorted() {
		out = append(out, d.value)
	}
	return out
}

// finishVariables gives every declared variable its value, and reports those that lack one or hold a wrong one.
func (l *loader) finishVariables() {
	for _, d := range l.vars.sorted() {
		text, at, ok := l.env.find(d.name)
		d.value = Variable{Name: d.name, Value: text, Set: ok, Secret: d.secret, At: at}
		switch {
		case !ok && d.required:
			d.missing = true
			l.required(d)
		case ok:
			l.typed(d)
		}
	}
}

// required reports a variable without a value, at the include that asks for one.
func (l *loader) required(d *declared) {
	p := tree.Of("variables", d.name)
	example := "…"
	switch d.kind {
	case "int", "number":
		example = "1"
	case "bool":
		example = "true"
	}
	where := d.at.File.Name
	if !d.via.IsZero() {
		where = d.via.File.Name
	}
	said := ""
	if d.description != "" {
		said = ": " + strconv.Quote(d.description)
	}
	f := l.ds.Error(diag.Required, p, "no value, and one is required%s", said).AtSpan(d.at)
	if !d.via.IsZero() {
		f.Message = "no value, and this include requires one"
		f.AtSpan(d.via).SeeSpan(d.at, "declared here%s", said)
	}
	if d.secret {
		f.Helpf("add to .env: %s=%s", d.name, example)
		return
	}
	f.Helpf("add to %s: variables: { %s: { default: %s } }; or to .env: %s=%s", where, d.name, example, d.name, example)
}

// typed reports a value that does not read as the type of its variable.
func (l *loader) typed(d *declared) {
	want := ""
	switch text := d.value.Value; d.kind {
	case "int":
		if _, err := strconv.ParseInt(text, 10, 64); err != nil {
			want = "an integer"
		}
	case "number":
		if _, err := strconv.ParseFloat(text, 64); err != nil {
			want = "a number"
		}
	case "bool":
		if text != "true" && text != "false" {
			want = "true or false"
		}
	}
	if want == "" {
		return
	}
	d.missing = true
	shown := fmt.Sprintf("%q", d.value.Value)
	if d.secret {
		shown = "this value"
	}
	f := l.ds.Error(diag.Type, tree.Of("variables", d.name), "cannot use %s as the value of %s; want %s", shown, d.name, want)
	if d.value.At.IsZero() {
		f.AtSpan(d.at).Helpf("change %s in the environment", d.name)
		return
	}
	f.AtSpan(d.value.At).SeeSpan(d.at, "declared here").Helpf("change the value, or the type of the variable")
	f.Quiet = d.secret
}
