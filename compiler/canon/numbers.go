package canon

import (
	"strconv"
	"strings"
	"time"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/tree"
)

// asText warns of n, the value of key, which stands where a text is wanted, when Compose makes another text of it:
// without quotes it is a number or a date there. What the author wrote is kept.
func (w *walker) asText(key string, n *tree.Node) {
	w.key(key)
	w.number(n)
	w.up()
}

// option is n, a number or a text, as a text.
func (w *walker) option(n *tree.Node) *tree.Node {
	w.number(n)
	if n.Mark != tree.Reset && (n.Kind == tree.Int || n.Kind == tree.Float) {
		return w.kind(n, tree.String, n.Text)
	}
	return n
}

func (w *walker) number(n *tree.Node) {
	if n.Quoted || n.Derived || n.Text == "" || n.Mark == tree.Reset || n.Kind != tree.Int && n.Kind != tree.Float && n.Kind != tree.String {
		return
	}
	if c := n.Text[0]; c > '9' || c < '0' && c != '-' && c != '+' && c != '.' {
		return
	}
	read := composeReads(n.Text)
	if read == n.Text {
		return
	}
	if p := w.at(); diag.SecretName(w.path[len(w.path)-1].Key) {
		w.diags.Warn(diag.Type, p, "Compose reads this value as a number or a date, and makes another text of it; here it stays as it is written").
			AtSpan(n.At).Helpf("put it in quotes").Quiet = true
		return
	}
	w.diags.Warn(diag.Type, w.at(), "Compose reads %s as %s; here it stays as it is written", n.Text, read).
		AtSpan(n.At).Helpf("put it in quotes: %q", n.Text)
}

// composeReads is the text that Compose makes of a scalar without quotes, which begins like a number: its YAML reader
// takes it as an integer, a number or a time (go.yaml.in/yaml, resolve.go), and fmt prints that.
func composeReads(s string) string {
	if t, ok := timestamp(s); ok {
		return t.String()
	}
	if s == "-0" {
		return s
	}
	plain := s
	if strings.IndexByte(s, '_') >= 0 && s[0] != '.' {
		plain = strings.ReplaceAll(s, "_", "")
	}
	if v, err := strconv.ParseInt(plain, 0, 64); err == nil {
		return strconv.FormatInt(v, 10)
	}
	if v, err := strconv.ParseUint(plain, 0, 64); err == nil {
		return strconv.FormatUint(v, 10)
	}
	if v, err := strconv.ParseFloat(plain, 64); err == nil && isDecimal(plain) {
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return s
}

// timestamps are the forms of a time in YAML 1.1.
var timestamps = [...]string{"2006-1-2T15:4:5.999999999Z07:00", "2006-1-2t15:4:5.999999999Z07:00", "2006-1-2 15:4:5.999999999", "2006-1-2"}

func timestamp(s string) (time.Time, bool) {
	if len(s) < len("2006-1-2") || s[4] != '-' || s[0] < '0' || s[0] > '9' {
		return time.Time{}, false
	}
	for _, form := range timestamps {
		if t, err := time.Parse(form, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
