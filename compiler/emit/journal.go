package emit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"syscall"
)

// journal is what is still to be done to the trees. All paths are slash-separated; hashes are those of the manifest.
type journal struct {
	Format int       `json:"format"`
	Trees  []rebuild `json:"trees"`
}

// rebuild is what is to be done to the tree of one target: Fresh moves the whole staged folder; else files are removed,
// staged files moved over, and the manifest last.
type rebuild struct {
	Target   string   `json:"target"`
	Fresh    bool     `json:"fresh,omitempty"`
	Remove   []oneOld `json:"remove,omitempty"`
	Put      []oneOld `json:"put,omitempty"`
	Manifest bool     `json:"manifest,omitempty"`
}

// oneOld is a file and the hash of what it replaces, "" for nothing: after an interruption a file that somebody edited
// meanwhile is left alone.
type oneOld struct {
	Path string `json:"path"`
	Old  string `json:"old,omitempty"`
}

// finish looks for what an interrupted run left. With a journal, it carries the journal out; without, nothing had been
// changed yet, and what was staged goes away.
func (o *Out) finish() error {
	info, err := o.root.Lstat(stageName)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return o.failed("read", stageName, err)
	case o.use == Read:
		_, err := o.root.Lstat(journalName)
		o.Pending = err == nil
		return nil
	case !info.IsDir():
		return fmt.Errorf("cannot write to %s: %s is %s, and octo needs the name; move it away", o.dir, o.show(stageName), kindOf(info))
	}
	text, err := o.root.ReadFile(journalName)
	if errors.Is(err, fs.ErrNotExist) {
		return o.removeStage()
	}
	if err != nil {
		return o.failed("read", journalName, err)
	}
	var j journal
	if err := json.Unmarshal(text, &j); err != nil || j.Format != manifestFormat || !j.inside() {
		return fmt.Errorf("cannot finish an interrupted write: %s is damaged; delete %s and compile again", o.show(journalName), o.show(stageName))
	}
	if err := o.carryOut(&j, true); err != nil {
		return err
	}
	o.Recovered = true
	return nil
}

// inside reports whether every name in j stays in the output folder: a journal may have come with a checkout.
func (j *journal) inside() bool {
	for i := range j.Trees {
		t := &j.Trees[i]
		if !isInside(t.Target) {
			return false
		}
		for _, f := range slices.Concat(t.Remove, t.Put) {
			if !isInside(f.Path) {
				return false
			}
		}
	}
	return true
}

func (o *Out) removeStage() error {
	if err := o.change("remove", stageName); err != nil {
		return o.failed("remove", stageName, err)
	}
	if err := o.root.RemoveAll(stageName); err != nil {
		return o.failed("remove", stageName, err)
	}
	return nil
}

// carryOut does what j says and what is not done yet. late: it is the journal of an earlier run, so that files may have
// been edited since.
func (o *Out) carryOut(j *journal, late bool) error {
	for i := range j.Trees {
		if err := o.rebuild(&j.Trees[i], late); err != nil {
			return fmt.Errorf("%w; %w", err, ErrUnfinished)
		}
	}
	if err := o.change("remove", journalName); err != nil {
		return fmt.Errorf("%w; %w", o.failed("remove", journalName, err), ErrUnfinished)
	}
	if err := o.root.Remove(journalName); err != nil {
		return fmt.Errorf("%w; %w", o.failed("remove", journalName, err), ErrUnfinished)
	}
	_ = o.removeStage() // what stays is removed by the next run
	return nil
}

func (o *Out) rebuild(r *rebuild, late bool) error {
	base := stageName + "/" + r.Target
	if r.Fresh {
		return o.moveTree(base, r.Target)
	}
	for _, f := range r.Remove {
		name := r.Target + "/" + f.Path
		if late && !o.holds(name, f.Old) {
			continue
		}
		if err := o.change("remove", name); err != nil {
			return o.failed("remove", name, err)
		}
		if err := o.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return o.failed("remove", name, err)
		}
	}
	for _, f := range r.Remove {
		o.removeEmpty(r.Target, f.Path)
	}
	for _, f := range r.Put {
		if name := r.Target + "/" + f.Path; o.isFolder(name) {
			o.removeFolders(name)
		}
		if late && !o.holds(r.Target+"/"+f.Path, f.Old) {
			continue
		}
		if err := o.put(base, r.Target, f.Path); err != nil {
			return err
		}
	}
	if !r.Manifest {
		return nil
	}
	return o.put(base, r.Target, ManifestName)
}

