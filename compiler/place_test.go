package compiler_test

import (
	"strings"
	"unicode"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/octocompose/octocompose/compiler/support"
)

// A row names the place that it speaks of with words of the platform: MemoryMax=, --cgroupns, livenessProbe,
// resources.limits.cpu, .network, PersistentVolumeClaim. Two values of the field must differ there, not just somewhere.

// placeWords are the words of a row that name a place, in lower case; for a dotted path its last step. field is the
// field's own key, which a row may name too.
func placeWords(row *support.Row, field string) []string {
	var words []string
	for _, w := range strings.FieldsFunc(row.How, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(",;:()…\"", r) }) {
		name := strings.Trim(w, ".")
		switch {
		case strings.HasSuffix(name, "="), strings.HasPrefix(name, "--"), strings.HasPrefix(name, "app.kubernetes.io/"):
		case strings.Contains(name, "=…"), strings.Contains(name, "=:"):
			name = name[:strings.Index(name, "=")+1]
		case strings.HasPrefix(w, ".") && len(w) > 2:
			name = w
		case strings.HasSuffix(name, ".yaml"):
		case strings.Contains(name, "."):
			name = name[strings.LastIndex(name, ".")+1:]
		case strings.IndexFunc(name, unicode.IsUpper) > 0, len(name) > 4 && unicode.IsUpper(rune(name[0])) && isKind(name), name == field:
		default:
			continue
		}
		if name != "" {
			words = append(words, strings.ToLower(name))
		}
	}
	return words
}

// isKind reports whether a capitalised word is a kind of Kubernetes rather than the begin of a sentence.
func isKind(word string) bool {
	for _, k := range []string{"Secret", "Secrets", "Service", "Deployment", "Ingress", "Role", "Job"} {
		if word == k {
			return true
		}
	}
	return false
}

// places are the lines that one of the two outputs has and the other has not, each with its file and with what stands
// above it: section of a unit, keys of a manifest.
func places(a, b []txtar.File) []string {
	count := map[string]int{}
	for _, p := range lines(a) {
		count[p]++
	}
	for _, p := range lines(b) {
		count[p]--
	}
	var out []string
	for p, n := range count {
		if n != 0 {
			out = append(out, p)
		}
	}
	return out
}

func lines(files []txtar.File) []string {
	type above struct {
		indent int
		key    string
	}
	var out []string
	for _, f := range files {
		if strings.HasSuffix(f.Name, ".octo-manifest") {
			continue
		}
		var stack []above
		for line := range strings.Lines(string(f.Data)) {
			text := strings.TrimSpace(line)
			if text == "" || strings.HasPrefix(text, "#") {
				continue
			}
			indent := len(line) - len(strings.TrimLeft(line, " "))
			if strings.HasPrefix(text, "- ") {
				indent += 2
			}
			if strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]") && !strings.Contains(text, " ") {
				stack = nil // a section
			}
			for len(stack) > 0 && stack[len(stack)-1].indent >= indent {
				stack = stack[:len(stack)-1]
			}
			place := f.Name
			for _, s := range stack {
				place += " " + s.key
			}
			out = append(out, strings.ToLower(place+" "+text))
			if key, rest, ok := strings.Cut(strings.TrimPrefix(text, "- "), ":"); ok && strings.TrimSpace(rest) == "" {
				stack = append(stack, above{indent, key})
			}
		}
	}
	return out
}

// elsewhere says where the outputs differ when that is not a place that the row names; "" when it is, or when the row
// names none.
func elsewhere(row *support.Row, field string, a, b []txtar.File) string {
	words := placeWords(row, field)
	if len(words) == 0 {
		return ""
	}
	differ := places(a, b)
	if len(differ) == 0 { // an order
		for i := range min(len(a), len(b)) {
			if string(a[i].Data) != string(b[i].Data) {
				differ = append(differ, strings.ToLower(a[i].Name))
			}
		}
	}
	for _, p := range differ {
		for _, w := range words {
			if strings.Contains(p, w) {
				return ""
			}
		}
	}
	if len(differ) > 3 {
		differ = differ[:3]
	}
	return "the row names " + strings.Join(words, ", ") + ", and the outputs differ at\n\t" + strings.Join(differ, "\n\t")
}
