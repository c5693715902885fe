package diag

import "github.com/octocompose/octocompose/compiler/source"

// finding is a diagnostic as people read it: what several targets say alike at one place is one finding.
type finding struct {
	*Diagnostic
	targets string // "targets.systemd, targets.k8s"
}

// subject is what the message is about, with a colon: the targets and the path.
func (f finding) subject() string {
	s := f.Diagnostic.subject()
	if one := "targets." + f.Target; f.targets != "" && f.targets != one {
		s = f.targets + s[len(one):]
	}
	return s
}

// perTarget makes one finding of those that differ in the target only, at the place of the first.
func perTarget(l List) []finding {
	type key struct {
		at            source.Span
		severity      Severity
		code          Code
		path          string
		message, help string
	}
	out := make([]finding, 0, len(l))
	var seen map[key]int
	for _, d := range l {
		if d.Target == "" {
			out = append(out, finding{Diagnostic: d})
			continue
		}
		k := key{d.At, d.Severity, d.Code, d.Path.String(), d.Message, d.Help}
		if seen == nil {
			seen = map[key]int{}
		}
		if i, ok := seen[k]; ok {
			out[i].targets += ", targets." + d.Target
			continue
		}
		seen[k] = len(out)
		out = append(out, finding{d, "targets." + d.Target})
	}
	return out
}

// blocks puts warnings and notes that have the same help below each other, so that the help is read once. An error
// stands alone: each has to be mended, at its own line.
func blocks(all []finding) [][]finding {
	type key struct {
		severity      Severity
		code          Code
		targets, help string
	}
	out := make([][]finding, 0, len(all))
	seen := map[key]int{}
	for _, f := range all {
		if f.Severity == Error || f.Help == "" || len(f.Related) > 0 || f.At.IsZero() {
			out = append(out, []finding{f})
			continue
		}
		k := key{f.Severity, f.Code, f.targets, f.Help}
		if i, ok := seen[k]; ok {
			out[i] = append(out[i], f)
			continue
		}
		seen[k] = len(out)
		out = append(out, []finding{f})
	}
	return out
}
