package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/smtp"
	"net/textproto"
	"strings"
	"time"

	"github.com/octocompose/octocompose/runtime/spec"
)

// mailer sends messages by mail (RFC 5321).
type mailer struct {
	Options
	host     string // of the server, for its certificate
	address  string
	security string // starttls, tls or none
	from     *mail.Address
	to       []*mail.Address
	user     string
	password string // a file
}

func newSMTP(s spec.SMTP, o Options) (*mailer, error) {
	host, _, err := net.SplitHostPort(s.Server)
	if err != nil {
		return nil, err
	}
	m := &mailer{Options: o, host: host, address: s.Server, security: s.TLS, user: s.User, password: s.Password}
	if s.TLS == "none" {
		m.Dial = onlyLoopback(m.Dial)
	}
	if m.from, err = mail.ParseAddress(s.From); err != nil {
		return nil, err
	}
	for _, to := range s.To {
		a, err := mail.ParseAddress(to)
		if err != nil {
			return nil, err
		}
		m.to = append(m.to, a)
	}
	return m, nil
}

func (m *mailer) send(ctx context.Context, msg Message) error {
	data, err := m.text(msg)
	if err != nil {
		return err
	}
	conn, err := m.Dial(ctx, "tcp", m.address)
	if err != nil {
		return temporary{fmt.Errorf("cannot reach %s: %w", m.address, err)}
	}
	defer conn.Close()
	// Whatever happens, no read or write outlives ctx.
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	if err := m.talk(conn, data); err != nil {
		if ctx.Err() != nil {
			return temporary{fmt.Errorf("%s did not answer in time: %w", m.address, ctx.Err())}
		}
		return m.judge(err)
	}
	return nil
}

// judge tells what may pass from what stays: a reply 4yz and a broken connection pass, 5yz stays (RFC 5321, 4.2.1), and
// so does what this end refuses.
func (m *mailer) judge(err error) error {
	if _, ok := errors.AsType[refusal](err); ok {
		return err
	}
	reply, ok := errors.AsType[*textproto.Error](err)
	if !ok {
		return temporary{fmt.Errorf("cannot send by %s: %w", m.address, err)}
	}
	// A server may say anything, also in more than one line.
	err = fmt.Errorf("cannot send by %s: it answers %d %s", m.address, reply.Code, oneLine(reply.Msg, maxLine))
	if reply.Code >= 500 {
		return err
	}
	return temporary{err}
}

// refusal is what this end does not do.
type refusal struct{ error }

// talk is one session.
func (m *mailer) talk(conn net.Conn, data []byte) error {
	config := &tls.Config{ServerName: m.host, RootCAs: m.Roots, MinVersion: tls.VersionTLS12}
	if m.security == "tls" {
		conn = tls.Client(conn, config)
	}
	c, err := smtp.NewClient(conn, m.host)
	if err != nil {
		return err
	}
	if name := m.hostName(); name != "localhost" {
		if err := c.Hello(name); err != nil {
			return err
		}
	}
	if m.security == "starttls" {
		if ok, _ := c.Extension("STARTTLS"); !ok {
			return refusal{fmt.Errorf("%s offers no STARTTLS; nothing is sent without TLS", m.address)}
		}
		if err := c.StartTLS(config); err != nil {
			return err
		}
	}
	if m.user != "" {
		password, err := readSecret(m.password)
		if err != nil {
			return fmt.Errorf("cannot read the password: %w", err)
		}
		// PlainAuth itself refuses a connection without TLS.
		if err := c.Auth(smtp.PlainAuth("", m.user, password, m.host)); err != nil {
			return err
		}
	}
	if err := m.envelope(c); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(data); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	_ = c.Quit() // the mail is accepted, whatever is said now
	return nil
}

