package schedule

import (
	"math"
	"strconv"
	"strings"
)

// maxPerf is how many figures of one answer are kept.
const maxPerf = 64

// Perf is one figure that a plugin printed: 'label'=value[UOM];[warn];[crit];[min];[max] (Monitoring Plugins Development
// Guidelines, "Performance data").
type Perf struct {
	Label string  `json:"label"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit,omitempty"` // s, ms, us, %, B, KB, MB, TB, c for a counter, or what the plugin wrote
	// Warn and Crit are the ranges of the guidelines, such as 10, 10:20 or @5:7.
	Warn string `json:"warn,omitempty"`
	Crit string `json:"crit,omitempty"`
	// Min and Max are the smallest and largest value that can be; nil where the plugin does not say.
	Min *float64 `json:"min,omitempty"`
	Max *float64 `json:"max,omitempty"`
}

// parsePlugin splits the first line of a plugin into its text and figures. A figure that cannot be read, and one whose
// value is U (undetermined), is left out: it must not make a check fail.
func parsePlugin(line string) (text string, figures []Perf) {
	text, data, _ := strings.Cut(line, "|")
	for data = strings.TrimSpace(data); data != "" && len(figures) < maxPerf; data = strings.TrimLeft(data, " \t") {
		var label, rest string
		var ok bool
		if label, rest, ok = perfLabel(data); !ok {
			_, data, _ = strings.Cut(data, " ") // not a figure: the next may be one
			continue
		}
		word, after, _ := strings.Cut(rest, " ")
		data = after
		if p, ok := perfValue(label, word); ok {
			figures = append(figures, p)
		}
	}
	return strings.TrimSpace(text), figures
}

// perfLabel cuts a label and its = off. Within single quotes it may hold anything, two of them stand for one.
func perfLabel(s string) (label, rest string, ok bool) {
	if !strings.HasPrefix(s, "'") {
		label, rest, ok = strings.Cut(s, "=")
		return label, rest, ok && label != "" && !strings.ContainsAny(label, " \t'")
	}
	var b strings.Builder
	for s = s[1:]; ; {
		part, after, found := strings.Cut(s, "'")
		if !found {
			return "", "", false
		}
		b.WriteString(part)
		if strings.HasPrefix(after, "'") {
			b.WriteByte('\'')
			s = after[1:]
			continue
		}
		return b.String(), strings.TrimPrefix(after, "="), strings.HasPrefix(after, "=") && b.Len() > 0
	}
}

func perfValue(label, word string) (Perf, bool) {
	f := append(strings.Split(word, ";"), "", "", "", "")
	digits := strings.TrimLeft(f[0], "-+.,0123456789")
	if len(digits) > 1 && (digits[0] == 'e' || digits[0] == 'E') && strings.ContainsAny(digits[1:2], "-+0123456789") {
		digits = strings.TrimLeft(digits[1:], "-+0123456789")
	}
	value, ok := perfNumber(f[0][:len(f[0])-len(digits)])
	if !ok {
		return Perf{}, false
	}
	p := Perf{Label: label, Value: value, Unit: digits, Warn: f[1], Crit: f[2]}
	if v, ok := perfNumber(f[3]); ok {
		p.Min = &v
	}
	if v, ok := perfNumber(f[4]); ok {
		p.Max = &v
	}
	return p, true
}

// perfNumber reads a number; some plugins write a decimal comma in the locale of the machine.
func perfNumber(s string) (float64, bool) {
	v, err := strconv.ParseFloat(strings.Replace(s, ",", ".", 1), 64)
	return v, err == nil && !math.IsInf(v, 0) && !math.IsNaN(v)
}
