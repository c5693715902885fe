package upgrade

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/semver"
)

// Tag is a tag that reads as a version: 1.2.0, v1.2.0, shop-v1.2.0, shop/v1.2.0, release-1.2. What is missing of three numbers
// is 0.
type Tag struct {
	Name    string
	Prefix  string // what stands before the v or the first digit: shop-
	Version string // with v and three numbers, as package semver wants it
}

// ReadTag reads a tag. The version begins the tag, or follows -, _ or /.
func ReadTag(name string) (Tag, bool) {
	for i := 0; i < len(name); i++ {
		if i > 0 && strings.IndexByte("-_/", name[i-1]) < 0 {
			continue
		}
		if v, ok := Canonical(name[i:]); ok {
			return Tag{Name: name, Prefix: name[:i], Version: v}, true
		}
	}
	return Tag{}, false
}

// Canonical is a version as package semver wants it: v1.2.0 for 1.2. Build metadata (+…) stays off, as it has no order
// (semver.org, section 10). ok is false for what is no version, such as a branch.
func Canonical(s string) (v string, ok bool) {
	s = "v" + strings.TrimPrefix(s, "v")
	v = semver.Canonical(s)
	return v, v != ""
}

// candidates are the tags that an upgrade from current may go to: those with its prefix, sorted, each version once; pre-releases
// only when the current version is one, when pre says so, and the one that is wanted.
func candidates(current Tag, tags []string, wanted string, pre bool) []Tag {
	var out []Tag
	for _, name := range tags {
		t, ok := ReadTag(name)
		if !ok || t.Prefix != current.Prefix {
			continue
		}
		if !pre && semver.Prerelease(t.Version) != "" && semver.Prerelease(current.Version) == "" && t.Version != wanted {
			continue
		}
		out = append(out, t)
	}
	slices.SortFunc(out, func(a, b Tag) int {
		if c := semver.Compare(a.Version, b.Version); c != 0 {
			return c
		}
		// of two tags of one version, that which is spelled like the current one
		return spelling(current, a) - spelling(current, b)
	})
	return slices.CompactFunc(out, func(a, b Tag) bool { return a.Version == b.Version })
}

// Newest is the tag of the newest version that an upgrade from current may go to: that whose versions.yaml counts. It is
// current itself when nothing is newer.
func Newest(current Tag, tags []string, pre bool) Tag {
	list := candidates(current, tags, "", pre)
	if len(list) == 0 || semver.Compare(list[len(list)-1].Version, current.Version) <= 0 {
		return current
	}
	return list[len(list)-1]
}

func spelling(current, t Tag) int {
	v := func(t Tag) bool { return strings.HasPrefix(t.Name[len(t.Prefix):], "v") }
	score := strings.Count(t.Name, "+")
	if v(t) != v(current) {
		score += 2
	}
	if strings.Count(t.Name, ".") < 2 {
		score += 4 // 1.2 may be a tag that moves
	}
	return score
}

// noVersion is why ref cannot be upgraded from.
func noVersion(ref string) (message, help string) {
	switch {
	case ref == "":
		return "cannot upgrade from no version: the include follows the default branch or latest", "give it a ref first: the tag of the version that you run"
	case strings.HasPrefix(ref, "sha256:"), len(ref) == 40 && strings.Trim(ref, "0123456789abcdef") == "":
		return fmt.Sprintf("cannot upgrade from %q: a commit or a digest has no order", ref), "write the tag of that version as ref; octo.lock pins its commit or digest"
	}
	return fmt.Sprintf("cannot upgrade from %q: it is no version, such as v1.2.0", ref), "a branch moves by itself: octo lock takes its newest state; write a tag as ref to go by versions"
}
