package serve

import (
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// file is one that is looked at again and again. Its time, size and inode say when to read it, its content whether it is
// another one. Links are followed, so that the swap of a folder (as the kubelet does it) is a change like any other.
type file struct {
	name  string
	limit int64 // in bytes
	read  func(name string) ([]byte, error)
	stat  func(name string) (fs.FileInfo, error)
	now   func() time.Time

	seen  fs.FileInfo
	again int // how often it is still read without being asked to
	sum   [sha256.Size]byte
	data  []byte    // the last that could be read
	has   bool      // data is the content of a file
	got   time.Time // when that was last so
	err   error     // why the last look brought nothing
	// changed tells whether the last look brought another content, or another error.
	changed bool
}

// rereads is how often a file is read again after it changed: a second write within one tick of the clock of the file
// system leaves time, size and inode as they were.
const rereads = 2

// look looks at the file. On an error the content stays that of before.
func (f *file) look() {
	f.changed = false
	info, err := f.stat(f.name)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no file", f.name)
	}
	if err == nil && info.Size() > f.limit {
		err = fmt.Errorf("%s has more than %d bytes", f.name, f.limit)
	}
	if err != nil {
		f.fail(err)
		return
	}
	same := f.seen != nil && os.SameFile(f.seen, info) && f.seen.Size() == info.Size() && f.seen.ModTime().Equal(info.ModTime())
	switch {
	case !same:
		f.again = rereads
	case f.again > 0:
		f.again--
	case f.err == nil:
		f.got = f.now()
		return
	}
	data, err := f.read(f.name)
	if err == nil && int64(len(data)) > f.limit {
		err = fmt.Errorf("%s has more than %d bytes", f.name, f.limit)
	}
	if err != nil {
		f.fail(err)
		return
	}
	sum := sha256.Sum256(data)
	f.changed = !f.has || sum != f.sum || f.err != nil
	f.seen, f.sum, f.data, f.has, f.err, f.got = info, sum, data, true, nil, f.now()
}

func (f *file) fail(err error) {
	f.changed = f.err == nil || f.err.Error() != err.Error()
	f.seen, f.err = nil, err
}

// newFile is a file that the server looks at, with the content it has not read yet.
func (s *Server) newFile(name string, limit int64) *file {
	return &file{name: name, limit: limit, read: s.o.ReadFile, stat: s.o.Stat, now: s.o.Now}
}

// readFile reads a file, and never much more than it had when it was looked at.
func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxConfig+1))
}
