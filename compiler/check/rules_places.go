package check

import (
	"net/netip"
	"path"
	"strings"
	"time"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/shape"
	"github.com/octocompose/octocompose/compiler/tree"
)

// minInterval is the shortest time between two checks: the states of the kubelet and of the sidecar are worked out
// once a second.
const minInterval = time.Second

// mountFields: a mount has a target, and a bind mount a source.
func mountFields(x *subject) {
	list := x.n.Get("volumes")
	if list == nil {
		return
	}
	for i, it := range list.Items {
		if it == nil || it.Kind != tree.Map {
			continue
		}
		p := x.p.Key("volumes").Index(i)
		if !has(it, "target") && !x.c.faults.cover(p.Key("target")) {
			x.error(p, "no target; want the place of the mount in the container").Helpf("add target: /PATH")
		}
		if it.Str("type") == "bind" && !has(it, "source") {
			x.error(p, "no source; want the file or folder of the host to mount").Helpf("add source: ./PATH")
		}
	}
}

// mountTargets: two mounts of one service at one place hide each other. Source: checkConsistency in loader/validate.go
// of compose-go.
func mountTargets(x *subject) {
	total := len(x.s.Volumes) + len(x.s.Tmpfs)
	if total < 2 {
		return
	}
	target := func(i int) (string, tree.Path) {
		if i < len(x.s.Tmpfs) {
			at, _, _ := strings.Cut(x.s.Tmpfs[i], ":")
			return at, x.p.Key("tmpfs").Index(i)
		}
		i -= len(x.s.Tmpfs)
		return x.s.Volumes[i].Target, x.p.Key("volumes").Index(i)
	}
	var seen map[string]int // for the few services with many mounts
	if total > 16 {
		seen = make(map[string]int, total)
	}
	for i := range total {
		at, p := target(i)
		if at == "" {
			continue
		}
		first := -1
		if seen != nil {
			key := path.Clean(at)
			if j, ok := seen[key]; ok {
				first = j
			} else {
				seen[key] = i
			}
		}
		for j := 0; seen == nil && j < i && first < 0; j++ {
			if other, _ := target(j); other == at || other != "" && path.Clean(other) == path.Clean(at) {
				first = j
			}
		}
		if first >= 0 {
			_, other := target(first)
			x.error(p, "%q is a mount already", at).See(other, "the first one").Helpf("delete one of the two")
		}
	}
}

// portTargets: a port is one of the container.
func portTargets(x *subject) {
	list := x.n.Get("ports")
	if list == nil {
		return
	}
	for i, it := range list.Items {
		if it != nil && it.Kind == tree.Map && !has(it, "target") {
			x.error(x.p.Key("ports").Index(i), "no target; want the port of the container").Helpf("add target: PORT")
		}
	}
}

// hostAddresses: the address of the host is one. Source: checkIPAddress in validation/validation.go of compose-go.
func hostAddresses(x *subject) {
	for i := range x.s.Ports {
		text := x.s.Ports[i].HostIP
		if text == "" {
			continue
		}
		if _, err := netip.ParseAddr(strings.Trim(text, "[]")); err != nil {
			x.error(x.p.Key("ports").Index(i).Key("host_ip"), "cannot use %q as an address of the host; want an IP address", text).
				Helpf("write 127.0.0.1 for this machine alone, or delete it for every address")
		}
	}
}

// expose: PORT or a range, with an optional protocol.
func expose(x *subject) {
	for i, v := range x.s.Expose {
		text, protocol, with := strings.Cut(v, "/")
		_, _, ok := shape.ParsePorts(text)
		if v == "" || ok && (!with || protocol == "tcp" || protocol == "udp" || protocol == "sctp") {
			continue
		}
		x.error(x.p.Key("expose").Index(i), "cannot use %q as a port; want 1 to 65535 or a range, with /tcp, /udp or /sctp", v)
	}
}

// plainSecrets warns of secrets in the config. The value is never repeated.
func plainSecrets(x *subject) {
	for i := range x.s.Environment {
		if e := &x.s.Environment[i]; looksSecret(e) {
			d := x.warn(x.p.Keys("environment", e.Key), "a value that looks like a secret stands in the config").OnKey()
			d.Quiet = true
			d.Helpf("put it into a secret; many images take the variable with _FILE at its end, and /run/secrets/NAME as its value")
		}
	}
	if x.s.Build == nil {
		return
	}
	for i := range x.s.Build.Args {
		if a := &x.s.Build.Args[i]; looksSecret(a) {
			d := x.warn(x.p.Keys("build", "args", a.Key), "a value that looks like a secret stands in the config, and in the history of the image").OnKey()
			d.Quiet = true
			d.Helpf("use build.secrets, which leave no trace in the image")
		}
	}
}

// looksSecret reports whether e is a secret by its name, with a value that can be one: not empty, no boolean (as in
// ALLOW_EMPTY_PASSWORD: yes), no file.
func looksSecret(e *model.Pair) bool {
	if e.Null || e.Value == "" || !diag.SecretName(e.Key) {
		return false
	}
	switch strings.ToLower(e.Value) {
	case "true", "false", "yes", "no", "on", "off", "0", "1":
		return false
	}
	return !strings.HasPrefix(e.Value, "/") && !strings.HasPrefix(e.Value, "{{")
}
