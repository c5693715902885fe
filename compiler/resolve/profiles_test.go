package resolve

import "testing"

func TestProfilesAskedFor(t *testing.T) {
	const text = "services: {a: {image: a, profiles: [debug, test]}, b: {image: b, enabled: false, profiles: [off]}, c: {image: c}}"
	for _, c := range []struct {
		in       string
		o        Options
		profiles []string
		want     string
	}{
		{text, Options{}, []string{"debug", "off", "*"}, ""},
		{text, Options{}, []string{"debgu"}, "--profile: warning: no service has the profile \"debgu\" [unknown-ref]\n  help: did you mean \"debug\"?\n"},
		{text, Options{}, []string{"elsewhere"}, "--profile: warning: no service has the profile \"elsewhere\" [unknown-ref]\n  help: the profiles are debug, off, test\n"},
		{text, Options{Broken: true}, []string{"elsewhere"}, ""},
		{"services: {c: {image: c}}", Options{}, []string{"debug"}, "--profile: warning: no service has the profile \"debug\" [unknown-ref]\n  help: leave it out: no service has profiles\n"},
	} {
		if _, got := run(t, c.in, c.o, c.profiles...); got != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", c.profiles, got, c.want)
		}
	}
}
