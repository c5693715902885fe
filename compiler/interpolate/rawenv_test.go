package interpolate

import (
	"strings"
	"testing"
)

// TestRawEnv: what stands behind the equals sign is the value, as docker run --env-file reads it.
func TestRawEnv(t *testing.T) {
	pairs, ds := RawEnv(file("raw.env", "\uFEFFA=1\r\n  # c\n\n\tB='x' # $A\nA\nNOPE\nC=\nD D=1\n=2\nE=a=b"), env)
	var b strings.Builder
	for _, p := range pairs {
		b.WriteString(p.At.String() + " " + p.Name + "=" + p.Value + "\n")
	}
	want := "raw.env:1:2 A=1\nraw.env:4:2 B='x' # $A\nraw.env:5:1 A=a\nraw.env:7:1 C=\nraw.env:10:1 E=a=b\n"
	if b.String() != want {
		t.Errorf("%s\nwant:\n%s", b.String(), want)
	}
	faults := "raw.env:8:1: error: cannot use a name with a space in it [syntax]\nraw.env:9:1: error: cannot read a value without a name [syntax]\n"
	if got := messages(ds); got != faults {
		t.Errorf("%s\nwant:\n%s", got, faults)
	}
}

// TestDotEnvAfter: values of earlier files stand below the lines above.
func TestDotEnvAfter(t *testing.T) {
	set := map[string]string{"X": "before", "Y": "before"}
	pairs, ds := DotEnvAfter(file("b.env", "X=here\nZ=$X $Y\n"), Map{}, set)
	if len(ds) > 0 || len(pairs) != 2 || pairs[1].Value != "here before" || set["Z"] != "here before" {
		t.Errorf("%+v %v %s", pairs, set, messages(ds))
	}
}
