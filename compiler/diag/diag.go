package diag

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// Severity says what a diagnostic means for the run.
type Severity uint8

// An Error stops the run before anything is written; a Warning does under --strict; a Note never does.
const (
	Error Severity = iota
	Warning
	Note
)

// String is error, warning or note.
func (s Severity) String() string { return [...]string{"error", "warning", "note"}[s] }

// Diagnostic is one finding.
type Diagnostic struct {
	Severity Severity
	Code     Code
	// Target is the name of the target that the finding is about, "" for all of them.
	Target string
	// Path is the field that the finding is about. It need not exist: a missing field is reported at
	// its nearest ancestor.
	Path tree.Path
	// Key: point at the key, not at the value.
	Key bool
	// At is the place. Stages that know only the path leave it zero.
	At source.Span
	// Quiet: the source line at the place holds what must not be shown (a secret): printers leave it out.
	Quiet   bool
	Message string // cannot X; want Y
	Help    string // what to do, "" when the message says it all
	Related []Related
}

// Related is another place that has to do with a diagnostic: "first defined here".
type Related struct {
	Path    tree.Path   // found by Locate when At is zero
	At      source.Span // points at the value; at the key when Key is set and only Path is given
	Key     bool
	Message string
}

// List is what a stage found. Its zero value is empty and ready.
type List []*Diagnostic

// Error adds an error and returns it, so that help and places can be added to it.
func (l *List) Error(c Code, p tree.Path, format string, args ...any) *Diagnostic {
	return l.add(Error, c, p, format, args)
}

// Warn adds a warning and returns it.
func (l *List) Warn(c Code, p tree.Path, format string, args ...any) *Diagnostic {
	return l.add(Warning, c, p, format, args)
}

// Note adds a note and returns it.
func (l *List) Note(c Code, p tree.Path, format string, args ...any) *Diagnostic {
	return l.add(Note, c, p, format, args)
}

func (l *List) add(s Severity, c Code, p tree.Path, format string, args []any) *Diagnostic {
	d := &Diagnostic{Severity: s, Code: c, Path: p, Message: fmt.Sprintf(format, args...)}
	*l = append(*l, d)
	return d
}

// OnKey makes d point at the key of its path.
func (d *Diagnostic) OnKey() *Diagnostic {
	d.Key = true
	return d
}

// AtSpan gives d its place.
func (d *Diagnostic) AtSpan(s source.Span) *Diagnostic {
	d.At = s
	return d
}

// Helpf says what to do.
func (d *Diagnostic) Helpf(format string, args ...any) *Diagnostic {
	d.Help = fmt.Sprintf(format, args...)
	return d
}

// See adds another place by its path.
func (d *Diagnostic) See(p tree.Path, format string, args ...any) *Diagnostic {
	d.Related = append(d.Related, Related{Path: p, Key: true, Message: fmt.Sprintf(format, args...)})
	return d
}

// SeeSpan adds another place.
func (d *Diagnostic) SeeSpan(at source.Span, format string, args ...any) *Diagnostic {
	d.Related = append(d.Related, Related{At: at, Message: fmt.Sprintf(format, args...)})
	return d
}

// Has reports whether l holds a finding of severity s.
func (l List) Has(s Severity) bool { return l.Count(s) > 0 }

// Count is the number of findings of severity s.
func (l List) Count(s Severity) int {
	n := 0
	for _, d := range l {
		if d.Severity == s {
			n++
		}
	}
	return n
}

// Locate gives every finding without a place the place of its path in root, or of the nearest ancestor
// that exists, and the same for what is related to it.
func (l List) Locate(root *tree.Node) {
	for _, d := range l {
		if d.At.IsZero() {
			d.At = place(root, d.Path, d.Key)
		}
		for i := range d.Related {
			if r := &d.Related[i]; r.At.IsZero() {
				r.At = place(root, r.Path, r.Key)
			}
		}
	}
}

// place is the value at p, or its key when that is asked for or when p itself is not there.
func place(root *tree.Node, p tree.Path, key bool) source.Span {
	n, at, exact := tree.Nearest(root, p)
	if n == nil {
		return source.Span{}
	}
	if exact && !key {
		return n.At
	}
	return at
}

// Sort orders by place, then severity, code, target and message, and takes out what stands twice: one line of a config
// may stand at several paths, by an anchor or extends, and is one mistake; the one that was reported first stays. Findings
// without a place come first, by path.
func (l List) Sort() List {
	key := make(map[*Diagnostic]string, len(l))
	for _, d := range l {
		key[d] = d.Path.String()
	}
	byPath := func(a, b *Diagnostic) int {
		if !a.At.IsZero() {
			return 0
		}
		return strings.Compare(key[a], key[b])
	}
	slices.SortStableFunc(l, func(a, b *Diagnostic) int {
		return cmp.Or(a.At.Pos.Compare(b.At.Pos), cmp.Compare(a.Severity, b.Severity), strings.Compare(string(a.Code), string(b.Code)),
			strings.Compare(a.Target, b.Target), strings.Compare(a.Message, b.Message), byPath(a, b))
	})
	return slices.CompactFunc(l, func(a, b *Diagnostic) bool {
		return a.At == b.At && a.Code == b.Code && (key[a] == key[b] || !a.At.IsZero()) && a.Target == b.Target && a.Message == b.Message
	})
}

// Text is the first line of d: place, severity, target, path, message, code.
func (d *Diagnostic) Text() string {
	var b strings.Builder
	if at := d.At.String(); at != "" {
		b.WriteString(at)
		b.WriteString(": ")
	}
	b.WriteString(d.Severity.String())
	b.WriteString(": ")
	b.WriteString(d.subject())
	b.WriteString(d.Message)
	b.WriteString(" [")
	b.WriteString(string(d.Code))
	b.WriteString("]")
	return b.String()
}

// subject is what the message is about, with a colon: the target and the path.
func (d *Diagnostic) subject() string {
	s := ""
	if d.Target != "" {
		s = "targets." + d.Target + ": "
	}
	if !d.Path.IsRoot() && (d.Target == "" || !d.Path.HasPrefix(tree.Of("targets", d.Target))) {
		s += d.Path.String() + ": "
	}
	return s
}

// Cause is the code and the help of an error that knows what finding it is, by a method Finding() (Code, string); of any
// other error they are code and help.
func Cause(err error, code Code, help string) (Code, string) {
	var f interface{ Finding() (Code, string) }
	if errors.As(err, &f) {
		return f.Finding()
	}
	return code, help
}