// holds reports whether the file name has the content with this hash, "" for no file.
func (o *Out) holds(name, hash string) bool {
	data, err := o.root.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return hash == ""
	}
	return err == nil && hash == hashOf(data)
}

// moveTree moves the staged folder of a target into place, unless that was done or something lies there meanwhile:
// that is left alone, and the next plan says so.
func (o *Out) moveTree(from, to string) error {
	if _, err := o.root.Lstat(from); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := o.change("move", to); err != nil {
		return o.failed("write", to, err)
	}
	_ = o.root.Remove(to) // an empty folder; all else stays
	if _, err := o.root.Lstat(to); err == nil {
		return nil
	}
	if err := o.root.Rename(from, to); err != nil {
		return o.failed("write", to, err)
	}
	return nil
}

// put moves a staged file into its tree, unless that was done before.
func (o *Out) put(base, target, name string) error {
	from, to := base+"/"+name, target+"/"+name
	if _, err := o.root.Lstat(from); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	err := o.makeWay(target, name)
	if b := (*errBlocked)(nil); errors.As(err, &b) {
		return nil // put there after an interruption: the next plan says so
	}
	if err != nil {
		return err
	}
	if err := o.change("move", to); err != nil {
		return o.failed("write", to, err)
	}
	err = o.root.Rename(from, to)
	if errors.Is(err, syscall.EXDEV) { // the target's folder is a mount
		err = o.copyOver(from, to)
	}
	if err != nil {
		return o.failed("write", to, err)
	}
	return nil
}

// makeWay makes the folders that lead to a file.
func (o *Out) makeWay(target, name string) error {
	dir, _ := split(target + "/" + name)
	if o.isFolder(dir) {
		return nil
	}
	root, err := o.root.OpenRoot(target)
	if err != nil {
		return o.failed("write", target, err)
	}
	defer root.Close()
	w := walker{root: root, mkdir: func(in *os.Root, dir, name string) error { return o.mkdir(in, target+"/"+dir, name) }}
	defer w.close()
	dir, _ = split(name)
	if _, err := w.enter(dir); err != nil {
		return o.failed("write", target+"/"+name, err)
	}
	return nil
}

// copyOver is put across a border of file systems: a copy beside the file, then a move over it.
func (o *Out) copyOver(from, to string) error {
	data, err := o.root.ReadFile(from)
	if err != nil {
		return err
	}
	info, err := o.root.Lstat(from)
	if err != nil {
		return err
	}
	near := to + ".octo-new"
	_ = o.root.Remove(near) // of an earlier try
	if err := o.write(o.root, near, near, data, info.Mode().Perm()); err != nil {
		return err
	}
	if err := o.root.Rename(near, to); err != nil {
		return err
	}
	return o.root.Remove(from)
}

func (o *Out) isFolder(name string) bool {
	info, err := o.root.Lstat(name)
	return err == nil && info.IsDir()
}

// removeFolders removes a folder with the folders in it. As soon as it meets a file, it stops.
func (o *Out) removeFolders(name string) {
	entries, _ := fs.ReadDir(o.root.FS(), name)
	for _, e := range entries {
		if !e.IsDir() {
			return
		}
		o.removeFolders(name + "/" + e.Name())
	}
	_ = o.root.Remove(name)
}

// removeEmpty removes the folders on the way to a removed file that are empty now, but not the target's own.
func (o *Out) removeEmpty(target, name string) {
	for dir, _ := split(name); dir != ""; dir, _ = split(dir) {
		name := target + "/" + dir
		if !o.isFolder(name) {
			continue // a file has taken its place already, or an earlier try has removed it
		}
		if o.change("rmdir", name) != nil || o.root.Remove(name) != nil {
			return
		}
	}
}
