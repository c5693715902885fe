package observe

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// Print writes a status, as /status answers it, as a table for people, without colours. It refuses a version that it does
// not know. What services printed is shown on one line, without control characters.
func Print(w io.Writer, data []byte) error {
	var s Status
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("cannot read the status: %w", err)
	}
	if s.Version != StatusVersion {
		return fmt.Errorf("cannot read the status: it has version %d, and this octo-sidecar reads version %d", s.Version, StatusVersion)
	}
	head := plain(s.Project) + ": up for " + span(s.Time.Sub(s.Started))
	if s.Sidecar != "" {
		head += ", octo-sidecar " + plain(s.Sidecar)
	}
	if !s.Healthy {
		head += ", NOT HEALTHY: the scheduler hangs"
	}
	t := &table{w: w, time: s.Time}
	t.line(head)
	if s.LastError != "" {
		t.line("last error: " + plain(s.LastError))
	}
	t.checks(s.Checks)
	t.services(s.Services)
	t.notifiers(s.Notifiers)
	return t.err
}

// table writes until something fails.
type table struct {
	w    io.Writer
	time time.Time
	err  error
}

func (t *table) line(text string) {
	if t.err == nil {
		_, t.err = fmt.Fprintln(t.w, text)
	}
}

// rows writes a table under an empty line; the first row is its head. Nothing stands behind the last cell of a line.
func (t *table) rows(rows [][]string) {
	if len(rows) < 2 {
		return
	}
	width := make([]int, len(rows[0]))
	for _, r := range rows {
		for i, cell := range r {
			if r[i] = plain(cell); r[i] == "" && i < len(r)-1 {
				r[i] = "-"
			}
			width[i] = max(width[i], utf8.RuneCountInString(r[i]))
		}
	}
	t.line("")
	for _, r := range rows {
		var b strings.Builder
		for i, cell := range r {
			b.WriteString(cell + strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell)+2))
		}
		t.line(strings.TrimRight(b.String(), " "))
	}
}

func (t *table) checks(all []CheckStatus) {
	rows := [][]string{{"SERVICE", "CHECK", "LEVEL", "STATE", "SINCE", "ASKED", "SEEN"}}
	for _, c := range all {
		state, seen := string(c.State), ""
		if c.Flapping {
			state += ", flapping"
		}
		if c.State != Works || c.Last != Success {
			seen = c.Message
		}
		rows = append(rows, []string{c.Service, c.Check, string(c.Level), state, age(t.time, c.Since), age(t.time, c.LastAt), seen})
	}
	t.rows(rows)
}

func (t *table) services(all []ServiceStatus) {
	rows := [][]string{{"SERVICE", "CONFIG", "LOADED", "OLDEST SECRET", "RESTARTS", "ERROR"}}
	for _, v := range all {
		config, loaded, secrets := "", "", ""
		if v.Served {
			config, loaded = fmt.Sprint(v.Generation), age(t.time, v.Loaded)
		}
		fault, oldest := v.Error, -1.0
		for _, x := range v.Secrets {
			oldest = max(oldest, x.Age)
			if x.Error != "" && fault == "" {
				fault = "secret " + x.Name + ": " + x.Error
			}
		}
		if oldest >= 0 {
			secrets = span(time.Duration(oldest * float64(time.Second)))
		}
		rows = append(rows, []string{v.Service, config, loaded, secrets, fmt.Sprint(v.Restarts), fault})
	}
	t.rows(rows)
}

func (t *table) notifiers(all []NotifierStatus) {
	rows := [][]string{{"NOTIFIER", "SENT", "FAILED", "DROPPED", "COALESCED"}}
	for _, n := range all {
		rows = append(rows, []string{n.Name, fmt.Sprint(n.Sent), fmt.Sprint(n.Failed), fmt.Sprint(n.Dropped), fmt.Sprint(n.Coalesced)})
	}
	t.rows(rows)
}

// maxCell is the most of a text in a table, in bytes.
const maxCell = 200

// plain is text that cannot move a cursor: one line, no control characters.
func plain(text string) string {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r < ' ' || (r >= 0x7f && r <= 0x9f) || r == '\u2028' || r == '\u2029' }), " ")
	if len(text) > maxCell {
		text = strings.ToValidUTF8(text[:maxCell], "") + "…"
	}
	return text
}

// age is the time from then to now; "" where there was no then.
func age(now, then time.Time) string {
	if then.IsZero() {
		return ""
	}
	return span(now.Sub(then))
}

// span is d in its two largest units: 3d4h, 2m5s, 12s.
func span(d time.Duration) string {
	s := max(0, int64(d/time.Second))
	units := []struct {
		name string
		size int64
	}{{"d", 86400}, {"h", 3600}, {"m", 60}, {"s", 1}}
	for i, u := range units {
		if s < u.size {
			continue
		}
		text := fmt.Sprintf("%d%s", s/u.size, u.name)
		if i+1 < len(units) {
			if next := s % u.size / units[i+1].size; next > 0 {
				text += fmt.Sprintf("%d%s", next, units[i+1].name)
			}
		}
		return text
	}
	return "0s"
}
