package emit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/artifact"
)

// Kind says what becomes of a file.
type Kind uint8

const (
	Same    Kind = iota // as it should be
	Add                 // new
	Change              // ours, and its content or its x bit differs
	Remove              // ours, and no longer made
	Drift               // ours, and edited since: in the way
	Foreign             // not ours: in the way
	Blocked             // a folder, a link or a device where a file must go: in the way, and Force does not help
)

// String is the word of the kind.
func (k Kind) String() string {
	return [...]string{"same", "add", "change", "remove", "drift", "foreign", "blocked"}[k]
}

// InTheWay reports whether a file of this kind stops the write.
func (k Kind) InTheWay() bool { return k >= Drift }

// File is one file of a plan.
type File struct {
	Path string // slash-separated, in the target's folder
	Kind Kind
	Mode fs.FileMode // as it will be; 0 for what goes away
	Old  []byte      // on disk, nil when there is none or nothing changes
	New  []byte      // to be written, nil for what goes away
	// Why says what is in the way, for people: "it was edited since octo wrote it". Help says what to do.
	Why, Help string
}

// Plan says what has to happen to the folder of one target.
type Plan struct {
	Target string
	Files  []File // sorted by path; the manifest is not among them
	// Owner is set when the folder was written for another project, or holds a manifest that cannot be read: then
	// nothing is known to be ours. Path is the manifest's.
	Owner *File

	fresh    bool   // there is no folder yet
	manifest []byte // nil: it stays as it is
}

// Fresh reports whether the tree is not there at all.
func (p *Plan) Fresh() bool { return p.fresh }

// Empty reports whether there is nothing to do.
func (p *Plan) Empty() bool {
	return p.manifest == nil && !slices.ContainsFunc(p.Files, func(f File) bool { return f.Kind != Same })
}

// Count is the number of files of kind k.
func (p *Plan) Count(k Kind) int {
	n := 0
	for i := range p.Files {
		if p.Files[i].Kind == k {
			n++
		}
	}
	return n
}

// InTheWay are the files that stop the write; Owner alone when it is set, as the others follow from it.
func (p *Plan) InTheWay() []File {
	if p.Owner != nil {
		return []File{*p.Owner}
	}
	var out []File
	for _, f := range p.Files {
		if f.Kind.InTheWay() {
			out = append(out, f)
		}
	}
	return out
}

// Force makes p write over what was edited and what is not ours. What is Blocked stays in the way.
func (p *Plan) Force() {
	if p.Owner != nil && p.Owner.Kind != Blocked {
		p.Owner = nil
	}
	for i := range p.Files {
		f := &p.Files[i]
		if f.Kind != Drift && f.Kind != Foreign {
			continue
		}
		f.Kind, f.Why, f.Help = Change, "", ""
		if f.New == nil {
			f.Kind = Remove
		}
	}
}

// Plan compares what should be in the folder of m.Target with what is there. It touches nothing.
func (o *Out) Plan(set *artifact.Set, m Meta) (*Plan, error) {
	if !isInside(m.Target) || strings.Contains(m.Target, "/") || strings.HasPrefix(m.Target, ".octo-") {
		return nil, fmt.Errorf("cannot use %q as the name of a folder", m.Target)
	}
	files := set.Files()
	p := &planner{
		out:  o,
		Plan: &Plan{Target: m.Target, Files: make([]File, 0, len(files))},
		next: appendManifest(make([]byte, 0, 200+150*len(files)), m, files),
	}
	for i := range files {
		if path.Base(files[i].Path) == ManifestName {
			return nil, fmt.Errorf("cannot write %s: the name is that of the manifest", files[i].Path)
		}
	}
	if err := p.open(); err != nil || p.Owner != nil {
		return p.Plan, err
	}
	if p.fresh {
		p.manifest = p.next
		for i := range files {
			p.add(File{Path: files[i].Path, Kind: Add, Mode: files[i].Mode.Perm(), New: orEmpty(files[i].Data)})
		}
		return p.Plan, nil
	}
	defer p.tree.Close()
	return p.Plan, p.compare(files, m)
}

