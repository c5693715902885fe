package remote

import (
	"net/url"
	"path"
	"strings"
)

// sign begins the first part of a path that names something remote; no other path of the compiler begins with it and
// has a second one.
const sign = "@@"

// Virtual is a path, as seen from the project's folder, that stands for the address: its first part is the origin, and
// what follows the path in it. Joining and cleaning such paths keeps them in their origin, or drops that part, which
// [SameOrigin] tells.
func (a Address) Virtual() string {
	first := a.Base
	if a.Kind != HTTPS {
		first = a.Origin().String()
	}
	if a.Key != "" {
		first += "\n" + a.Key
	}
	// no colon: the short form of a mount is cut at colons
	p := path.Join(sign+strings.ReplaceAll(url.PathEscape(first), ":", "%3A"), a.Path)
	if a.Query != "" { // part of the last name, so that no other file has it
		p += "?" + a.Query
	}
	return p
}

// IsVirtual reports whether p is a path that Virtual made, or one below it.
func IsVirtual(p string) bool { return strings.HasPrefix(p, sign) }

// FromVirtual is the address that a path of Virtual, or one joined to it, stands for.
func FromVirtual(p string) (Address, bool) {
	if !IsVirtual(p) {
		return Address{}, false
	}
	first, rest, _ := strings.Cut(strings.TrimPrefix(p, sign), "/")
	first, err := url.PathUnescape(first)
	if err != nil {
		return Address{}, false
	}
	first, key, _ := strings.Cut(first, "\n")
	var a Address
	if host, ok := strings.CutPrefix(first, "https://"); ok && !strings.Contains(host, "/") {
		a = Address{Kind: HTTPS, Base: first}
		rest, a.Query, _ = strings.Cut(rest, "?")
	} else if a, err = Parse(first); err != nil {
		return Address{}, false
	}
	a.Path, a.Key = path.Clean(rest), key
	if a.Path == "." {
		a.Path = ""
	}
	return a, true
}

// SameOrigin reports whether p lies in the origin of the virtual path from. It is true for all when from is none.
func SameOrigin(from, p string) bool {
	if !IsVirtual(from) {
		return true
	}
	a, _, _ := strings.Cut(from, "/")
	b, _, _ := strings.Cut(p, "/")
	return a == b
}

// outside begins a path that leads out of an origin: [FromVirtual] knows no address for it.
const outside = sign + "!"

// Join is the path p, written in a file whose folder is dir, as path.Join has it. A path that leads out of the origin
// that dir lies in becomes one that [IsOutside] tells.
func Join(dir, p string) string {
	if IsVirtual(p) {
		return p
	}
	joined := path.Join(dir, p)
	if !SameOrigin(dir, joined) || IsVirtual(dir) && path.IsAbs(p) {
		return outside + "/" + strings.TrimPrefix(path.Clean("/"+p), "/")
	}
	return joined
}

// IsOutside reports whether Join made p of a path that leads out of an origin.
func IsOutside(p string) bool { return strings.HasPrefix(p, outside) }
