package load

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// Secret variables are followed by marks. What reads one gets a mark in place of the value, which goes wherever the text
// goes: through short forms, merges, files of variables and other variables. So no tree and no message ever holds the
// value, and what an output would hold of it is found in the merged tree. A mark is two noncharacters of Unicode with
// the number of the variable between them; whoever writes one by hand only makes an error.
const (
	markFrom = "\uFDD0"
	markTo   = "\uFDD1"
	// Hidden stands in the merged tree, and in messages, in place of a secret value.
	Hidden = "****"
)

// quotedMarks are marks as %q writes them into a message.
var quotedMarks = strings.NewReplacer(`\ufdd0`, markFrom, `\ufdd1`, markTo)

var marks = regexp.MustCompile(markFrom + "([0-9]*)" + markTo + "|" + markFrom + "|" + markTo)

// mark is the mark of d.
func (d *declared) mark() string { return markFrom + strconv.Itoa(d.number) + markTo }

// isMarked is quick to say no.
func isMarked(s string) bool { return strings.Contains(s, markFrom) || strings.Contains(s, markTo) }

func hide(s string) string { return marks.ReplaceAllLiteralString(s, Hidden) }

// hideAll is hide for a message.
func hideAll(s string) string { return hide(quotedMarks.Replace(s)) }

// markedBy is the variable of the first mark in s; nil when there is none that was made here.
func (v *variables) markedBy(s string) *declared {
	for _, m := range marks.FindAllStringSubmatch(s, -1) {
		if i, err := strconv.Atoi(m[1]); err == nil && i < len(v.order) {
			return v.order[i]
		}
	}
	return nil
}

// secretOf is the secret variable that name is, or that its value is made of in a file of variables; nil: none.
func (s *scope) secretOf(name string) *declared {
	vars := &s.l.vars
	if vars.secrets == 0 {
		return nil
	}
	if s.memo == nil || s.memoOf != vars.changes {
		s.memo, s.memoOf = map[string]*declared{}, vars.changes
	}
	if d, ok := s.memo[name]; ok {
		return d
	}
	var found *declared
	seen := map[string]bool{name: true}
	todo := []string{name}
	for i := 0; i < len(todo) && found == nil; i++ {
		at := todo[i]
		if d := vars.get(at); d != nil && d.secret {
			found = d
		}
		for up := s; up != nil; up = up.up {
			for _, read := range up.reads[at] {
				if !seen[read] {
					seen[read] = true
					todo = append(todo, read)
				}
			}
		}
	}
	s.memo[name] = found
	return found
}

// Mark is what stands for the value of a secret variable.
func (s *scope) Mark(name string) (string, bool) {
	if d := s.secretOf(name); d != nil {
		return d.mark(), true
	}
	return "", false
}

// early is the scope of what is read while files are still being found: a variable that turns out to be secret later
// has been used by then.
type early struct {
	*scope
	at source.Span
}

func (e early) Lookup(name string) (string, bool) {
	v, ok := e.scope.Lookup(name)
	if ok {
		e.l.vars.early = append(e.l.vars.early, earlyRead{e.scope, name, e.at})
	}
	return v, ok
}

type earlyRead struct {
	scope *scope
	name  string
	at    source.Span
}

// checkSecrets reports secret variables that cannot be kept: whose value was needed before, or is the project's name,
// or stands in the config.
func (l *loader) checkSecrets() {
	told := map[*declared]bool{}
	for _, r := range l.vars.early {
		if d := r.scope.secretOf(r.name); d != nil && !told[d] {
			told[d] = true
			l.ds.Error(diag.SecretValue, tree.Of("variables", d.name), "cannot be secret: the name of an included file is made of it").
				AtSpan(d.at).SeeSpan(r.at, "read here").Helpf("write the name of the file out")
		}
	}
	for _, d := range l.vars.sorted() {
		if !d.secret {
			continue
		}
		p := tree.Of("variables", d.name)
		if d.name == projectNameVar {
			l.ds.Error(diag.SecretValue, p, "cannot be secret: it is the name of the project, which every output holds").AtSpan(d.at).
				Helpf("delete secret: true")
		}
		if d.def != nil && d.def.Text != "" {
			l.ds.Warn(diag.PlainSecret, p.Key("default"), "the value of a secret variable stands in the config").AtSpan(d.def.At).
				Helpf("delete default, and add to .env: %s=…", d.name)
			l.ds[len(l.ds)-1].Quiet = true
		}
	}
	if d := l.env.secretOf(projectNameVar); d != nil && d.name != projectNameVar {
		l.ds.Error(diag.SecretValue, tree.Of("variables", d.name), "cannot be secret: the name of the project is made of it").AtSpan(d.at).
			Helpf("write %s out", projectNameVar)
	}
}

// scrub takes the marks out of all findings. What failed because it read a secret variable fails for that reason; that
// a value is missing stays as it is.
func (l *loader) scrub() {
	if l.vars.secrets == 0 {
		return
	}
	for i, d := range l.ds {
		text := d.Message + d.Help + d.Path.String()
		for _, r := range d.Related {
			text += r.Message + r.Path.String()
		}
		if text = quotedMarks.Replace(text); !isMarked(text) {
			continue
		}
		if by := l.vars.markedBy(text); by != nil && d.Code != diag.Required {
			l.ds[i] = l.leak(hiddenPath(d.Path), d.At, by)
			continue
		}
		d.Message, d.Help, d.Path = hideAll(d.Message), hideAll(d.Help), hiddenPath(d.Path)
		for j := range d.Related {
			r := &d.Related[j]
			r.Message, r.Path = hideAll(r.Message), hiddenPath(r.Path)
		}
	}
}

