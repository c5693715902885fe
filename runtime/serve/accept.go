package serve

import (
	"strconv"
	"strings"
)

// format is a way to write a config.
type format int

const (
	formatJSON format = iota
	formatYAML
	formatTOML
	formats
)

// offer is a media type that can be asked for.
type offer struct {
	media  string
	format format
}

// offers in the order in which they are preferred where a client does not care. application/yaml: RFC 9512;
// application/toml: the IANA registry.
var offers = [...]offer{
	{"application/json", formatJSON},
	{"application/yaml", formatYAML},
	{"application/x-yaml", formatYAML},
	{"text/yaml", formatYAML},
	{"application/toml", formatTOML},
}

// choose is the offer that an Accept header likes best (RFC 9110, 12.5.1); false: none. For each offer the range that names
// it most closely counts. No header means JSON. Parameters other than q do not count; a range that is none is passed over.
func choose(accept []string) (offer, bool) {
	header := strings.Join(accept, ",")
	if t := strings.TrimSpace(header); t == "" || t == "*/*" || t == offers[0].media {
		return offers[0], true
	}
	var quality, closeness [len(offers)]int // closeness 0: nothing named it
	for element := range elements(header, ',') {
		media, q, ok := parseRange(element)
		if !ok {
			continue
		}
		for i, o := range offers {
			if c := closer(media, o.media); c > closeness[i] || c > 0 && c == closeness[i] && q > quality[i] {
				closeness[i], quality[i] = c, q
			}
		}
	}
	best := 0
	for i := range offers {
		if quality[i] > quality[best] {
			best = i
		}
	}
	return offers[best], quality[best] > 0
}

// closer is how closely a range names a media type: 0 not, 1 */*, 2 type/*, 3 wholly.
func closer(media, offered string) int {
	kind, _, _ := strings.Cut(offered, "/")
	switch {
	case strings.EqualFold(media, offered):
		return 3
	case strings.EqualFold(media, kind+"/*"):
		return 2
	case media == "*/*":
		return 1
	}
	return 0
}

// parseRange is a media range and its quality in thousandths.
func parseRange(element string) (media string, q int, ok bool) {
	q, first := 1000, true
	for part := range elements(element, ';') {
		part = strings.Trim(part, " \t")
		if first {
			media, first = part, false
			kind, sub, slash := strings.Cut(media, "/")
			if !slash || !isToken(kind) || !isToken(sub) || kind == "*" && sub != "*" {
				return "", 0, false
			}
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		if strings.EqualFold(strings.TrimRight(name, " \t"), "q") {
			if q, ok = parseQuality(strings.TrimLeft(value, " \t")); !ok {
				return "", 0, false
			}
		}
	}
	return media, q, media != ""
}

// parseQuality reads 0 to 1 with at most three digits behind the dot (RFC 9110, 12.4.2), as thousandths.
func parseQuality(s string) (int, bool) {
	whole, part, _ := strings.Cut(s, ".")
	if whole != "0" && whole != "1" || len(part) > 3 || strings.IndexFunc(part, func(r rune) bool { return r < '0' || r > '9' }) >= 0 {
		return 0, false
	}
	n, err := strconv.Atoi(whole + part + "000"[len(part):])
	return n, err == nil && n <= 1000
}

func isToken(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	}) < 0
}

// elements yields the parts of s between sep, none of which stands in a quoted string (RFC 9110, 5.6.4).
func elements(s string, sep byte) func(func(string) bool) {
	return func(yield func(string) bool) {
		start, quoted := 0, false
		for i := 0; i < len(s); i++ {
			switch {
			case quoted && s[i] == '\\':
				i++
			case s[i] == '"':
				quoted = !quoted
			case s[i] == sep && !quoted:
				if !yield(s[start:i]) {
					return
				}
				start = i + 1
			}
		}
		yield(s[start:])
	}
}

// matches tells whether an If-None-Match header names tag (RFC 9110, 13.1.2: weak comparison).
func matches(header []string, tag string) bool {
	for _, line := range header {
		if line == tag {
			return true
		}
		for t := range elements(line, ',') {
			t = strings.Trim(t, " \t")
			if t == "*" || strings.TrimPrefix(t, "W/") == tag {
				return true
			}
		}
	}
	return false
}
