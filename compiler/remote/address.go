package remote

import (
	"fmt"
	"net/url"
	"path"
	"strings"
)

// Kind is how an address is fetched.
type Kind uint8

// The kinds of addresses.
const (
	None  Kind = iota
	HTTPS      // one file, by its URL
	Git        // a file in a repository, at a commit
	OCI        // a file in an artifact of a registry
)

// Address is a file, or a folder, somewhere else. The zero Address is none.
type Address struct {
	Kind Kind
	// Base is what the path lies in: https://HOST, the URL of a repository (https:// or ssh://), or REGISTRY/REPOSITORY.
	Base string
	// Ref is the version that is asked for: a branch, tag or commit of git, "" for its default branch; a tag or a digest
	// (sha256:…) of an artifact, "" for latest. Empty for https.
	Ref string
	// Path is what lies in there: slashes, clean, without one in front; "" or "." is all of it.
	Path string
	// Query is that of a URL over https, without the question mark.
	Query string
	// Key is the minisign public key that every file must be signed with; "" for none. It is no part of String.
	Key string
}

// IsRemote reports whether s is meant to be fetched: it has a scheme, or is one of the short forms of git that Compose has.
func IsRemote(s string) bool {
	return strings.Contains(s, "://") || strings.HasPrefix(s, "git@") || strings.HasPrefix(s, "github.com/")
}

// Parse reads an address, in the syntax of Compose's include: a URL over https; a repository as
// URL.git#REF:PATH, git@HOST:REPOSITORY#REF:PATH, ssh://… or github.com/OWNER/NAME; an artifact as oci://REGISTRY/NAME:TAG#PATH.
// git+https:// marks a repository whose URL does not end in .git.
func Parse(s string) (Address, error) {
	if s == "" || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' }) {
		return Address{}, fmt.Errorf("cannot read the address %q: it is empty, or holds a blank, a control character or a backslash", s)
	}
	scheme, rest, found := strings.Cut(s, "://")
	switch {
	case !found && strings.HasPrefix(s, "git@"):
		host, repo, ok := strings.Cut(strings.TrimPrefix(s, "git@"), ":")
		if !ok {
			return Address{}, fmt.Errorf("cannot read the address %q: want git@HOST:REPOSITORY", s)
		}
		return parseGit("ssh://git@"+host+"/"+strings.TrimPrefix(repo, "/"), s)
	case !found && strings.HasPrefix(s, "github.com/"):
		return parseGit("https://"+s, s)
	case !found:
		return Address{}, fmt.Errorf("cannot read the address %q: it has no scheme", s)
	}
	switch scheme {
	case "https":
		before, _, _ := strings.Cut(rest, "#")
		before, _, _ = strings.Cut(before, "?")
		if u, err := url.Parse("https://" + before); err == nil && strings.HasSuffix(cleanPath(u.Path), ".git") {
			return parseGit(s, s)
		}
		return parseHTTPS(s)
	case "git+https", "git+ssh":
		return parseGit(strings.TrimPrefix(s, "git+"), s)
	case "ssh":
		return parseGit(s, s)
	case "oci":
		return parseOCI(rest, s)
	case "http":
		return Address{}, fmt.Errorf("cannot fetch %q: http is not safe; want https", s)
	}
	return Address{}, fmt.Errorf("cannot fetch %q: %s:// is not supported; want https, git (URL.git#REF:PATH, ssh://) or oci://", s, scheme)
}

func parseURL(s, shown string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return nil, fmt.Errorf("cannot read the address %q: it is no URL", shown)
	case u.Hostname() == "" || strings.HasPrefix(u.Hostname(), "-"):
		return nil, fmt.Errorf("cannot read the address %q: it has no host", shown)
	case strings.ContainsFunc(u.Path, isControl) || strings.ContainsFunc(u.User.Username(), isControl):
		return nil, fmt.Errorf("cannot read the address %q: it holds a control character", shown)
	case u.Opaque != "":
		return nil, fmt.Errorf("cannot read the address %q: want //HOST/PATH", shown)
	}
	if _, has := u.User.Password(); has {
		return nil, fmt.Errorf("cannot use an address with a password in it (%s): credentials belong to git's, docker's or the system's own store", u.Redacted())
	}
	u.Host = strings.ToLower(u.Host)
	if u.Scheme == "https" {
		u.Host = strings.TrimSuffix(u.Host, ":443")
	}
	return u, nil
}

