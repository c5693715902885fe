package octoctl

import (
	"strings"
	"testing"

	"github.com/octocompose/octocompose/compiler/tree"
)

// TestMerge has a row for each rule of octoctl's merging. high includes low.
func TestMerge(t *testing.T) {
	for name, c := range map[string]struct{ low, high, want, said string }{
		"maps are merged":            {"{a: 1, b: {c: 2}}", "{b: {d: 3}, e: 4}", "{a: 1, b: {c: 2, d: 3}, e: 4}", ""},
		"lists are joined":           {"{a: [1, 2]}", "{a: [3]}", "{a: [1, 2, 3]}", ""},
		"an entry counts once":       {"{a: [1, {b: 2, c: 3}]}", "{a: [{c: 3, b: 2}, 1, 4]}", "{a: [1, {b: 2, c: 3}, 4]}", ""},
		"kinds make entries":         {"{a: [80]}", `{a: ["80"]}`, `{a: [80, "80"]}`, ""},
		"one list keeps its own":     {"{a: [x, x]}", "{a: []}", `{a: ["x", "x"]}`, ""},
		"an empty list clears none":  {"{a: [1]}", "{a: []}", "{a: [1]}", ""},
		"false replaces":             {"{a: true}", "{a: false}", "{a: false}", ""},
		"zero replaces":              {"{a: 5}", "{a: 0}", "{a: 0}", ""},
		"an empty text replaces":     {"{a: x}", `{a: ""}`, `{a: ""}`, ""},
		"null replaces and stays":    {"{a: {b: 1}}", "{a: null}", "{a: null}", ""},
		"over null":                  {"{a: null}", "{a: [1]}", "{a: [1]}", ""},
		"a scalar over a mapping":    {"{a: {b: 1}}", "{a: 2}", "{a: 2}", ""},
		"a mapping over a scalar":    {"{a: 2}", "{a: {b: 1}}", "{a: {b: 1}}", ""},
		"a mapping over a list":      {"{a: [1]}", "{a: {b: 1}}", "{a: {b: 1}}", ""},
		"a scalar over a list":       {"{a: [1]}", "{a: 2}", "{a: 2}", ""},
		"a list over a mapping":      {"{a: {b: 1}}", "{a: [1]}", "{a: [1]}", "octo.yaml:3:12: error: x-t.a: cannot put a list over a mapping [merge-kind] (low.yaml:1:10: the mapping stands here) help: write a mapping; or !override before the list, and it replaces the mapping\n"},
		"a list over a scalar":       {"{a: 7}", "{a: [1]}", "{a: [1]}", "octo.yaml:3:12: error: x-t.a: cannot put a list over an integer [merge-kind] (low.yaml:1:10: the integer stands here) help: write an integer; or !override before the list, and it replaces the integer\n"},
		"override replaces a list":   {"{a: [1, 2]}", "{a: !override [3]}", "{a: [3]}", ""},
		"override replaces any kind": {"{a: {b: 1}}", "{a: !override [3]}", "{a: [3]}", ""},
		"reset takes away":           {"{a: [1], b: 2}", "{a: !reset null}", "{b: 2}", ""},
	} {
		out, ds, _ := convert(t, disk{
			"octo.yaml": "octoctl:\ninclude: [{url: low.yaml}]\nx-t:   " + c.high + "\n",
			"low.yaml":  "x-t: " + c.low + "\n",
		})
		if got := part(t, out, "x-t"); got != c.want {
			t.Errorf("%s: %s; want %s", name, got, c.want)
		}
		if got := messages(ds); got != c.said {
			t.Errorf("%s: said\n%swant\n%s", name, got, c.said)
		}
	}
}

// TestPrecedence: the including file, then its first include with all that it includes, then the next one. A file that
// several include counts once, where it is met first.
func TestPrecedence(t *testing.T) {
	d := disk{
		"octo.yaml":       "octoctl:\ninclude:\n  - url: sub/first.yaml\n  - sub/second.yaml\nx-t: {a: root, l: [root]}\n",
		"sub/first.yaml":  "include:\n  - url: ./deep.yaml\nx-t: {a: first, b: first, l: [first]}\n",
		"sub/deep.yaml":   "include: [base.yaml]\nx-t: {a: deep, b: deep, c: deep, l: [deep]}\n",
		"sub/second.yaml": "include: [base.yaml]\nx-t: {a: second, b: second, c: second, d: second, e: second, l: [second]}\n",
		"sub/base.yaml":   "x-t: {a: base, b: base, c: base, d: base, f: base, l: [base]}\n",
	}
	out, ds, c := convert(t, d)
	want := `{a: "root", b: "first", c: "deep", d: "base", e: "second", l: ["second", "base", "deep", "first", "root"], f: "base"}`
	if got := part(t, out, "x-t"); got != want || len(ds) > 0 {
		t.Errorf("got  %s\nwant %s\n%s", got, want, messages(ds))
	}
	if len(c.asked) != 5 {
		t.Errorf("asked for %v", c.asked)
	}
	// the chain of what each value replaced, highest first
	n, _ := tree.Get(out, tree.Of("x-t", "a"))
	var chain []string
	for ; n != nil; n = n.Was {
		chain = append(chain, n.Text+" "+n.At.String())
	}
	got := strings.Join(chain, ", ")
	if got != "root octo.yaml:5:10, first sub/first.yaml:3:10, deep sub/deep.yaml:2:10, base sub/base.yaml:1:10, second sub/second.yaml:2:10" {
		t.Errorf("chain: %s", got)
	}
}

func TestMergeIsLinear(t *testing.T) {
	d := disk{}
	var inc strings.Builder
	for i := range 2000 {
		name := "f" + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + string(rune('a'+i/676)) + ".yaml"
		inc.WriteString("  - " + name + "\n")
		d[name] = "x-t: {l: [" + name + "], k" + name[:4] + ": {v: 1}}\n"
	}
	d["octo.yaml"] = "octoctl:\ninclude:\n" + inc.String()
	out, ds, _ := convert(t, d)
	if len(ds) > 0 || len(out.Get("x-t").Get("l").Items) != len(d)-1 {
		t.Errorf("%d items of %d: %.300s", len(out.Get("x-t").Get("l").Items), len(d)-1, messages(ds))
	}
}
