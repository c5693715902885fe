package load

import (
	"slices"
	"strconv"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/shape"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// Variable is a declared variable with its value.
type Variable struct {
	Name   string
	Value  string // "" for a secret one: no stage after the load knows it
	Set    bool   // something gives a value
	Secret bool   // no output and no message may hold the value
	// Required: something must give a value. Description is what the config says of it.
	Required    bool
	Description string
	At          source.Span // where the value stands; zero for the environment of the process and for an answer
}

// variables are the declared ones.
type variables struct {
	byName  map[string]*declared
	order   []*declared // as they were first seen
	secrets int         // the number of secret ones
	changes int         // how often that changed
	early   []earlyRead
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
	secretAt    source.Span // where that is said
	prompt      bool
	question    string // the text of prompt
	missing     bool   // required, without a value, and reported
	number      int    // its place in the order
	local       bool   // a file that was not fetched declares it

	asked, answered bool
	answer          string

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
		d = &declared{name: field.Key, at: field.KeyAt, via: y.via, kind: "string", number: len(v.order)}
		v.byName[field.Key] = d
		v.order = append(v.order, d)
	}
	d.local = d.local || !y.fetched
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
	if secret := n.Get("secret"); secret != nil && secret.Kind.IsScalar() {
		v.secret(d, truth(secret), secret.At)
	}
	if prompt := n.Get("prompt"); prompt != nil && prompt.Kind.IsScalar() {
		d.prompt, d.question = truth(prompt), ""
		if _, _, boolean := shape.ParseBool(prompt.Text); prompt.Kind == tree.String && (prompt.Quoted || !boolean) {
			d.prompt, d.question = true, prompt.Text
		}
	}
}

func (v *variables) secret(d *declared, is bool, at source.Span) {
	d.secretAt = at
	if d.secret == is {
		return
	}
	d.secret = is
	v.changes++
	if is {
		v.secrets++
	} else {
		v.secrets--
	}
}

// truth reads a boolean, with the words that Compose takes for one.
func truth(n *tree.Node) bool {
	is, _, _ := shape.ParseBool(n.Text)
	return is
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
	for _, d := range l.vars.order {
		text, at, ok := l.env.find(d.name) // asks, in the order in which the files name the variables
		d.value = Variable{Name: d.name, Value: text, Set: ok, Secret: d.secret, At: at, Required: d.required, Description: d.description}
	}
	for _, d := range l.vars.sorted() {
		switch {
		case d.missing: // reported
		case !d.value.Set && d.required:
			d.missing = true
			l.required(d)
		case d.value.Set:
			l.typed(d)
		}
		if l.env.secretOf(d.name) != nil {
			d.value.Value, d.value.Secret = "", true
		}
	}
	l.checkSecrets()
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
		f.Helpf("add to .env: %s=%s%s", d.name, example, d.advice())
		return
	}
	f.Helpf("add to %s: variables: { %s: { default: %s } }; or to .env: %s=%s%s", where, d.name, example, d.name, example, d.advice())
}

// advice is the end of the help about d without a value.
func (d *declared) advice() string {
	if !d.prompt {
		return ""
	}
	return "; or answer its question: octo compile --ask"
}

// Advice ends the help about a variable without a value.
func (s *scope) Advice(name string) string {
	if d := s.l.vars.get(name); d != nil {
		return d.advice()
	}
	return ""
}

// typed reports a value that does not read as the type of its variable.
func (l *loader) typed(d *declared) {
	want := wanted(d.kind, d.value.Value)
	if want == "" {
		return
	}
	d.missing = true
	shown := shownValue(d, d.value.Value)
	f := l.ds.Error(diag.Type, tree.Of("variables", d.name), "cannot use %s as the value of %s; want %s", shown, d.name, want)
	if d.value.At.IsZero() {
		f.AtSpan(d.at).Helpf("change %s in the environment", d.name)
		return
	}
	f.AtSpan(d.value.At).SeeSpan(d.at, "declared here").Helpf("change the value, or the type of the variable")
	f.Quiet = d.secret
}
