package check

import (
	"net/url"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
)

// notifiers: what octo-sidecar would refuse to start with is refused where it is written.
func (c *checker) notifiers() {
	for _, n := range c.project.Notifiers {
		if n.SMTP != nil {
			c.smtp(n)
		}
		if n.Webhook != nil && n.Webhook.URL != "" {
			c.webhook(n)
		}
		if n.Exec != nil && (len(n.Exec) == 0 || n.Exec[0] == "") {
			c.error(diag.Required, n.Path.Key("exec"), "cannot run nothing; want a program and its arguments").
				Helpf("write exec: [/usr/local/bin/tell, ops]")
		}
	}
}

func (c *checker) smtp(n *model.Notifier) {
	s, at := n.SMTP, n.Path.Key("smtp")
	switch {
	case s.User != "" && s.PasswordSecret == "":
		c.error(diag.Required, at.Key("user"), "a user needs a password; want password_secret, the name of a secret").
			Helpf("write password_secret: NAME, and below secrets: NAME: { prompt: true }")
	case s.User == "" && s.PasswordSecret != "":
		c.error(diag.Required, at.Key("password_secret"), "a password needs a user; want user")
	case s.TLS == "none" && s.User != "":
		c.error(diag.Conflict, at.Key("tls"), "cannot send a password without TLS; want starttls or tls")
	}
	if s.TLS == "none" && s.Host() != "" && !model.IsLoopback(s.Host()) {
		c.error(diag.Conflict, at.Key("tls"), "cannot send mail to %s without TLS, as it is another machine; want starttls or tls", s.Host())
	}
	if len(s.To) == 0 && c.root.Get("notifications").Get(n.Name).Get("smtp").Get("to") != nil {
		c.error(diag.Required, at.Key("to"), "the mail goes to nobody; want an address at least")
	}
}

// webhook: http is for what does not leave the application or the machine.
func (c *checker) webhook(n *model.Notifier) {
	u, err := url.Parse(n.Webhook.URL)
	switch {
	case err != nil || u.Host == "":
		c.error(diag.Pattern, n.Path.Keys("webhook", "url"), "cannot use %q as an address; want https://HOST/PATH", n.Webhook.URL)
	case u.User != nil:
		c.error(diag.PlainSecret, n.Path.Keys("webhook", "url"), "the address holds a user or a password, which would be readable in the output").
			Helpf("write the address in a secret, and url_secret; or header_secret with an Authorization").Quiet = true
	case u.Scheme == "http" && !model.IsLoopback(u.Hostname()) && c.project.Service(u.Hostname()) == nil:
		c.error(diag.Pattern, n.Path.Keys("webhook", "url"), "cannot tell %s by http: it is no service of this application; want https", u.Hostname()).
			Helpf("what is told would be readable on the way")
	}
}
