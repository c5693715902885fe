package octoctl

import (
	"net/url"
	"strings"
	"time"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// checkTools are the tools of healthCheck.
var checkTools = []string{"check-tcp", "check-grpc"}

// checkTimes are the keys that all checks have. The concept writes Treshold; both are read.
var checkTimes = []spelling{
	{"interval", "interval"}, {"timeout", "timeout"}, {"successTreshold", "successes"}, {"successThreshold", "successes"},
	{"failureTreshold", "failures"}, {"failureThreshold", "failures"},
}

// grpcMethod is what our grpc checks call, from the gRPC health checking protocol.
const grpcMethod = "/grpc.health.v1.Health/Check"

// checks converts healthCheck. The first check is the one named default, which is healthcheck, unless the service has
// one; the others are named after their tools.
func (c *converter) checks(s *service, p tree.Path, f tree.Field) {
	all := s.n.Get("checks")
	if all == nil || all.Kind != tree.Map {
		all = mapping(f.Value.At)
	}
	c.tools(p, f.Value, func(p tree.Path, tool string, at source.Span, it *tree.Node) {
		how, v := c.check(s, p, tool, at, it)
		if v == nil {
			return
		}
		rest := c.spell(p, it, checkTimes, func(g tree.Field) bool {
			return g.Key == "tool" || g.Key == "port" && tool == "check-tcp" ||
				(g.Key == "url" || g.Key == "endpoint") && tool == "check-grpc"
		})
		out := mapping(it.At, entry(how, at, v))
		for _, g := range rest.Fields {
			out = out.Set(g.Key, g.KeyAt, g.Value)
		}
		name := "default"
		if s.n.Get("healthcheck") != nil || all.Find(name) >= 0 {
			name = named(all, tool)
		}
		all = all.Set(name, at, timed(out))
	})
	if len(all.Fields) > 0 {
		s.set("checks", f.KeyAt, all)
	}
}

// check is how one check asks, nil where it cannot.
func (c *converter) check(s *service, p tree.Path, tool string, at source.Span, it *tree.Node) (string, *tree.Node) {
	switch tool {
	case "check-tcp":
		port, ok := field(it, "port")
		if !ok {
			c.ds.Error(diag.Required, p.Key("port"), "no value; want the port that is asked").AtSpan(it.At).Helpf("write port: 8080")
			return "", nil
		}
		return "tcp", mapping(it.At, port)
	case "check-grpc":
		return c.grpc(s, p, it)
	}
	c.noTool(p, tool, at, "a program of your own is checks.NAME.plugin in an overlay of octo's", checkTools...)
	return "", nil
}

// grpc is a call of the health protocol, or a mere connection where another method is asked for.
func (c *converter) grpc(s *service, p tree.Path, it *tree.Node) (string, *tree.Node) {
	u, ok := field(it, "url")
	if !ok || u.Value.Kind == tree.Unknown {
		if !ok {
			c.ds.Error(diag.Required, p.Key("url"), "no value; want the address that is asked").AtSpan(it.At).Helpf("write url: tcp://localhost:8080")
		}
		return "", nil
	}
	port, unix := listens(u.Value.Text)
	switch {
	case unix:
		c.ds.Warn(diag.Unsupported, p.Key("url"), "the check of %s is left out: nothing asks over a unix socket", s.name).AtSpan(u.Value.At).
			Helpf("have the service listen on a port")
		return "", nil
	case port == "":
		c.ds.Error(diag.Pattern, p.Key("url"), "cannot read %q as an address; want tcp://HOST:PORT", u.Value.Text).AtSpan(u.Value.At).
			Helpf("write url: tcp://localhost:8080")
		return "", nil
	}
	n := mapping(u.Value.At, entry("port", u.Value.At, tree.NewScalar(u.Value.At, tree.Int, port)))
	if e, ok := field(it, "endpoint"); ok && e.Value.Text != grpcMethod {
		c.ds.Warn(diag.Emulated, p.Key("endpoint"), "%s counts as healthy when port %s accepts a connection: octo calls %s only",
			s.name, port, grpcMethod).
			AtSpan(e.Value.At).Helpf("have the service answer the standard health protocol, and delete endpoint")
		return "tcp", n
	}
	return "grpc", n
}

// listens is the port of an address, or unix for that of a socket.
func listens(text string) (port string, unix bool) {
	if !strings.Contains(text, "://") {
		text = "tcp://" + text
	}
	if strings.HasPrefix(text, "unix:") {
		return "", true
	}
	u, err := url.Parse(text)
	if err != nil {
		return "", false
	}
	return u.Port(), false
}

// timed gives a check with an interval and no timeout one of half the interval: our default of 30s is often longer than
// the intervals of the dialect, which says nothing of timeouts.
func timed(n *tree.Node) *tree.Node {
	interval := n.Get("interval")
	if interval == nil || n.Get("timeout") != nil {
		return n
	}
	d, err := time.ParseDuration(interval.Text)
	if err != nil || d <= time.Millisecond || d > time.Minute {
		return n
	}
	return n.Set("timeout", interval.At, made(interval.At, (d/2).String()))
}

// preflight converts preflightCheck: what must hold before the service starts.
func (c *converter) preflight(s *service, p tree.Path, f tree.Field) {
	list := s.n.Get("preflight")
	if list == nil || list.Kind != tree.List {
		list = tree.NewList(f.Value.At, nil)
		list.Derived = true
	}
	c.tools(p, f.Value, func(p tree.Path, tool string, at source.Span, it *tree.Node) {
		switch tool {
		case "check-tcp-port":
			c.only(p, it, "port")
			port, ok := field(it, "port")
			if !ok {
				c.ds.Error(diag.Required, p.Key("port"), "no value; want the port that must be free").AtSpan(it.At).Helpf("write port: 8080")
				return
			}
			if s.n.Get("ports") == nil { // Docker knows only of ports that are published, and refuses the check
				c.ds.Warn(diag.Unsupported, p, "nothing asks whether port %s is free: %s publishes no port of the machine",
					port.Value.Text, s.name).AtSpan(port.Value.At).
					Helpf("write preflight: [ { port: %s } ] in an overlay of octo's for systemd", port.Value.Text)
				return
			}
			list = list.WithItems(append(append([]*tree.Node(nil), list.Items...), mapping(it.At, port)))
		case "check-server-url":
			c.serverURL(p, it)
		case "operator-run":
			c.before(s, p, it)
		default:
			c.noTool(p, tool, at, "preflight in an overlay of octo's has more", "check-tcp-port", "check-server-url", "operator-run")
		}
	})
	if len(list.Items) > 0 {
		s.set("preflight", f.KeyAt, list)
	}
}

// serverURL is the check that an address to listen on can be read, which is known when compiling.
func (c *converter) serverURL(p tree.Path, it *tree.Node) {
	c.only(p, it, "url")
	u, ok := field(it, "url")
	switch {
	case !ok:
		c.ds.Error(diag.Required, p.Key("url"), "no value; want an address").AtSpan(it.At).Helpf("write url: tcp://0.0.0.0:8080")
		return
	case u.Value.Kind == tree.Unknown:
		return
	}
	if port, unix := listens(u.Value.Text); port == "" && !unix {
		c.ds.Error(diag.Pattern, p.Key("url"), "cannot read %q as an address; want tcp://HOST:PORT or unix:///PATH",
			u.Value.Text).AtSpan(u.Value.At).
			Helpf("correct the address that the service listens on")
	}
}