// leak is the error about a place that reads a secret variable. A line of a file of variables is not shown with it.
func (l *loader) leak(p tree.Path, at source.Span, by *declared) *diag.Diagnostic {
	var ds diag.List
	d := ds.Error(diag.SecretValue, p, "cannot hold the value of %s, which is secret: it would stand in the output", by.name).AtSpan(at)
	d.Quiet = !slices.ContainsFunc(l.layers, func(y *layer) bool { return y.file == at.File })
	name := strings.ToLower(by.name)
	d.SeeSpan(by.secretAt, "declared secret here").
		Helpf("give a reference in its place: write secrets: { %s: { file: ./%s.secret } } (or credential, or external), let the service\n"+
			"have secrets: [%s], and read /run/secrets/%s there; or put the variable into a file that env_file names", name, name, name, name)
	return d
}

// hiddenPath is p without marks in its keys.
func hiddenPath(p tree.Path) tree.Path {
	if !isMarked(p.String()) {
		return p
	}
	out := tree.Root
	for _, s := range p.Steps() {
		if s.Index >= 0 {
			out = out.Index(s.Index)
		} else {
			out = out.Key(hide(s.Key))
		}
	}
	return out
}

// mask is the merged tree with what holds a mark made unknown, [Hidden] in its text, and the errors about these places.
// They are not among the findings of the load: what prints the config and makes no output may go on.
func (l *loader) mask(root *tree.Node) (*tree.Node, diag.List) {
	if l.vars.secrets == 0 {
		return root, nil
	}
	root = l.maskDefaults(root)
	m := masker{vars: &l.vars, done: map[*tree.Node]*tree.Node{}}
	root = m.node(root)
	if !m.found {
		return root, nil
	}
	var leaks diag.List
	tree.Walk(tree.Root, root, func(p tree.Path, n *tree.Node) bool {
		if held, ok := m.by[n]; ok {
			leaks = append(leaks, l.leak(p, held.at, held.by))
		}
		return true
	})
	return root, leaks
}

// maskDefaults hides the defaults of secret variables, in every layer.
func (l *loader) maskDefaults(root *tree.Node) *tree.Node {
	return within(root, "variables", func(vars *tree.Node) *tree.Node {
		for _, d := range l.vars.order {
			if v := vars.Get(d.name); d.secret && v != nil && v.Kind == tree.Map {
				vars = vars.Set(d.name, source.Span{}, hiddenBelow(v))
			}
		}
		return vars
	})
}

// hiddenBelow is the declaration n, and what it replaced, without the value of its default.
func hiddenBelow(n *tree.Node) *tree.Node {
	if n == nil {
		return nil
	}
	m := *n
	m.Was = hiddenBelow(n.Was)
	out := within(&m, "default", func(v *tree.Node) *tree.Node { return hiddenNode(v) })
	return out
}

func hiddenNode(n *tree.Node) *tree.Node {
	if n == nil {
		return nil
	}
	m := *n
	m.Kind, m.Text, m.Items, m.Derived, m.Was = tree.Unknown, Hidden, nil, true, hiddenNode(n.Was)
	return m.WithFields(nil)
}

// masker makes a tree without marks.
type masker struct {
	vars  *variables
	done  map[*tree.Node]*tree.Node
	by    map[*tree.Node]held // nodes of the new tree that held a mark, or a key with one
	found bool
}

type held struct {
	by *declared
	at source.Span
}

func (m *masker) node(n *tree.Node) *tree.Node {
	if n == nil {
		return nil
	}
	if to, ok := m.done[n]; ok {
		return to
	}
	var by *declared
	out, at := n, n.At
	switch {
	case len(n.Items)+len(n.Fields) > 0:
		out, by, at = m.keys(n.Each(m.node))
	case isMarked(n.Text):
		by = m.vars.markedBy(n.Text)
		v := *n
		v.Kind, v.Text, v.Derived = tree.Unknown, hide(n.Text), true
		out = &v
	}
	if was := m.node(n.Was); was != n.Was {
		v := *out
		v.Was = was
		out = &v
	}
	if by != nil {
		if m.by == nil {
			m.by = map[*tree.Node]held{}
		}
		m.by[out], m.found = held{by, at}, true
	}
	m.done[n] = out
	return out
}

// keys is n without marks in its keys, and the variable and the place of the first.
func (m *masker) keys(n *tree.Node) (*tree.Node, *declared, source.Span) {
	if !slices.ContainsFunc(n.Fields, func(f tree.Field) bool { return isMarked(f.Key) }) {
		return n, nil, n.At
	}
	var by *declared
	at := n.At
	fields := slices.Clone(n.Fields)
	for i := range fields {
		if isMarked(fields[i].Key) {
			if by == nil {
				by, at = m.vars.markedBy(fields[i].Key), fields[i].KeyAt
			}
			fields[i].Key = hide(fields[i].Key)
		}
	}
	// Two keys may have become one: the first stands for both.
	return n.WithFields(uniqueFields(fields)), by, at
}

func uniqueFields(fields []tree.Field) []tree.Field {
	seen := make(map[string]bool, len(fields))
	return slices.DeleteFunc(fields, func(f tree.Field) bool {
		if seen[f.Key] {
			return true
		}
		seen[f.Key] = true
		return false
	})
}
