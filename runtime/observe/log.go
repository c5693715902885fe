package observe

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"syscall"
)

// The formats of a log.
const (
	Text = "text"
	JSON = "json"
)

// NewLog writes a log to w: as text, or as one JSON document a line with --log-format=json. Where the journal reads it,
// text has no time, which the journal has, and begins with the level as sd-daemon(3) has it.
func NewLog(w io.Writer, format string, level slog.Leveler, journal bool) (*slog.Logger, error) {
	o := &slog.HandlerOptions{Level: level}
	switch {
	case format == JSON:
		return slog.New(slog.NewJSONHandler(w, o)), nil
	case format != Text && format != "":
		return nil, fmt.Errorf("cannot log as %q; want text or json", format)
	case !journal:
		return slog.New(slog.NewTextHandler(w, o)), nil
	}
	o.ReplaceAttr = func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey) {
			return slog.Attr{}
		}
		return a
	}
	p := &prefixed{to: w}
	return slog.New(&leveled{slog.NewTextHandler(p, o), p}), nil
}

// leveled puts the level of a record before its line.
type leveled struct {
	slog.Handler
	out *prefixed
}

// prefixed is a writer whose lines begin with a prefix.
type prefixed struct {
	mu     sync.Mutex
	to     io.Writer
	prefix string
}

func (p *prefixed) Write(line []byte) (int, error) {
	if _, err := p.to.Write(append([]byte(p.prefix), line...)); err != nil {
		return 0, err
	}
	return len(line), nil
}

// priority is the level of syslog(3) that the journal knows.
func priority(l slog.Level) string {
	switch {
	case l >= slog.LevelError:
		return "<3>"
	case l >= slog.LevelWarn:
		return "<4>"
	case l >= slog.LevelInfo:
		return "<6>"
	}
	return "<7>"
}

// Handle is of [slog.Handler], as are the following.
func (h *leveled) Handle(ctx context.Context, r slog.Record) error {
	h.out.mu.Lock()
	defer h.out.mu.Unlock()
	h.out.prefix = priority(r.Level)
	return h.Handler.Handle(ctx, r)
}

// WithAttrs keeps the level in front.
func (h *leveled) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &leveled{h.Handler.WithAttrs(attrs), h.out}
}

// WithGroup keeps the level in front.
func (h *leveled) WithGroup(name string) slog.Handler {
	return &leveled{h.Handler.WithGroup(name), h.out}
}

// Journal tells whether f, which is the standard error, leads to the journal: JOURNAL_STREAM holds the device and the
// inode of what systemd connected, in decimal (systemd.exec(5)); they are compared, since a redirection leaves the
// variable as it is.
func Journal(env func(string) string, f *os.File) bool {
	want := env("JOURNAL_STREAM")
	if want == "" || f == nil {
		return false
	}
	info, err := f.Stat()
	if err != nil {
		return false
	}
	s, ok := info.Sys().(*syscall.Stat_t)
	return ok && fmt.Sprintf("%d:%d", s.Dev, s.Ino) == want
}
