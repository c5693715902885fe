package guard

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What an [Error] can wrap, besides fs.ErrNotExist (not there), fs.ErrPermission (no access), context.Canceled and
// context.DeadlineExceeded.
var (
	ErrPrivate = errors.New("the address is not public")
	ErrLimit   = errors.New("it is over the limit")
	ErrMoved   = errors.New("the tag or branch moved")
	ErrDigest  = errors.New("the content is not what its digest says")
)

// Error is why something could not be fetched.
type Error struct {
	Address string // what was asked for
	Message string // why not, after "cannot fetch ADDRESS: "
	Help    string // what to do; may be empty
	Err     error  // for errors.Is; may be nil
}

func (e *Error) Error() string { return "cannot fetch " + e.Address + ": " + e.Message }

func (e *Error) Unwrap() error { return e.Err }

// Explain makes an error of address out of one that a request gave. One that is an [Error] already stays as it is.
func (g *Guard) Explain(address string, err error) error {
	if e := (*Error)(nil); err == nil || errors.As(err, &e) {
		return err
	}
	e := &Error{Address: address, Err: err}
	e.Message, e.Help = g.words(err)
	return e
}

func (g *Guard) words(err error) (message, help string) {
	var (
		private  *privateError
		dns      *net.DNSError
		unknown  x509.UnknownAuthorityError
		name     x509.HostnameError
		invalid  x509.CertificateInvalidError
		verify   *tls.CertificateVerificationError
		noTLS    tls.RecordHeaderError
		alert    tls.AlertError
		via      *url.Error
		cause    = err
		timeouts interface{ Timeout() bool }
	)
	if errors.As(err, &via) {
		cause = via.Err
	}
	switch {
	case errors.As(err, &private):
		return private.Error(), "if it is meant, allow it: --allow " + private.host
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("it took longer than %s", g.Timeout), "see whether the host answers, and try again"
	case errors.Is(err, context.Canceled):
		return "interrupted", ""
	case errors.As(err, &dns) && dns.IsNotFound:
		return fmt.Sprintf("there is no host %q", dns.Name), "see whether the name is spelt right and this machine has a network; behind a proxy, set HTTPS_PROXY"
	case errors.As(err, &dns):
		return fmt.Sprintf("the name %q cannot be resolved: %s", dns.Name, dns.Err), "see whether this machine has a network"
	case errors.As(err, &unknown):
		return "its certificate is signed by an unknown authority", HelpAuthority
	case errors.As(err, &name):
		return "its certificate is for another name: " + Clean(name.Error()), "use the name that the certificate is for"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "its certificate has expired, or is not valid yet", "its owner has to renew it; see also whether this machine's clock is right"
	case errors.As(err, &verify) || errors.As(err, &invalid):
		return "its certificate is not valid: " + Clean(cause.Error()), ""
	case errors.As(err, &noTLS) || errors.As(err, &alert) || errors.Is(err, http.ErrSchemeMismatch):
		return "it does not speak TLS 1.2 or later: " + Clean(cause.Error()), ""
	case errors.Is(err, exec.ErrNotFound):
		return "git is not installed", "install git 2.37 or later"
	case errors.Is(err, ErrLimit) || errors.Is(err, errScheme) || errors.Is(err, errRedirect):
		return Clean(cause.Error()), ""
	case errors.As(err, &timeouts) && timeouts.Timeout():
		return "it did not answer in time", "see whether the host answers, and try again"
	}
	return Clean(cause.Error()), ""
}

// HelpAuthority is what to do about a certificate of an authority that this system does not know.
const HelpAuthority = "if it is your own authority, name its certificate: SSL_CERT_FILE=/path/to/ca.pem"

// Status is the error of an answer with that status; login says how to get access.
func Status(address string, code int, login string) *Error {
	e := &Error{Address: address, Message: strings.TrimSpace(fmt.Sprintf("%d %s", code, http.StatusText(code)))}
	switch code {
	case http.StatusNotFound, http.StatusGone:
		e.Err, e.Help = fs.ErrNotExist, "see whether the address is spelt right"
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired:
		e.Err, e.Help = fs.ErrPermission, login
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		e.Help = "try again later"
	}
	return e
}

// TooLarge is the error of what is over a limit of bytes.
func TooLarge(what string, limit int64) error {
	if limit >= 1<<20 && limit%(1<<20) == 0 {
		return fmt.Errorf("%w: %s is larger than %d MiB", ErrLimit, what, limit>>20)
	}
	return fmt.Errorf("%w: %s is larger than %d bytes", ErrLimit, what, limit)
}

const cleanMax = 600 // bytes of what others say, in a message

var userinfo = regexp.MustCompile(`://[^/\s@]*@`)

// Clean makes text of a server or a program fit for a message: on one line, without control characters, credentials in
// URLs, or more than a few hundred bytes.
func Clean(s string) string {
	s = userinfo.ReplaceAllString(strings.TrimSpace(s), "://***@")
	var b strings.Builder
	for _, r := range s {
		switch {
		case b.Len() > cleanMax:
			return b.String() + "…"
		case r == '\n':
			b.WriteString("; ")
		case r == '\t':
			b.WriteByte(' ')
		case r == utf8.RuneError || !unicode.IsPrint(r):
			fmt.Fprintf(&b, "\\u%04x", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
