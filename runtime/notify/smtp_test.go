package notify

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/octocompose/octocompose/runtime/spec"
)

// server speaks as much of RFC 5321 as a sender needs.
type server struct {
	net.Listener
	config  *tls.Config
	first   bool              // TLS from the start
	offer   []string          // beyond its name
	replies map[string]string // to a command that begins so, instead of 250

	done  chan struct{}
	lines []string // what it heard; "TLS" where TLS began
	mail  string
}

func newServer(t *testing.T) (*server, *x509.CertPool) {
	t.Helper()
	cert := httptest.NewTLSServer(http.NotFoundHandler())
	defer cert.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return &server{Listener: l, config: &tls.Config{Certificates: cert.TLS.Certificates}, replies: map[string]string{}, done: make(chan struct{})}, rootsOf(cert)
}

// serve one session.
func (s *server) serve() {
	defer close(s.done)
	conn, err := s.Accept()
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	if s.first {
		conn = tls.Server(conn, s.config)
	}
	r := bufio.NewReader(conn)
	say := func(line string) { _, _ = io.WriteString(conn, line+"\r\n") }
	say("220 mail.example.com")
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		s.lines = append(s.lines, line)
		verb, _, _ := strings.Cut(line, " ")
		reply := "250 ok"
		for begin, other := range s.replies {
			if strings.HasPrefix(line, begin) {
				reply = other
			}
		}
		switch {
		case reply != "250 ok":
			say(reply)
		case verb == "EHLO":
			say("250-mail.example.com")
			for _, o := range s.offer {
				say("250-" + o)
			}
			say("250 8BITMIME")
		case verb == "STARTTLS":
			say("220 go")
			s.lines = append(s.lines, "TLS")
			s.offer = []string{"AUTH PLAIN"}
			conn = tls.Server(conn, s.config)
			r = bufio.NewReader(conn)
		case verb == "AUTH":
			say("235 welcome")
		case verb == "DATA":
			say("354 go")
			var b strings.Builder
			for {
				line, err := r.ReadString('\n')
				if err != nil {
					return
				}
				if line == ".\r\n" {
					break
				}
				b.WriteString(strings.TrimPrefix(line, "."))
			}
			s.mail = b.String()
			say("250 taken")
		case verb == "QUIT":
			say("221 bye")
			return
		default:
			say(reply)
		}
	}
}

func mailerOf(t *testing.T, s *server, roots *x509.CertPool, change func(*spec.SMTP)) *mailer {
	t.Helper()
	c := spec.SMTP{Server: s.Addr().String(), TLS: "starttls", From: "Öcto <octo@example.com>", To: []string{"Ops <ops@example.com>", "b@example.com"}}
	if change != nil {
		change(&c)
	}
	now := func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }
	m, err := newSMTP(c, Options{Host: "node1.example.com", Dial: new(net.Dialer).DialContext, Roots: roots, Now: now, Random: strings.NewReader(strings.Repeat("r", 160)), Log: discard()})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

const plain = "AUTH PLAIN "

func TestSMTP(t *testing.T) {
	password := file(t, "s3cret\n")
	auth := plain + base64.StdEncoding.EncodeToString([]byte("\x00user\x00s3cret"))
	rest := []string{"MAIL FROM:<octo@example.com> BODY=8BITMIME", "RCPT TO:<ops@example.com>", "RCPT TO:<b@example.com>", "DATA", "QUIT"}
	hello := "EHLO node1.example.com"
	for _, c := range []struct {
		name   string
		setup  func(*server)
		change func(*spec.SMTP)
		want   []string
	}{
		{"starttls", func(s *server) { s.offer = []string{"STARTTLS"} }, func(c *spec.SMTP) { c.User, c.Password = "user", password },
			append([]string{hello, "STARTTLS", "TLS", hello, auth}, rest...)},
		{"tls", func(s *server) { s.first, s.offer = true, []string{"AUTH PLAIN"} }, func(c *spec.SMTP) { c.TLS, c.User, c.Password = "tls", "user", password },
			append([]string{hello, auth}, rest...)},
		{"none", func(s *server) {}, func(c *spec.SMTP) { c.TLS = "none" }, append([]string{hello}, rest...)},
		{"one recipient is refused", func(s *server) { s.replies["RCPT TO:<ops"] = "550 who" }, func(c *spec.SMTP) { c.TLS = "none" }, append([]string{hello}, rest...)},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, roots := newServer(t)
			c.setup(s)
			go s.serve()
			if err := mailerOf(t, s, roots, c.change).send(t.Context(), message()); err != nil {
				t.Fatal(err)
			}
			<-s.done
			if got, want := strings.Join(s.lines, "\n"), strings.Join(c.want, "\n"); got != want {
				t.Errorf("heard\n%s\nwant\n%s", got, want)
			}
			checkMail(t, s.mail)
		})
	}
}

