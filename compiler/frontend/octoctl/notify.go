package octoctl

import (
	"strconv"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/tree"
)

// submission is the port of a mail server where none is written (RFC 6409); at implicitTLS it speaks TLS from the start
// (RFC 8314).
const (
	submission  = "587"
	implicitTLS = "465"
)

// notifications are notifiers of our language. The password does not go into what is compiled: it is a secret that is
// asked for when the output is applied.
func (c *converter) notifications(root *tree.Node, p tree.Path, n *tree.Node) *tree.Node {
	if n == nil || n.Kind == tree.Null || n.Kind == tree.Unknown {
		return root
	}
	if n.Kind != tree.List {
		c.wants(p, n, "a list", "write - notifier: smtp, with server, from and to")
		return root
	}
	all := root.Get("notifications")
	if all == nil || all.Kind != tree.Map {
		all = mapping(n.At)
	}
	for i, it := range n.Items {
		q := p.Index(i)
		if !c.isMap(q, it) {
			continue
		}
		if kind, ok := field(it, "notifier"); !ok || kind.Value.Text != "smtp" {
			c.guard(c.ds.Error(diag.Enum, q.Key("notifier"), "cannot tell anybody this way; want smtp").AtSpan(at(it, "notifier")).
				Helpf("octo also knows webhook and exec: write them below notifications of a config of octo's, which includes this one"))
			continue
		}
		name := "smtp"
		for k := 2; all.Find(name) >= 0; k++ {
			name = "smtp-" + strconv.Itoa(k)
		}
		way, secret := c.mail(q, it, name)
		if secret != nil {
			list := root.Get("secrets")
			if list == nil || list.Kind != tree.Map {
				list = mapping(it.At)
			}
			root = root.Set("secrets", it.At, list.Set(passwordOf(name), it.At, secret))
		}
		all = all.Set(name, it.At, mapping(it.At, entry("smtp", it.At, way)))
	}
	if len(all.Fields) == 0 {
		return root
	}
	return root.Set("notifications", n.At, all)
}

// passwordOf is the name of the secret with the password of a notifier.
func passwordOf(name string) string { return "notifications-" + name + "-password" }

// mail is one item as smtp has it, and the secret with its password; nil: it has none.
func (c *converter) mail(p tree.Path, it *tree.Node, name string) (way, secret *tree.Node) {
	way = mapping(it.At)
	for _, f := range it.Fields {
		switch f.Key {
		case "notifier":
		case "from":
			way = way.Set("from", f.KeyAt, literal(f.Value))
		case "user":
			way = way.Set("user", f.KeyAt, literal(f.Value)).Set("password_secret", f.KeyAt, made(f.Value.At, passwordOf(name)))
			secret = mapping(it.At, entry("prompt", it.At, made(it.At, "the password of the mail server")))
		case "password":
			d := c.ds.Warn(diag.PlainSecret, p.Key("password"), "is not taken over: what is compiled holds no password").OnKey().AtSpan(f.KeyAt)
			d.Quiet = true
			d.Helpf("delete the line; APPLY.md asks for the secret %s", passwordOf(name))
		case "server":
			way = c.server(way, f)
		case "to":
			way = way.Set("to", f.KeyAt, recipients(f.Value))
		default:
			c.unknown(p.Key(f.Key), f, "notifier", "server", "from", "to", "user", "password")
		}
	}
	for _, key := range []string{"server", "from", "to"} {
		if it.Find(key) < 0 {
			c.guard(c.ds.Error(diag.Required, p.Key(key), "no value; want %s", map[string]string{
				"server": "the mail server", "from": "the address that the mail comes from", "to": "the address that it goes to",
			}[key]).AtSpan(it.At).Helpf("write %s: …", key))
			return way, secret
		}
	}
	return way, secret
}

// server is the address with its port.
func (c *converter) server(way *tree.Node, f tree.Field) *tree.Node {
	if f.Value.Kind != tree.String {
		return way.Set("server", f.KeyAt, f.Value) // the schema says what it wants
	}
	i := strings.LastIndexByte(f.Value.Text, ':')
	if i < strings.LastIndexByte(f.Value.Text, ']') || i < 0 {
		return way.Set("server", f.KeyAt, made(f.Value.At, double(f.Value.Text)+":"+submission))
	}
	way = way.Set("server", f.KeyAt, literal(f.Value))
	if f.Value.Text[i+1:] == implicitTLS {
		way = way.Set("tls", f.KeyAt, made(f.Value.At, "tls"))
	}
	return way
}

// recipients are one address, several with commas between them, or a list.
func recipients(n *tree.Node) *tree.Node {
	if n.Kind != tree.String {
		return literal(n)
	}
	var items []*tree.Node
	for to := range strings.SplitSeq(n.Text, ",") {
		items = append(items, made(n.At, double(strings.TrimSpace(to))))
	}
	return tree.NewList(n.At, items)
}
