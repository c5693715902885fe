package emit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// The names in the output folder that are not those of targets.
const (
	stageName   = ".octo-stage"                // what is to be moved into place
	journalName = stageName + "/.octo-journal" // what is to be moved where; when it has this name, it will be done
	draftName   = stageName + "/.octo-draft"   // the journal before
)

// ErrUnfinished is in the error of a write that was decided on and could not be carried through: the next run that
// writes to the folder finishes it first.
var ErrUnfinished = errors.New("the next octo compile finishes the write")

// Apply does what the plans say, for all of them or for none. With a file in the way in any of them it is an error, and
// nothing is written. When ctx is done before the decisive step, nothing is written either; after it, ctx has no say.
func (o *Out) Apply(ctx context.Context, plans ...*Plan) error {
	var j journal
	j.Format = manifestFormat
	for _, p := range plans {
		if len(p.InTheWay()) > 0 {
			return fmt.Errorf("cannot write to %s: files are in the way", o.show(p.Target))
		}
		if !p.Empty() {
			j.Trees = append(j.Trees, p.steps())
		}
	}
	if len(j.Trees) == 0 {
		return nil
	}
	if o.use != Write {
		return fmt.Errorf("cannot write to %s: it was opened to be read", o.dir)
	}
	if err := o.stage(ctx, plans, &j); err != nil {
		_ = o.root.RemoveAll(stageName)
		return err
	}
	return o.carryOut(&j, false)
}

func (p *Plan) steps() rebuild {
	r := rebuild{Target: p.Target, Fresh: p.fresh, Manifest: p.manifest != nil}
	if r.Fresh {
		return r
	}
	for i := range p.Files {
		f := &p.Files[i]
		one := oneOld{Path: f.Path}
		if f.Old != nil {
			one.Old = hashOf(f.Old)
		}
		switch f.Kind {
		case Remove:
			r.Remove = append(r.Remove, one)
		case Add, Change:
			r.Put = append(r.Put, one)
		}
	}
	return r
}

// stage writes all that is new beside the trees, makes it durable, and takes the decisive step.
func (o *Out) stage(ctx context.Context, plans []*Plan, j *journal) error {
	if err := o.change("mkdir", stageName); err != nil {
		return o.failed("make", stageName, err)
	}
	if err := o.root.Mkdir(stageName, 0o700); err != nil {
		return o.failed("make", stageName, err)
	}
	n := 0
	for _, p := range plans {
		if p.Empty() {
			continue
		}
		if err := o.writable(p); err != nil {
			return err
		}
		wrote, err := o.stageTree(ctx, p)
		if err != nil {
			return err
		}
		n += wrote
	}
	text, err := json.Marshal(j)
	if err != nil {
		return err
	}
	if err := o.write(o.root, draftName, draftName, text, 0o600); err != nil {
		return err
	}
	if err := o.change("sync", stageName); err != nil {
		return o.failed("write", stageName, err)
	}
	if o.step == nil { // a test that stops at steps cannot cut the power, and need not wait for the disk
		if err := o.syncStage(n); err != nil {
			return o.failed("write", stageName, err)
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := o.change("commit", journalName); err != nil {
		return o.failed("write", journalName, err)
	}
	if err := o.root.Rename(draftName, journalName); err != nil {
		return o.failed("write", journalName, err)
	}
	return nil
}

// stageTree writes the new files of one plan to its folder of the stage, and returns their number.
func (o *Out) stageTree(ctx context.Context, p *Plan) (int, error) {
	base := stageName + "/" + p.Target
	if err := o.mkdir(o.root, base, base); err != nil {
		return 0, err
	}
	root, err := o.root.OpenRoot(base)
	if err != nil {
		return 0, o.failed("open", base, err)
	}
	defer root.Close()
	w := walker{root: root, mkdir: func(in *os.Root, dir, name string) error { return o.mkdir(in, base+"/"+dir, name) }}
	defer w.close()
	n := 0
	for i := range p.Files {
		f := &p.Files[i]
		if f.Kind != Add && f.Kind != Change {
			continue
		}
		if err := ctx.Err(); err != nil {
			return n, err
		}
		dir, name := split(f.Path)
		in, err := w.enter(dir)
		if err != nil {
			return n, o.failed("write", base+"/"+f.Path, err)
		}
		if err := o.write(in, base+"/"+f.Path, name, f.New, f.Mode); err != nil {
			return n, err
		}
		n++
	}
	if p.manifest == nil {
		return n, nil
	}
	return n + 1, o.write(root, base+"/"+ManifestName, ManifestName, p.manifest, 0o644)
}

// mkdir makes a folder whose mode does not depend on the umask.
func (o *Out) mkdir(in *os.Root, show, name string) error {
	if err := o.change("mkdir", show); err != nil {
		return o.failed("make", show, err)
	}
	if err := in.Mkdir(name, 0o755); err != nil {
		return o.failed("make", show, err)
	}
	if !hasModes {
		return nil
	}
	if err := in.Chmod(name, 0o755); err != nil {
		return o.failed("make", show, err)
	}
	return nil
}

// write makes a file that is not there yet. Its mode does not depend on the umask.
func (o *Out) write(in *os.Root, show, name string, data []byte, mode fs.FileMode) error {
	if err := o.change("create", show); err != nil {
		return o.failed("write", show, err)
	}
	f, err := in.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return o.failed("write", show, err)
	}
	if err := o.fill(f, show, data, mode); err != nil {
		f.Close()
		return o.failed("write", show, err)
	}
	if err := f.Close(); err != nil {
		return o.failed("write", show, err)
	}
	return nil
}

func (o *Out) fill(f *os.File, show string, data []byte, mode fs.FileMode) error {
	if o.step != nil { // in two parts, so that a test can stop between them
		if _, err := f.Write(data[:len(data)/2]); err != nil {
			return err
		}
		data = data[len(data)/2:]
		if err := o.change("write", show); err != nil {
			return err
		}
	}
	if _, err := f.Write(data); err != nil {
		return err
	}
	if !hasModes {
		return nil
	}
	return f.Chmod(mode)
}

// failed is the error of an operation on the disk.
func (o *Out) failed(verb, name string, err error) error {
	return fmt.Errorf("cannot %s %s: %w", verb, o.show(name), cause(err))
}
