package load

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/source"
)

// asked loads files with answers, and returns the questions, the variables and the findings.
func asked(t *testing.T, files source.Mem, o Options, answers ...string) ([]Question, map[string]string, string) {
	t.Helper()
	var questions []Question
	o.Schema, o.Dir, o.Reader = compiled(t), "/srv/project", files
	o.Ask = func(q Question) (string, error) {
		questions = append(questions, q)
		if len(questions) > len(answers) {
			return "", io.EOF
		}
		return answers[len(questions)-1], nil
	}
	r, ds := Load(o)
	var b strings.Builder
	if err := diag.Text(&b, append(ds, r.Leaks...).Sort(), diag.Style{}); err != nil {
		t.Fatal(err)
	}
	values := map[string]string{}
	for _, v := range r.Variables {
		values[v.Name] = fmt.Sprint(v.Value, " ", v.Set)
	}
	values["image"] = r.Tree.Get("services").Get("a").Str("image")
	return questions, values, b.String()
}

const askedFor = `
variables:
  DOMAIN: { prompt: "Which domain?", required: true, description: Public host name }
  PORT: { prompt: true, type: int, default: 80 }
  BOTH: { prompt: true }
  PLAIN: { default: p }
services: { a: { image: "x:${DOMAIN}-${PORT}-${BOTH-none}" } }
`

// TestAsk: what nothing sets is asked for in the order of the file, again until the answer does; an empty one takes the
// default, or leaves unset what may be.
func TestAsk(t *testing.T) {
	questions, values, found := asked(t, source.Mem{"octo.yaml": askedFor}, Options{}, "", "\x1b[2J", "example.com", "many", "", "")
	want := []Question{
		{Name: "DOMAIN", Text: "Which domain?", Description: "Public host name", Kind: "string", Required: true},
		{Name: "DOMAIN", Text: "Which domain?", Description: "Public host name", Kind: "string", Required: true, Again: "a value is required"},
		{Name: "DOMAIN", Text: "Which domain?", Description: "Public host name", Kind: "string", Required: true,
			Again: "cannot use control characters; want a line of text"},
		{Name: "PORT", Kind: "int", Default: "80", HasDefault: true},
		{Name: "PORT", Kind: "int", Default: "80", HasDefault: true, Again: `cannot use "many"; want an integer`},
		{Name: "BOTH", Kind: "string"},
	}
	if fmt.Sprintf("%+v", questions) != fmt.Sprintf("%+v", want) {
		t.Errorf("asked\n%+v\nwant\n%+v", questions, want)
	}
	if got := values["image"]; got != "x:example.com-80-none" {
		t.Errorf("image: %s", got)
	}
	if found != "" {
		t.Error(found)
	}
}

// TestAskNotWhatIsSet: the environment, .env and a default of the command line are answers.
func TestAskNotWhatIsSet(t *testing.T) {
	o := Options{
		Env: func(name string) (string, bool) { return "env.example.com", name == "DOMAIN" },
		Set: []string{"variables.BOTH.default=set"},
	}
	questions, values, found := asked(t, source.Mem{"octo.yaml": askedFor, ".env": "PORT=81\n"}, o)
	if len(questions) > 0 || found != "" {
		t.Errorf("asked %+v\n%s", questions, found)
	}
	if got := values["image"]; got != "x:env.example.com-81-set" {
		t.Errorf("image: %s", got)
	}
}

// TestAskEnds: after an end of the input nothing is set, and what is required is missing.
func TestAskEnds(t *testing.T) {
	questions, values, found := asked(t, source.Mem{"octo.yaml": askedFor}, Options{})
	if len(questions) != 3 || values["PORT"] != "80 true" || values["DOMAIN"] != " false" || !strings.Contains(found, "[required]") {
		t.Errorf("%+v %v\n%s", questions, values, found)
	}
}

// TestAskGivesUp: an asker that never answers well is not asked for ever.
func TestAskGivesUp(t *testing.T) {
	n := 0
	_, ds := Load(Options{
		Schema: compiled(t), Dir: "/srv/project", Reader: source.Mem{"octo.yaml": "variables: { N: { prompt: true, type: int, default: 1 } }\n"},
		Ask: func(Question) (string, error) {
			if n++; n > 100 {
				return "", errors.New("enough")
			}
			return "x", nil
		},
	})
	if n != maxAnswers || !ds.Has(diag.Error) {
		t.Errorf("asked %d times, found %d", n, len(ds))
	}
}

// TestAskForInclude: an include whose name asks is found by the answer.
func TestAskForInclude(t *testing.T) {
	files := source.Mem{
		"octo.yaml": "variables: { EDITION: { prompt: true } }\ninclude: [\"${EDITION}.yaml\"]\n",
		"pro.yaml":  "services: { a: { image: pro } }\n",
	}
	questions, values, found := asked(t, files, Options{}, "pro")
	if len(questions) != 1 || values["image"] != "pro" || found != "" {
		t.Errorf("%+v %v\n%s", questions, values, found)
	}
}

// TestAskSecret: neither the default nor a wrong answer of a secret variable is repeated, and the answer is in no result.
func TestAskSecret(t *testing.T) {
	files := source.Mem{"octo.yaml": `
variables: { PIN: { prompt: true, secret: true, type: int, default: 4711 } }
services: { a: { image: x, environment: { PIN: "${PIN}" } } }
`}
	questions, values, found := asked(t, files, Options{}, "canary", "815")
	all := fmt.Sprintf("%+v %v %s", questions, values, found)
	for _, secret := range []string{"4711", "canary", "815"} {
		if strings.Contains(all, secret) {
			t.Errorf("%s is shown: %s", secret, all)
		}
	}
	if len(questions) != 2 || !questions[1].Secret || !questions[1].HasDefault || questions[1].Again != "cannot use this value; want an integer" {
		t.Errorf("%+v", questions)
	}
	if values["PIN"] != " true" || !strings.Contains(found, "services.a.environment.PIN: cannot hold the value of PIN") {
		t.Errorf("%v %s", values, found)
	}
}

// TestSecretDoesNotDependOnValue: what reads a secret variable is the same mistake whether the secret is there or not.
func TestSecretDoesNotDependOnValue(t *testing.T) {
	file := "variables: { S: { secret: true } }\nservices: { a: { image: \"x:${S}-${S:-d}-${S?}\" } }\n"
	_, _, without := asked(t, source.Mem{"octo.yaml": file}, Options{})
	_, _, empty := asked(t, source.Mem{"octo.yaml": file, ".env": "S=\n"}, Options{})
	_, _, with := asked(t, source.Mem{"octo.yaml": file, ".env": "S=canary\n"}, Options{})
	if with == "" || without != with || empty != with {
		t.Errorf("without:\n%s\nempty:\n%s\nwith:\n%s", without, empty, with)
	}
}
