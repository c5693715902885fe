package interpolate

import (
	"maps"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/compose-spec/compose-go/v2/template"

	"github.com/octocompose/octocompose/compiler/diag"
)

func failed(faults []Fault) bool {
	for _, f := range faults {
		if f.Code != diag.Unset {
			return true
		}
	}
	return false
}

// FuzzExpand holds Expand against compose-go.
func FuzzExpand(f *testing.F) {
	for _, s := range []string{"", "$A", "${A}", "$$", "${U:-d}", "${U-${A}}", "${E:+x}", "${A:?m}", "${U?m$A}", "x${A:-b}y${E:-c}z", "${", "${}", "${A", "${A:-",
		"$", "$5", "${A:x}", "${U:-{}}", "${U:-{\"a\": 1}} }", "a\n${A:-b\nc}", "${A}}", "{$A}", "${U:-}}", "${U:-${V:-${W:?x}}}", "$A$$$N", "${A-}{", "${U:-{{}", "${U:-{}} x}", "${U:-{}}}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if strings.Contains(s, "{{") || strings.ContainsAny(s, "\u017f\u212a") || strings.Count(s, "${") > 10 {
			return // templates are ours; (?i) folds two letters beyond ASCII
		}
		got, faults := Expand(s, env)
		want, err := template.SubstituteWithOptions(s, env.Lookup, template.WithoutLogging)
		if (err != nil) != failed(faults) {
			t.Fatalf("%q: %v; compose-go: %v", s, faults, err)
		}
		if err == nil && got != want {
			t.Fatalf("%q: %q; compose-go: %q", s, got, want)
		}
		for _, f := range faults {
			if f.Off < 0 || f.Len < 0 || f.Off+f.Len > len(s) {
				t.Fatalf("%q: a fault outside: %+v", s, f)
			}
		}
	})
}

// FuzzDotEnv holds DotEnv against compose-go.
func FuzzDotEnv(f *testing.F) {
	for _, s := range dotEnvSeeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if strings.ContainsAny(s, "\u017f\u212a") || strings.Count(s, "${") > 10 || !strings.HasSuffix(s, "\n") {
			return // without a last line break compose-go makes of NAME a variable without a name
		}
		pairs, ds := DotEnv(file(".env", s), env)
		got := map[string]string{}
		for _, p := range pairs {
			if p.At.Line < 1 || int(p.At.Line) > strings.Count(s, "\n")+1 {
				t.Fatalf("%q: %s lies outside", s, p.At)
			}
			got[p.Name] = p.Value
		}
		want, err := dotenv.UnmarshalWithLookup(strings.TrimPrefix(s, "\uFEFF"), env.Lookup)
		if _, ok := want[""]; ok || strings.Contains(messages(ds), "without a name") {
			return // compose-go takes a value without a name
		}
		if (err != nil) != ds.Has(diag.Error) {
			t.Fatalf("%q: %s; compose-go: %v", s, messages(ds), err)
		}
		if err == nil && !maps.Equal(got, want) {
			t.Fatalf("%q: %q; compose-go: %q", s, got, want)
		}
	})
}
