package resolve

import (
	"bytes"
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// Options are what model and tree do not say.
type Options struct {
	// Layers are the source files, lowest layer first: of the places of a cycle the one in the highest layer is
	// reported. Nil: files count by name.
	Layers []*source.File
	// Broken: a file could not be read, so that what is missing may be there: of references only those are reported that
	// are nearly the name of something that is there, and whose name does not occur in Files that are no layer.
	Broken bool
	// Files are all inputs that were read, parsed or not. It is asked for when Broken is set.
	Files []*source.File
	// Stat says what lies at a path that the config names; nil: files are not looked for.
	Stat func(path string) source.Info
	// List returns the names in a folder, for suggestions; nil: none.
	List func(path string) []string
	// Cluster: every target of this run gives each replica an address of its own, so that replicas can publish one port.
	Cluster bool
}

// resolver is one run.
type resolver struct {
	o        Options
	p        *model.Project
	root     *tree.Node
	found    diag.List
	rank     map[*source.File]int
	guesses  int      // near names that may still be looked for
	names    []string // of services, sorted; made when first asked for
	disabled map[string]bool
}

// maxGuesses bounds the work for suggestions, in comparisons of names: a project with thousands of bad references needs
// none for the last ones.
const maxGuesses = 500_000

// Project resolves p, which was decoded from root.
func Project(p *model.Project, root *tree.Node, o Options) diag.List {
	r := &resolver{o: o, p: p, root: root, guesses: maxGuesses}
	r.rank = make(map[*source.File]int, len(o.Layers))
	for i, f := range o.Layers {
		r.rank[f] = i + 1
	}
	if len(p.Disabled) > 0 {
		r.disabled = make(map[string]bool, len(p.Disabled))
		for _, name := range p.Disabled {
			r.disabled[name] = true
		}
	}
	r.profiles()
	r.references()
	r.health()
	r.order()
	r.priorities()
	r.hostPorts()
	r.containerNames()
	r.addresses()
	r.files()
	return r.found
}

// place is where the key at path stands, or the value for an item of a list.
func (r *resolver) place(p tree.Path) source.Span {
	_, at, _ := tree.Nearest(r.root, p)
	return at
}

// later reports whether a was written after b: in a higher layer, or below it in the same file.
func (r *resolver) later(a, b source.Span) bool {
	if i, j := r.rank[a.File], r.rank[b.File]; i != j {
		return i > j
	}
	return a.Pos.Compare(b.Pos) > 0
}

// active reports whether s is started under the profiles that are asked for.
func (r *resolver) active(s *model.Service) bool { return s.InProfile(r.p.Profiles) }

func (r *resolver) serviceNames() []string {
	if r.names == nil {
		r.names = namesOf(r.p.Services, func(s *model.Service) string { return s.Name })
	}
	return r.names
}

func namesOf[T any](list []*T, of func(*T) string) []string {
	names := make([]string, len(list))
	for i, e := range list {
		names[i] = of(e)
	}
	return names
}

// mayBe reports whether what seems to be missing may stand in a file that could not be read. near is the name of
// something that is there and is nearly the same.
func (r *resolver) mayBe(name, near string) bool {
	if !r.o.Broken || name == "" {
		return r.o.Broken
	}
	return near == "" || slices.ContainsFunc(r.o.Files, func(f *source.File) bool {
		return r.rank[f] == 0 && bytes.Contains(f.Data, []byte(name))
	})
}

// near is the name that was most likely meant, "" when none is near.
func (r *resolver) near(word string, names []string) string {
	if r.guesses -= len(names); r.guesses < 0 {
		return ""
	}
	if n := diag.Near(word, names); n != "" {
		return n
	}
	return abbreviation(word, names)
}

// abbreviation is the one name of which word is a longer or shorter form: db for database, and the reverse. The letters
// of the shorter stand in the longer one in order, from the same first letter.
func abbreviation(word string, names []string) string {
	found := ""
	for _, n := range names {
		if n == word || !shortens(n, word) && !shortens(word, n) {
			continue
		}
		if found != "" {
			return ""
		}
		found = n
	}
	return found
}

func shortens(short, long string) bool {
	if len(short) < 2 || len(short) >= len(long) || short[0] != long[0] {
		return false
	}
	i := 0
	for j := 0; j < len(long) && i < len(short); j++ {
		if short[i] == long[j] {
			i++
		}
	}
	return i == len(short)
}

// listed is a list of names for a sentence, "" when it would be too long: "api, cache and db".
func listed(names []string) string {
	switch {
	case len(names) == 0 || len(names) > 8:
		return ""
	case len(names) == 1:
		return names[0]
	}
	names = slices.Clone(names)
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}