// checkMail: the headers are those that were meant and no others, and the body holds what was seen.
func checkMail(t *testing.T, text string) {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	for name, want := range map[string]string{
		"Date": "Fri, 02 Jan 2026 03:04:05 +0000", "From": "=?utf-8?q?=C3=96cto?= <octo@example.com>", "To": `"Ops" <ops@example.com>, <b@example.com>`,
		"Subject": "[shop] api failed (default)", "Message-Id": "<72727272727272727272727272727272@node1.example.com>", "Auto-Submitted": "auto-generated",
		"Mime-Version": "1.0", "Content-Type": "text/plain; charset=utf-8", "Content-Transfer-Encoding": "quoted-printable",
	} {
		if got := m.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if len(m.Header) != 9 {
		t.Errorf("headers: %v", m.Header)
	}
	data, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	want := "api failed (default)\n  time     2026-01-02T03:04:05Z\n  project  shop\n  service  api\n  check    default\n  level    alive\n  host     node1\n" +
		"  | no\n  | Bcc: thief@example.com\n  | \n  | .\n  | QUIT\n  | [2Jé\n\n2 events before this were dropped, because too many waited.\n"
	if got := strings.ReplaceAll(string(data), "\r\n", "\n"); err != nil || got != want {
		t.Errorf("%v, body\n%q\nwant\n%q", err, got, want)
	}
	for line := range strings.Lines(text) {
		if !strings.HasSuffix(line, "\r\n") || len(line) > 80 {
			t.Errorf("the line %q", line)
		}
	}
}

// A name that wants to be a header: it stays in the subject, folded and encoded.
func TestSMTPInjection(t *testing.T) {
	s, roots := newServer(t)
	m := mailerOf(t, s, roots, func(c *spec.SMTP) { c.TLS = "none" })
	for _, name := range []string{"a\r\nBcc: thief@example.com", "a\nX: y\n\nbody", "é\r\nBcc: x", strings.Repeat("long words ", 60), strings.Repeat("ö", 500), "\u2028x\u0085y"} {
		data, err := m.text(newMessage(name, name, []Event{{Kind: spec.EventFailed, Service: name, Check: name, Message: name}}, 0))
		if err != nil {
			t.Fatal(err)
		}
		msg, err := mail.ReadMessage(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		head, _, _ := strings.Cut(string(data), "\r\n\r\n")
		subject, err := new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject"))
		if len(msg.Header) != 9 || msg.Header.Get("Bcc") != "" || err != nil || !strings.HasPrefix(subject, "[") {
			t.Errorf("%q: %v, %v", name, msg.Header, err)
		}
		for line := range strings.SplitSeq(head, "\r\n") {
			if len(line) > 78 || strings.ContainsAny(line, "\r\n") {
				t.Errorf("the line %q has %d characters", line, len(line))
			}
		}
	}
}

func TestSMTPFails(t *testing.T) {
	password := file(t, "s3cret")
	user := func(c *spec.SMTP) { c.User, c.Password = "user", password }
	none := func(c *spec.SMTP) { c.TLS = "none" }
	for _, c := range []struct {
		name   string
		setup  func(*server)
		change func(*spec.SMTP)
		want   string
		again  bool
		heard  string // never: what begins so
	}{
		{"no STARTTLS", func(s *server) { s.offer = []string{"AUTH PLAIN"} }, user, "offers no STARTTLS", false, "AUTH"},
		{"a certificate of nobody", func(s *server) { s.offer = []string{"STARTTLS"}; s.config = nil }, user, "certificate", true, "AUTH"},
		{"a wrong password", func(s *server) { s.offer, s.replies["AUTH"] = []string{"STARTTLS"}, "535-no\r\n535 such user" }, user, "it answers 535 no such user", false, "MAIL"},
		{"no password", func(s *server) { s.offer = []string{"STARTTLS"} }, func(c *spec.SMTP) { c.User, c.Password = "user", "/nowhere/p" }, "cannot read the password", true, "AUTH"},
		{"busy", func(s *server) { s.replies["MAIL"] = "451 later" }, none, "451 later", true, "DATA"},
		{"refused", func(s *server) { s.replies["MAIL"] = "550 never\x1b[2J" }, none, "it answers 550 never [2J", false, "DATA"},
		{"all recipients are refused", func(s *server) { s.replies["RCPT"] = "550 who" }, none, "550 who", false, "DATA"},
		{"a recipient later", func(s *server) { s.replies["RCPT TO:<b"] = "450 later" }, none, "450 later", true, "DATA"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, roots := newServer(t)
			config := s.config
			c.setup(s)
			if s.config == nil {
				s.config, roots = config, x509.NewCertPool()
			}
			go s.serve()
			err := mailerOf(t, s, roots, c.change).send(t.Context(), message())
			if err == nil || !strings.Contains(err.Error(), c.want) || isTemporary(err) != c.again || strings.Contains(err.Error(), "s3cret") {
				t.Errorf("got %v (again %v), want %q", err, isTemporary(err), c.want)
			}
			<-s.done
			for _, line := range s.lines {
				if strings.HasPrefix(line, c.heard) {
					t.Errorf("it heard %q", line)
				}
			}
			if s.mail != "" {
				t.Error("a mail was sent")
			}
		})
	}
}

// A server that says nothing is given up in time.
func TestSMTPHangs(t *testing.T) {
	s, roots := newServer(t) // nobody accepts
	ctx, cancel := contextWith(t, 30*time.Millisecond)
	defer cancel()
	if err := mailerOf(t, s, roots, nil).send(ctx, message()); !isTemporary(err) || !strings.Contains(err.Error(), "did not answer in time") {
		t.Error(err)
	}
}
