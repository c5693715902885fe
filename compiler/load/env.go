package load

import (
	"path"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/interpolate"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// projectNameVar is the variable that Compose sets to the name of the project, and reads it from.
const projectNameVar = "COMPOSE_PROJECT_NAME"

// scope is the values that a file sees: those of its .env files, below those of the files that include it.
type scope struct {
	l     *loader
	up    *scope
	dir   string // whose .env it holds
	id    string // tells scopes apart
	pairs map[string]interpolate.Pair
	reads map[string][]string // what the values of pairs are made of

	memo   map[string]*declared // of secretOf
	memoOf int                  // the state of the variables that it holds for
}

// Lookup returns the value of name for interpolation; of a secret one its mark.
func (s *scope) Lookup(name string) (string, bool) {
	if s.Unknown(name) {
		return "", false
	}
	v, _, ok := s.find(name)
	if d := s.secretOf(name); ok && v != "" && d != nil {
		return d.mark(), true
	}
	return v, ok
}

// taken is the value of a name that stands alone; the mark of a secret one, whether it is set or not.
func (s *scope) taken(name string) (string, bool) {
	if mark, secret := s.Mark(name); secret {
		return mark, true
	}
	return s.Lookup(name)
}

// Unknown reports whether name lacks a value, or has a wrong one, and that was reported.
func (s *scope) Unknown(name string) bool {
	d := s.l.vars.get(name)
	return d != nil && d.missing
}

// find returns the value of name and where it stands; no place when that is the environment of the process.
func (s *scope) find(name string) (string, source.Span, bool) {
	d := s.l.vars.get(name)
	// A file that was fetched cannot choose what of the environment it reads: a token may stand there.
	if d != nil && d.local && s.l.o.Env != nil {
		if v, ok := s.l.o.Env(name); ok {
			return v, source.Span{}, true
		}
	}
	if name == projectNameVar && s.l.name != "" {
		return s.l.name, source.Span{}, true
	}
	if p, ok := s.pair(name); ok {
		return p.Value, p.At, true
	}
	if d != nil && s.l.asks(d) {
		s.l.ask(d)
	}
	switch {
	case d != nil && d.answered:
		return d.answer, source.Span{}, true
	case d != nil && d.def != nil:
		return d.def.Text, d.def.At, true
	}
	return "", source.Span{}, false
}

// pair looks through the .env files, those of the outermost file first.
func (s *scope) pair(name string) (interpolate.Pair, bool) {
	if s == nil {
		return interpolate.Pair{}, false
	}
	if p, ok := s.up.pair(name); ok {
		return p, true
	}
	p, ok := s.pairs[name]
	return p, ok
}

// environment makes the scope of the root files.
func (l *loader) environment() {
	l.env = &scope{l: l, dir: ".", pairs: map[string]interpolate.Pair{}}
	if len(l.o.EnvFiles) == 0 {
		l.env.take(l.dotEnv(".env", l.env, origin{}, true))
		return
	}
	for _, name := range l.o.EnvFiles {
		l.env.take(l.dotEnv(l.toProject(l.fromDir(name)), l.env, origin{flag: "--env-file"}, false))
	}
}

func (s *scope) take(pairs []interpolate.Pair) {
	for _, p := range pairs {
		s.pairs[p.Name] = p
		if len(p.Reads) > 0 {
			if s.reads == nil {
				s.reads = map[string][]string{}
			}
			s.reads[p.Name] = append(s.reads[p.Name], p.Reads...) // of each line: a later one may replace what others read
		}
	}
	s.memo = nil
}

// dotEnv reads a .env file once, with env for the variables in its values. maybe: it need not be there.
func (l *loader) dotEnv(name string, env *scope, by origin, maybe bool) []interpolate.Pair {
	if pairs, ok := l.envFiles[name]; ok {
		return pairs
	}
	if maybe && l.reader.Stat(name).Kind != source.Regular {
		return nil
	}
	f := l.read(name, by)
	if f == nil {
		l.envFiles[name] = nil
		return nil
	}
	l.files = append(l.files, f)
	pairs, ds := interpolate.DotEnv(f, env)
	if ds.Has(diag.Error) {
		l.broken = true
	}
	for _, d := range ds {
		d.Quiet = true // a line of such a file may hold a secret
	}
	l.report(ds, nil)
	l.envFiles[name] = pairs
	return pairs
}

// includeEnv is the scope of an include of y with this folder: its env_file, or the .env in the folder.
func (l *loader) includeEnv(y *layer, dir string, p tree.Path, envFile *tree.Node) *scope {
	files := texts(p, envFile)
	if len(files) == 0 {
		if dir == y.env.dir || dir == l.env.dir {
			return y.env
		}
		name := path.Join(dir, ".env")
		pairs := l.dotEnv(name, y.env, origin{}, true)
		if len(pairs) == 0 {
			return y.env
		}
		s := &scope{l: l, up: y.env, dir: dir, id: y.env.id + "\x00" + name, pairs: map[string]interpolate.Pair{}}
		s.take(pairs)
		return s
	}
	s := &scope{l: l, up: y.env, dir: dir, id: y.env.id, pairs: map[string]interpolate.Pair{}}
	for _, by := range files {
		if by.node.Text == "/dev/null" {
			continue // Compose's way to say: none
		}
		name := below(y.dir, by.node.Text)
		s.id += "\x00" + name
		s.take(l.dotEnv(name, s, by, false))
	}
	return s
}