func parseHTTPS(s string) (Address, error) {
	u, err := parseURL(s, s)
	if err != nil {
		return Address{}, err
	}
	if u.User != nil {
		return Address{}, fmt.Errorf("cannot use an address with a user in it: %q", s)
	}
	a := Address{Kind: HTTPS, Base: "https://" + u.Host, Path: cleanPath(u.Path), Query: u.RawQuery}
	if a.Path == "" {
		return Address{}, fmt.Errorf("cannot read the address %q: it names no file", s)
	}
	return a, nil
}

func parseGit(s, shown string) (Address, error) {
	base, fragment, _ := strings.Cut(s, "#")
	u, err := parseURL(base, shown)
	if err != nil {
		return Address{}, err
	}
	if u.RawQuery != "" {
		return Address{}, fmt.Errorf("cannot read the address %q: a repository has no query; write URL#REF:PATH", shown)
	}
	if u.Scheme == "https" && u.User != nil {
		return Address{}, fmt.Errorf("cannot use an address with a user in it: %q", shown)
	}
	repo := cleanPath(u.Path)
	if repo == "" || strings.ContainsAny(repo, " %#?\"\\") || strings.HasPrefix(repo, "-") || strings.HasPrefix(u.User.Username(), "-") || strings.Trim(u.User.Username(), tagBytes) != "" {
		return Address{}, fmt.Errorf("cannot read the address %q: it names no repository", shown)
	}
	ref, p, _ := strings.Cut(fragment, ":")
	if p, err = url.PathUnescape(p); err != nil {
		return Address{}, fmt.Errorf("cannot read the address %q: a %% is not followed by two digits", shown)
	}
	a := Address{Kind: Git, Base: u.Scheme + "://" + u.Host + "/" + repo}
	if name := u.User.Username(); name != "" {
		a.Base = u.Scheme + "://" + name + "@" + u.Host + "/" + repo
	}
	return a.At(ref, p)
}

func parseOCI(rest, shown string) (Address, error) {
	name, p, _ := strings.Cut(rest, "#")
	p, err := url.PathUnescape(p)
	if err != nil {
		return Address{}, fmt.Errorf("cannot read the address %q: a %% is not followed by two digits", shown)
	}
	registry, repo, found := strings.Cut(name, "/")
	name, digest, _ := strings.Cut(repo, "@")
	tag := ""
	if i := strings.LastIndexByte(name, ':'); i >= 0 {
		name, tag = name[:i], name[i+1:]
	}
	if digest != "" {
		tag = digest
	}
	if !found || registry == "" || name == "" || strings.HasPrefix(registry, "-") || strings.Trim(registry, hostBytes) != "" || strings.Trim(name, nameBytes) != "" ||
		strings.Contains(name, "//") || path.Clean(name) != name || strings.HasPrefix(name, "..") {
		return Address{}, fmt.Errorf("cannot read the address %q: want oci://REGISTRY/NAME:TAG, in lower case", shown)
	}
	return Address{Kind: OCI, Base: strings.ToLower(registry) + "/" + name}.At(tag, p)
}

const (
	hostBytes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]"
	nameBytes = "abcdefghijklmnopqrstuvwxyz0123456789._-/"
	tagBytes  = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-:"
)

