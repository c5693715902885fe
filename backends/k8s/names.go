package k8s

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

// maxName is the longest name that we give a workload. A label may have 63 bytes (RFC 1123); a StatefulSet puts a
// revision behind its name in a label, a Job a hash.
const maxName = 52

// label makes a DNS label (RFC 1123) of s: lower case, what is neither letter nor digit a dash. A name that begins with
// a digit gets a letter before it: names of Services are RFC 1035 labels before Kubernetes 1.34.
func label(s string) string { return dns(s, false) }

// subdomain makes a DNS subdomain of s, the form of the names of ConfigMaps, Secrets and RuntimeClasses: it keeps dots.
func subdomain(s string) string { return dns(s, true) }

func dns(s string, dots bool) string {
	if isLabel(s) {
		return s
	}
	b := make([]byte, 0, len(s)+1)
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= 'A' && c <= 'Z':
			c += 'a' - 'A'
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
		case c == '.' && dots && len(b) > 0 && isAlnum(b[len(b)-1]) && i+1 < len(s) && isAlnum(s[i+1]):
		default:
			c = '-'
		}
		b = append(b, c)
	}
	out := strings.Trim(string(b), "-.")
	if out == "" || (!dots && out[0] >= '0' && out[0] <= '9') {
		out = strings.TrimSuffix("s-"+out, "-")
	}
	limit := maxName
	if dots {
		limit = 200
	}
	if len(out) > limit {
		out = strings.TrimRight(out[:limit-9], "-.") + "-" + shortHash([]byte(s))
	}
	return out
}

// isLabel reports whether s is a label already, within our length.
func isLabel(s string) bool {
	if s == "" || len(s) > maxName || s[0] < 'a' || s[0] > 'z' || s[len(s)-1] == '-' {
		return false
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

func isAlnum(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// isLabelValue reports whether s can be the value of a label: at most 63 bytes, letters, digits and -_. within.
func isLabelValue(s string) bool {
	if s == "" || len(s) > 63 || !isAlnum(s[0]) || !isAlnum(s[len(s)-1]) {
		return s == ""
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; !isAlnum(c) && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}

// shortHash is the first 8 hexadecimal digits of the SHA-256 of data.
func shortHash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:4])
}

// owner is who has a name in the cluster.
type owner struct {
	what string // service "my_db"
	path tree.Path
}

// registry knows who has which name among the objects of one kind.
type registry map[string]owner

// claim gives name to the owner, or reports the clash and says false.
func (r registry) claim(l *lowering, name string, o owner) bool {
	if before, taken := r[name]; taken {
		d := l.ds.Error(diag.NameClash, o.path, "%s is called %q on Kubernetes, and so is %s", o.what, name, before.what)
		d.Target = l.t.Name
		d.OnKey().See(before.path, "the other one").Helpf("rename one of the two")
		return false
	}
	r[name] = o
	return true
}

// nameServices gives each service its DNS label, by which the others reach it.
func (l *lowering) nameServices(services []*model.Service) {
	for _, s := range services {
		name := label(s.Name)
		l.names[s] = name
		if !l.services.claim(l, name, owner{"service " + quote(s.Name), s.Path}) {
			continue
		}
		if name != s.Name {
			d := l.ds.Warn(diag.Renamed, s.Path, "%q is no name in DNS; on Kubernetes the service is called %q", s.Name, name)
			d.Target = l.t.Name
			d.OnKey().Helpf("the others reach it as %q there: rename the service to have one name everywhere", name)
		}
	}
}

func quote(s string) string { return `"` + s + `"` }
