package fetch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
)

// marked is the file beside the download that tells of what it is a part.
const marked = "part"

// part is a download that an earlier run began. What it holds is believed only when the sum of the whole is right.
type part struct {
	URL       string `json:"url"`
	Validator string `json:"validator"` // as in [download]
}

// maxPart is the most that the file of a part may have, in bytes.
const maxPart = 64 << 10

// begun makes the folder of the work, empty but for the part of a download that can go on; nil: there is none.
func (j *job) begun() (*part, error) {
	p := j.readPart()
	if p == nil {
		if err := j.disk.removeAll(j.dir); err != nil {
			return nil, err
		}
		return nil, j.disk.mkdir(j.dir, 0o700)
	}
	for _, name := range []string{tree, outer} { // an earlier run may have come so far
		if err := j.disk.removeAll(path.Join(j.dir, name)); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// readPart is what an earlier run left, if it can be used.
func (j *job) readPart() *part {
	for _, name := range []string{marked, loaded} {
		if info, err := j.disk.root.Lstat(path.Join(j.dir, name)); err != nil || !info.Mode().IsRegular() || info.Size() == 0 || info.Size() > j.Limits.Download {
			return nil
		}
	}
	f, err := j.disk.root.Open(path.Join(j.dir, marked))
	if err != nil {
		return nil
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxPart))
	var p part
	if err != nil || json.Unmarshal(data, &p) != nil || p.URL != j.artifact.URL || p.Validator == "" {
		return nil
	}
	return &p
}

// mark notes by what the download can go on, before a byte of it comes.
func (j *job) mark(validator string) error {
	j.goesOn = false
	name := path.Join(j.dir, marked)
	if validator == "" {
		if _, err := j.disk.root.Lstat(name); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return j.disk.removeAll(name)
	}
	data, err := json.Marshal(part{j.artifact.URL, validator})
	if err != nil {
		return err
	}
	return j.disk.replace(name, data)
}

// download leaves the verified download in the folder of the work.
func (j *job) download(ctx context.Context, begun *part) error {
	n := &network{transport: j.Transport, say: j.Say, limits: j.Limits, shown: j.shown}
	want := j.artifact.SHA256
	if want == "" {
		var err error
		if want, err = (&network{transport: j.Transport, say: j.Say, limits: j.Limits}).sum(ctx, j.artifact); err != nil {
			j.goesOn = begun != nil && !isFinal(err)
			return err
		}
	}
	n.announce = " to " + j.fetch.Dest
	f, d, err := j.open(n, begun)
	if err != nil {
		return err
	}
	defer f.drop()
	got, err := j.get(ctx, d, want)
	if err == nil && got != want && begun != nil {
		// The part was not what it seemed, or lies torn on the disk after a power cut.
		j.Say("what an earlier run left of " + show(j.artifact.URL) + " is of no use; fetching it anew")
		d.validator = ""
		got, err = j.get(ctx, d, "")
	}
	if err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("the sha256 of %s is %s; want %s", show(j.artifact.URL), got, want)
	}
	return f.done(0o600)
}

// get downloads, unless what is there is all of it already.
func (j *job) get(ctx context.Context, d *download, want string) (string, error) {
	if got := hex.EncodeToString(d.sum.Sum(nil)); d.have > 0 && got == want {
		return got, nil
	}
	got, err := d.run(ctx)
	j.goesOn = err != nil && !isFinal(err) && d.validator != "" && d.have > 0
	return got, err
}

func isFinal(err error) bool {
	_, ok := errors.AsType[final](err)
	return ok
}

// open opens the file of the download: a new one, or that of begun, which is read for its sum.
func (j *job) open(n *network, begun *part) (*file, *download, error) {
	name := path.Join(j.dir, loaded)
	d := &download{network: n, address: j.artifact.URL, limit: j.Limits.Download, sum: sha256.New(), mark: j.mark}
	if begun == nil {
		f, err := j.disk.create(name, 0o600)
		d.to = f
		return f, d, err
	}
	f, err := j.disk.reopen(name)
	if err != nil {
		return nil, nil, err
	}
	d.to, d.validator = f, begun.Validator
	if d.have, err = sumOf(f.File, d.sum); err != nil {
		f.drop()
		return nil, nil, fmt.Errorf("cannot read what came before: %w", bare(err))
	}
	j.Say(fmt.Sprintf("%s of %s are here from an earlier run", bytesText(d.have), show(j.artifact.URL)))
	return f, d, nil
}

// sumOf adds all of f to sum; f is at its end afterwards.
func sumOf(f *os.File, sum hash.Hash) (int64, error) { return io.Copy(sum, f) }