// envelope names sender and recipients. One that is refused for good does not keep the others from hearing.
func (m *mailer) envelope(c *smtp.Client) error {
	if err := c.Mail(m.from.Address); err != nil {
		return err
	}
	accepted := 0
	var refused error
	for _, to := range m.to {
		err := c.Rcpt(to.Address)
		if reply, ok := errors.AsType[*textproto.Error](err); ok && reply.Code >= 500 {
			refused = err
			m.Log.Warn("a recipient is refused", "server", m.address, "to", to.Address, "error", oneLine(err.Error(), maxLine))
			continue
		}
		if err != nil {
			return err
		}
		accepted++
	}
	if accepted == 0 {
		return refused
	}
	return nil
}

// hostName is how this machine calls itself: Host, where it can stand in a mail.
func (m *mailer) hostName() string {
	if m.Host == "" || strings.ContainsFunc(m.Host, func(r rune) bool {
		return r != '-' && r != '.' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) {
		return "localhost"
	}
	return m.Host
}

// text is a message as a mail (RFC 5322). Everything that was seen is in the body, and that is encoded as a whole.
func (m *mailer) text(msg Message) ([]byte, error) {
	id := make([]byte, 16)
	if _, err := io.ReadFull(m.Random, id); err != nil {
		return nil, fmt.Errorf("cannot make a Message-ID: %w", err)
	}
	var to []string
	for _, a := range m.to {
		to = append(to, a.String())
	}
	subject := "[" + msg.Project + "] "
	if len(msg.Events) == 1 {
		subject += msg.Events[0].subject()
	} else {
		subject += msg.digest()
	}
	var b bytes.Buffer
	for _, h := range []struct{ name, value string }{
		{"Date", m.Now().Format("Mon, 02 Jan 2006 15:04:05 -0700")},
		{"From", m.from.String()},
		{"To", strings.Join(to, ", ")},
		{"Subject", mime.QEncoding.Encode("utf-8", oneLine(subject, 400))},
		{"Message-ID", "<" + hex.EncodeToString(id) + "@" + m.hostName() + ">"},
		{"Auto-Submitted", "auto-generated"}, // RFC 3834: no answer from a machine
		{"MIME-Version", "1.0"},
		{"Content-Type", "text/plain; charset=utf-8"},
		{"Content-Transfer-Encoding", "quoted-printable"},
	} {
		b.WriteString(fold(h.name+": "+h.value) + "\r\n")
	}
	b.WriteString("\r\n")
	w := quotedprintable.NewWriter(&b)
	if _, err := io.WriteString(w, body(msg)); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// fold breaks a header at spaces, so that a line has 76 characters where it can (RFC 5322, 2.2.3; 78 at most). What could
// begin a header of its own becomes a space.
func fold(header string) string {
	var b strings.Builder
	column := 0
	for i, word := range strings.Fields(strings.Map(func(r rune) rune {
		if isControl(r) {
			return ' '
		}
		return r
	}, header)) {
		switch {
		case i == 0:
		case column+1+len(word) > 76:
			b.WriteString("\r\n ")
			column = 1
		default:
			b.WriteString(" ")
			column++
		}
		b.WriteString(word)
		column += len(word)
	}
	return b.String()
}

// body is what a person reads. Control characters other than line breaks do not reach the terminal of who reads it.
func body(msg Message) string {
	var b strings.Builder
	for i, e := range msg.Events {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "%s\n", oneLine(e.subject(), 400))
		for _, l := range []struct{ name, value string }{
			{"time", e.Time.Format(time.RFC3339)}, {"project", msg.Project}, {"service", e.Service}, {"check", e.Check}, {"level", string(e.Level)}, {"host", msg.Host},
		} {
			if l.value != "" {
				fmt.Fprintf(&b, "  %-8s %s\n", l.name, oneLine(l.value, 400))
			}
		}
		for line := range strings.Lines(e.Message) {
			fmt.Fprintf(&b, "  | %s\n", oneLine(line, maxMessage))
		}
	}
	if msg.Dropped > 0 {
		fmt.Fprintf(&b, "\n%d events before this were dropped, because too many waited.\n", msg.Dropped)
	}
	return b.String()
}
