package settle

import (
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// variable is one value as an environment variable.
type variable struct {
	name, text string
	node       *tree.Node
	keyAt      source.Span
	path       tree.Path
}

// variables are the values below n, sorted by name: the path in upper case, joined by _.
func (w *writer) variables(n *tree.Node) []variable {
	var out []variable
	w.collect(&out, w.root(), w.prefix, n)
	slices.SortStableFunc(out, func(a, b variable) int { return strings.Compare(a.name, b.name) })
	kept := out[:0]
	for _, v := range out {
		if last := len(kept) - 1; last >= 0 && kept[last].name == v.name {
			w.x.ds.Error(diag.NameClash, v.path, "%s and %s are both the variable %s", kept[last].path, v.path, v.name).
				AtSpan(w.d.vendor.own(v.keyAt)).SeeSpan(w.d.vendor.own(kept[last].keyAt), "the other stands here").
				Helpf("give one of the two another key")
			continue
		}
		kept = append(kept, v)
	}
	return kept
}

// collect adds the variables of a mapping whose own name so far is prefix.
func (w *writer) collect(out *[]variable, p tree.Path, prefix string, n *tree.Node) {
	for i := range n.Fields {
		f := &n.Fields[i]
		at, name := p.Key(f.Key), prefix+upper(f.Key)
		if f.Value.Kind == tree.Map {
			w.collect(out, at, name+"_", f.Value)
			continue
		}
		if name == "" || name[0] >= '0' && name[0] <= '9' {
			w.fault(at, f.Value, "cannot use %q as the name of a variable; want letters, digits and _, with a letter or _ "+
				"first", name).
				Helpf("write a prefix in deliver.env, or another key")
			continue
		}
		if text, ok := w.plain(at, f.Value); ok {
			*out = append(*out, variable{name: name, text: text, node: f.Value, keyAt: f.KeyAt, path: at})
		}
	}
}

// upper is a key as a part of the name of a variable.
func upper(key string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z' || r >= '0' && r <= '9':
			return r
		}
		return '_'
	}, key)
}

// plain is a scalar, or a list of them, as the text of a variable. ok is false for what has none, which is reported.
func (w *writer) plain(p tree.Path, n *tree.Node) (text string, ok bool) {
	switch n.Kind {
	case tree.Unknown:
		return "", false // reported
	case tree.Null:
		w.fault(p, n, "cannot deliver an empty value as a variable, which always has a text").
			Helpf(`give it a value, "" for an empty text, or delete the key`)
		return "", false
	case tree.Bool:
		return strings.ToLower(n.Text), true
	case tree.List:
		words := make([]string, 0, len(n.Items))
		for i, it := range n.Items {
			if it.Kind == tree.List || it.Kind == tree.Map {
				w.fault(p.Index(i), it, "cannot deliver a %s in a list as a variable", it.Kind).
					Helpf("deliver a file in format json, yaml or toml")
				return "", false
			}
			word, ok := w.plain(p.Index(i), it)
			if !ok {
				return "", false
			}
			if strings.Contains(word, ",") {
				w.fault(p.Index(i), it, "cannot deliver %q in a list as a variable: commas part the items", word).
					Helpf("deliver a file in format json, yaml or toml")
				return "", false
			}
			words = append(words, word)
		}
		return strings.Join(words, ","), true
	}
	return n.Text, true
}

// envText is n as lines KEY=value that .env readers and shells read alike.
func envText(w *writer, n *tree.Node) string {
	var b strings.Builder
	for _, v := range w.variables(n) {
		word, ok := envWord(v.text)
		if !ok {
			w.fault(v.path, v.node, "cannot write this text in format env so that all readers take it for the same").
				Helpf("deliver it by env, or as a file in format json, yaml or toml")
			continue
		}
		b.WriteString(v.name + "=" + word + "\n")
	}
	return b.String()
}

// envWord is s as the value of a line of a .env file, quoted so that POSIX shells, Compose, systemd's EnvironmentFile=
// and the dotenv libraries read s: plain, else in single quotes, in which all take everything as it is, but a single
// quote and the backslashes that some unescape; else in double quotes. ok is false where they disagree.
func envWord(s string) (word string, ok bool) {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@%+,"
	control := strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 && r != '\n' && r != '\t' || r == 0x7f })
	switch {
	case strings.Trim(s, plain) == "":
		return s, true
	case control:
		return "", false
	case !strings.Contains(s, "'") && !strings.Contains(s, `\\`) && !strings.HasSuffix(s, `\`):
		return "'" + s + "'", true
	case !strings.ContainsAny(s, "\"$`\\!\n"):
		return `"` + s + `"`, true
	}
	return "", false
}