// At is the address with another ref and path; an empty one leaves what is there.
func (a Address) At(ref, p string) (Address, error) {
	if ref != "" {
		if a.Kind == HTTPS {
			return Address{}, fmt.Errorf("cannot use the ref %q with %s: only repositories and artifacts have refs; a repository's URL ends in .git or begins with git+https://", ref, a)
		}
		if err := checkRef(a.Kind, ref); err != nil {
			return Address{}, err
		}
		a.Ref = ref
	}
	if p != "" {
		if a.Kind == HTTPS {
			return Address{}, fmt.Errorf("cannot use the path %q with %s: the URL names the file already", p, a)
		}
		clean, ok := within(p)
		if !ok || strings.ContainsFunc(p, isControl) {
			return Address{}, fmt.Errorf("cannot use the path %q: it leads out of %s", p, a.Base)
		}
		a.Path = clean
	}
	return a, nil
}

// checkRef refuses what git or a registry would take for something else (git-check-ref-format(1); the grammar of tags in the
// OCI distribution specification).
func checkRef(k Kind, ref string) error {
	bad := strings.HasPrefix(ref, "-") || strings.Contains(ref, "..") || strings.Contains(ref, "@{") || strings.HasSuffix(ref, "/") || strings.HasPrefix(ref, "/") ||
		strings.HasSuffix(ref, ".lock") || strings.ContainsAny(ref, " ~^:?*[\\#") || strings.ContainsFunc(ref, isControl)
	if k == OCI {
		bad = len(ref) > 128 || strings.Trim(ref, tagBytes) != "" || strings.HasPrefix(ref, "-") || strings.Contains(ref, ":") && !isDigest(ref)
	}
	if bad {
		return fmt.Errorf("cannot use %q as a version; want a branch, a tag, a commit or a digest", ref)
	}
	return nil
}

func isDigest(s string) bool {
	hex, ok := strings.CutPrefix(s, "sha256:")
	return ok && len(hex) == 64 && strings.Trim(hex, "0123456789abcdef") == ""
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f || r == 0xfffd }

// within cleans a path, and reports whether it stays where it begins.
func within(p string) (string, bool) {
	if strings.HasPrefix(p, "/") || strings.Contains(p, "\\") {
		return "", false
	}
	p = path.Clean(p)
	if p == "." {
		return "", true
	}
	return p, p != ".." && !strings.HasPrefix(p, "../")
}

// cleanPath is the path of a URL without ., .. and the slash in front.
func cleanPath(p string) string { return strings.TrimPrefix(path.Clean("/"+p), "/") }

// Join is the address of what p names in a file at a: relative to its folder. It refuses an absolute path, and one that
// leads out of the repository, the artifact or the host.
func (a Address) Join(p string) (Address, error) {
	clean, ok := within(path.Join(path.Dir("./"+a.Path), p))
	if !ok || strings.HasPrefix(p, "/") || strings.ContainsFunc(p, isControl) {
		return Address{}, fmt.Errorf("cannot follow %q from %s: it leads out of %s", p, a, a.Base)
	}
	a.Path, a.Query = clean, ""
	return a, nil
}

// Origin is the address without its path: what is fetched at once.
func (a Address) Origin() Address {
	a.Path, a.Query = "", ""
	return a
}

// String is the one spelling of the address, which octo.lock, mirrors and messages have: Parse reads it back.
func (a Address) String() string {
	p := escape(a.Path)
	switch a.Kind {
	case HTTPS:
		s := a.Base + "/" + p
		if a.Query != "" {
			s += "?" + a.Query
		}
		return s
	case Git:
		s := a.Base
		if !strings.HasSuffix(s, ".git") && strings.HasPrefix(s, "https://") {
			s = "git+" + s
		}
		switch {
		case p != "":
			return s + "#" + a.Ref + ":" + p
		case a.Ref != "":
			return s + "#" + a.Ref
		}
		return s
	case OCI:
		s := "oci://" + a.Base
		switch {
		case isDigest(a.Ref):
			s += "@" + a.Ref
		case a.Ref != "":
			s += ":" + a.Ref
		}
		if p != "" {
			s += "#" + p
		}
		return s
	}
	return ""
}

// escape makes a path fit for one word of a URL.
func escape(p string) string { return (&url.URL{Path: p}).EscapedPath() }
