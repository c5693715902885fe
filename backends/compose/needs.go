package compose

import (
	"slices"
	"strconv"
	"strings"

	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/support"
	"github.com/octocompose/octocompose/compiler/tree"
)

// version is a version of a program: major, minor, patch.
type version [3]int

// since is the first Compose and the first Docker Engine that know a key (Compose file reference, "introduced in").
type since struct{ compose, engine version }

// What any output needs: services without version:, long syntax, depends_on with conditions.
var (
	leastCompose = version{2, 20}
	leastEngine  = version{20, 10}
)

// String is v without parts that are zero at its end: 2.20, 25.
func (v version) String() string {
	s := strconv.Itoa(v[0])
	if v[1] != 0 || v[2] != 0 {
		s += "." + strconv.Itoa(v[1])
	}
	if v[2] != 0 {
		s += "." + strconv.Itoa(v[2])
	}
	return s
}

// parseVersion reads 2, 2.20, v2.20.2; ok is false for anything else.
func parseVersion(s string) (v version, ok bool) {
	for i, part := range strings.Split(strings.TrimPrefix(s, "v"), ".") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 || i >= len(v) {
			return version{}, false
		}
		v[i] = n
	}
	return v, true
}

func (v version) before(w version) bool { return slices.Compare(v[:], w[:]) < 0 }

// need notes that the field at p needs these versions, and refuses it where the target must work on older ones.
func (l *lowering) need(s since, p tree.Path) {
	l.needOne("compose", "Compose", s.compose, &l.compose, p)
	l.needOne("engine", "Docker Engine", s.engine, &l.engine, p)
}

func (l *lowering) needOne(program, name string, v version, most *version, p tree.Path) {
	if most.before(v) {
		*most = v
	}
	if lowest, ok := l.lowest(program); ok && lowest.before(v) {
		support.Refuse(&l.ds, l.in.Target, p, "take it out, or raise min_version."+program,
			"cannot use this with %s %s, which targets.%s.min_version names: %s %s is the first that knows it",
			name, lowest, l.in.Target.Name, name, v)
	}
}

// lowest is the version of a program that the target must work on; ok is false when it names none.
func (l *lowering) lowest(program string) (v version, ok bool) {
	text, given := model.Lookup(l.in.Target.MinVersion, program)
	if !given {
		return version{}, false
	}
	return parseVersion(text)
}