// orEmpty keeps an empty file apart from no file.
func orEmpty(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// planner is a plan in the making.
type planner struct {
	out *Out
	*Plan
	next  []byte   // the manifest as it should be
	tree  *os.Root // the target's folder
	walk  walker
	owned map[string]string // path to hash, by the manifest on disk; nil while it was not needed
	last  *manifest
}

func (p *planner) add(f File) { p.Files = append(p.Files, f) }

// open opens the target's folder, or finds that there is none.
func (p *planner) open() error {
	if p.out.root == nil {
		p.fresh = true
		return nil
	}
	info, err := p.out.root.Lstat(p.Target)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		p.fresh = true
		return nil
	case err != nil:
		return fmt.Errorf("cannot read %s: %w", p.out.show(p.Target), cause(err))
	case !info.IsDir():
		p.Owner = &File{Kind: Blocked, Why: "this is " + kindOf(info) + ", and a folder must stand here", Help: "move it away"}
		return nil
	}
	if p.tree, err = p.out.root.OpenRoot(p.Target); err != nil {
		return fmt.Errorf("cannot read %s: %w", p.out.show(p.Target), cause(err))
	}
	f, err := p.tree.Open(".")
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", p.out.show(p.Target), cause(err))
	}
	_, err = f.ReadDir(1)
	f.Close()
	if err == io.EOF { // an empty folder is as good as none
		p.fresh = true
		p.tree.Close()
	}
	return nil
}

// compare goes through the files that should be there, then those that should no longer be.
func (p *planner) compare(files []artifact.File, m Meta) error {
	p.walk = walker{root: p.tree}
	defer p.walk.close()
	now, _, err := p.read(p.tree, ManifestName)
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", p.out.show(p.Target+"/"+ManifestName), cause(err))
	}
	unchanged := bytes.Equal(now, p.next)
	if now != nil && !unchanged {
		p.own(now, m)
	}
	if unchanged {
		// What it lists is what should be there: the owner of a file is known without reading it.
		p.owned = nil
	} else {
		p.manifest = p.next
	}
	for i := range files {
		if err := p.file(&files[i], unchanged); err != nil {
			return err
		}
	}
	if p.last != nil {
		if err := p.prune(files); err != nil {
			return err
		}
	}
	slices.SortFunc(p.Files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return nil
}

// own reads the manifest that is there.
func (p *planner) own(now []byte, m Meta) {
	last, err := readManifest(now)
	switch {
	case err != nil:
		p.Owner = &File{Path: ManifestName, Kind: Drift, Why: "cannot tell which files are octo's: " + err.Error(),
			Help: "bring back the committed file; or write it anew, and over every file that octo makes, with --force"}
		return
	case last.Project != m.Project || last.Target != m.Target:
		p.Owner = &File{Path: ManifestName, Kind: Foreign,
			Why:  fmt.Sprintf("the folder was written for target %q of project %q; this is target %q of project %q", last.Target, last.Project, m.Target, m.Project),
			Help: "give another --out-dir; or, if you renamed the project, --force"}
	}
	p.last, p.owned = last, make(map[string]string, len(last.Files))
	for _, f := range last.Files {
		p.owned[f.Path] = f.Hash
	}
}

// file compares one file that should be there. listed: the manifest on disk lists it with the hash that it should have.
func (p *planner) file(f *artifact.File, listed bool) error {
	out := File{Path: f.Path, Mode: f.Mode.Perm()}
	old, exec, err := p.load(f.Path)
	if b := (*errBlocked)(nil); errors.As(err, &b) {
		if p.willGo(b.path) {
			old, err = nil, nil
		} else {
			out.Kind, out.Why, out.Help = Blocked, "this is "+b.what+", and "+blockedWant(b.path, f.Path)+" must stand here", "move it away"
			out.Path = b.path
			if n := len(p.Files); n == 0 || p.Files[n-1].Path != b.path {
				p.add(out)
			}
			return nil
		}
	}
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", p.out.show(p.Target+"/"+f.Path), cause(err))
	}
	same := old != nil && bytes.Equal(old, f.Data)
	switch {
	case same && (exec == (f.Mode&0o100 != 0) || !hasModes):
		p.add(out)
		return nil
	case old == nil:
		out.Kind = Add
	case same, !listed && p.owned[f.Path] == hashOf(old):
		out.Kind = Change
	case listed || p.owned[f.Path] != "":
		out.Kind, out.Why, out.Help = Drift, drifted, driftHelp
	default:
		out.Kind, out.Why, out.Help = Foreign, foreign, foreignHelp
	}
	out.Old, out.New = old, orEmpty(f.Data)
	p.add(out)
	return nil
}

