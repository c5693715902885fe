package notify

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/octocompose/octocompose/runtime/spec"
)

// Event is something that happened to a service.
type Event struct {
	Kind    spec.Event `json:"event"`
	Service string     `json:"service"`
	Check   string     `json:"check,omitempty"`
	Level   spec.Level `json:"level,omitempty"`
	// Message is what was seen, as the check says it; at most 4 KiB are kept.
	Message string `json:"message,omitempty"`
	// Time is when it happened; [Notifiers.Tell] fills it in where it is zero.
	Time time.Time `json:"time"`
	// Count is how often it happened since it was last told; what stands above is the last time. At least 1.
	Count int `json:"count"`
}

// maxMessage is what is kept of what was seen, in bytes.
const maxMessage = 4 << 10

// Message is what a notifier sends.
type Message struct {
	Version int    `json:"version"` // of this format: 1
	Project string `json:"project"`
	Host    string `json:"host,omitempty"`
	// Text is all of it on one line, for a chat.
	Text   string  `json:"text"`
	Events []Event `json:"events"`
	// Dropped is how many events this notifier could not be told of since its last message.
	Dropped int `json:"dropped,omitempty"`
}

// words are what an event is called in a text.
var words = []struct {
	kind spec.Event
	text string
}{
	{spec.EventFailed, "failed"}, {spec.EventRecovered, "works again"}, {spec.EventRestarted, "was restarted"},
	{spec.EventGivenUp, "is not restarted any more"}, {spec.EventFlapping, "is flapping"},
}

func (e Event) what() string {
	for _, w := range words {
		if w.kind == e.Kind {
			return w.text
		}
	}
	return string(e.Kind)
}

// subject is e on one line, without what was seen.
func (e Event) subject() string {
	s := e.Service + " " + e.what()
	if e.Check != "" {
		s += " (" + e.Check + ")"
	}
	if e.Count > 1 {
		s += fmt.Sprintf(", %d times", e.Count)
	}
	return s
}

// newMessage is what tells of events; there is one at least.
func newMessage(project, host string, events []Event, dropped int) Message {
	m := Message{Version: 1, Project: project, Host: host, Events: events, Dropped: dropped}
	m.Text = "[" + project + "] "
	if len(events) == 1 {
		m.Text += events[0].subject()
		if seen := oneLine(events[0].Message, 200); seen != "" {
			m.Text += ": " + seen
		}
	} else {
		m.Text += m.digest()
	}
	if dropped > 0 {
		m.Text += fmt.Sprintf(" (and %d events that were dropped)", dropped)
	}
	return m
}

// digest counts events by kind, in the order of words.
func (m Message) digest() string {
	var parts []string
	for _, w := range words {
		n := 0
		for _, e := range m.Events {
			if e.Kind == w.kind {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, w.kind))
		}
	}
	return fmt.Sprintf("%d events: %s", len(m.Events), strings.Join(parts, ", "))
}

// json is m with one newline at the end.
func (m Message) json() ([]byte, error) {
	data, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("cannot write the message: %w", err)
	}
	return append(data, '\n'), nil
}

// oneLine is text without control characters and line breaks, at most n bytes.
func oneLine(text string, n int) string {
	text = strings.Join(strings.FieldsFunc(text, isControl), " ")
	if len(text) > n {
		text = strings.ToValidUTF8(text[:n], "") + "…"
	}
	return strings.TrimSpace(text)
}

// isControl tells whether r could move a cursor or begin a line: C0, DEL, C1, and the line separators of Unicode.
func isControl(r rune) bool {
	return r < ' ' || (r >= 0x7f && r <= 0x9f) || r == '\u2028' || r == '\u2029'
}
