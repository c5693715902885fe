package model

import (
	"net"
	"net/netip"
	"net/url"
	"strings"

	"github.com/octocompose/octocompose/compiler/tree"
)

// Notifier is somebody who hears of failures and recoveries. One of SMTP, Webhook and Exec is set.
type Notifier struct {
	Name string `octo:"-"`
	Path tree.Path
	// On is what is told: failed, recovered, restarted, given_up, flapping; empty: all of it.
	On      []string         `octo:"on"`
	SMTP    *NotifierSMTP    `octo:"smtp"`
	Webhook *NotifierWebhook `octo:"webhook"`
	Exec    []string         `octo:"exec"` // a program and its arguments
}

// NotifierSMTP is a mail server, and who gets the mail.
type NotifierSMTP struct {
	Server         string   `octo:"server"` // HOST:PORT
	TLS            string   `octo:"tls"`    // starttls (default), tls, none
	From           string   `octo:"from"`
	To             []string `octo:"to"`
	User           string   `octo:"user"`
	PasswordSecret string   `octo:"password_secret"` // a key of secrets
}

// Host is the host of the server.
func (s *NotifierSMTP) Host() string {
	host, _, _ := net.SplitHostPort(s.Server) // the schema wants a port
	return host
}

// NotifierWebhook is where a request goes: URL or URLSecret.
type NotifierWebhook struct {
	URL          string `octo:"url"`
	URLSecret    string `octo:"url_secret"`    // a key of secrets
	HeaderSecret string `octo:"header_secret"` // a key of secrets
}

// SecretRef is a field that names a secret.
type SecretRef struct {
	Name string
	Path tree.Path
}

// Secrets are the secrets that the notifier names, in the order of the schema.
func (n *Notifier) Secrets() []SecretRef {
	var out []SecretRef
	add := func(name string, keys ...string) {
		if name != "" {
			out = append(out, SecretRef{name, n.Path.Keys(keys...)})
		}
	}
	if n.SMTP != nil {
		add(n.SMTP.PasswordSecret, "smtp", "password_secret")
	}
	if n.Webhook != nil {
		add(n.Webhook.URLSecret, "webhook", "url_secret")
		add(n.Webhook.HeaderSecret, "webhook", "header_secret")
	}
	return out
}

// To is the host that the notifier speaks to, and where it stands; "" where nobody knows it before it is told.
func (n *Notifier) To() (host string, at tree.Path) {
	switch {
	case n.SMTP != nil:
		return n.SMTP.Host(), n.Path.Keys("smtp", "server")
	case n.Webhook != nil && n.Webhook.URL != "":
		if u, err := url.Parse(n.Webhook.URL); err == nil {
			return u.Hostname(), n.Path.Keys("webhook", "url")
		}
	}
	return "", n.Path
}

// IsLoopback tells whether host is the machine itself: localhost, or an address of its loopback.
func IsLoopback(host string) bool {
	if a, err := netip.ParseAddr(host); err == nil {
		return a.Unmap().IsLoopback()
	}
	return strings.EqualFold(host, "localhost")
}