const (
	drifted     = "this file was edited since octo wrote it"
	driftHelp   = "make the change in the config instead; octo compile --check shows it, and --force writes over it"
	foreign     = "octo did not write this file"
	foreignHelp = "move it away, or give another --out-dir; --force writes over it"
)

func blockedWant(at, file string) string {
	if at == file {
		return "a file"
	}
	return "a folder"
}

// prune finds the files of the last run that are no longer made.
func (p *planner) prune(files []artifact.File) error {
	gone := make([]string, 0, 8)
	for _, f := range p.last.Files {
		if _, found := slices.BinarySearchFunc(files, f.Path, func(a artifact.File, s string) int { return strings.Compare(a.Path, s) }); !found {
			gone = append(gone, f.Path)
		}
	}
	slices.Sort(gone)
	for _, name := range slices.Compact(gone) {
		old, _, err := p.load(name)
		if b := (*errBlocked)(nil); errors.As(err, &b) {
			continue // something else stands there now, and it is not ours
		}
		if err != nil {
			return fmt.Errorf("cannot read %s: %w", p.out.show(p.Target+"/"+name), cause(err))
		}
		if old == nil {
			continue
		}
		f := File{Path: name, Kind: Remove, Old: old}
		if p.owned[name] != hashOf(old) {
			f.Kind, f.Why, f.Help = Drift, drifted+", and the config no longer makes it", "move it away; or --force deletes it"
		}
		p.add(f)
	}
	return nil
}

// willGo reports whether all that lies at name belongs to files that this run removes: then the place is free.
func (p *planner) willGo(name string) bool {
	info, err := p.tree.Lstat(name)
	if err != nil {
		return false
	}
	if !info.IsDir() {
		return p.removable(name)
	}
	free := true
	_ = fs.WalkDir(p.tree.FS(), name, func(at string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() && !p.removable(at) {
			free = false
			return fs.SkipAll
		}
		return nil
	})
	return free
}

// removable reports whether name is a file of ours. It is asked only about what blocks the place of another file, so it
// cannot be one that stays.
func (p *planner) removable(name string) bool {
	hash, ours := p.owned[name]
	if !ours {
		return false
	}
	data, _, err := p.load(name)
	return err == nil && data != nil && hashOf(data) == hash
}

// load reads a file of the tree: nil when there is none, *errBlocked when it is no file or a folder on the way to it is
// none.
func (p *planner) load(name string) (data []byte, exec bool, err error) {
	dir, base := split(name)
	in, err := p.walk.enter(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	data, exec, err = p.read(in, base)
	if b := (*errBlocked)(nil); errors.As(err, &b) {
		b.path = name
	}
	return data, exec, err
}

// read reads the regular file name in the folder in; nil when there is none.
func (p *planner) read(in *os.Root, name string) (data []byte, exec bool, err error) {
	info, err := in.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, false, nil
	case err != nil:
		return nil, false, err
	case !info.Mode().IsRegular():
		return nil, false, &errBlocked{name, kindOf(info)}
	}
	f, err := in.Open(name)
	if err != nil {
		return nil, false, err
	}
	defer f.Close()
	data = make([]byte, info.Size()+1) // one more than there should be, to see the end
	n, err := io.ReadFull(f, data)
	switch {
	case err == io.EOF || err == io.ErrUnexpectedEOF:
		data = data[:n]
	case err != nil:
		return nil, false, err
	default: // it has grown
		rest, err := io.ReadAll(f)
		if err != nil {
			return nil, false, err
		}
		data = append(data, rest...)
	}
	return data, info.Mode()&0o100 != 0, nil
}
