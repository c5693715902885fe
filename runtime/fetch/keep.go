package fetch

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// registry is the file beside Dest that tells which folders a fetch put there, oldest first.
const registry = ".fetched"

// maxRegistry is the most that the file may have, in bytes.
const maxRegistry = 1 << 20

// version is one folder that a fetch put there. It is the same folder still if its inode is the same.
type version struct {
	Name    string `json:"name"`
	Program string `json:"program"`
	Inode   uint64 `json:"inode"`
}

// registered reads the file; what is no list is none: then nothing is removed.
func (j *job) registered() []version {
	f, err := j.disk.root.Open(registry)
	if err != nil {
		return nil
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxRegistry))
	var list []version
	if err != nil || json.Unmarshal(data, &list) != nil {
		return nil
	}
	return slices.DeleteFunc(list, func(v version) bool {
		return v.Name == "" || strings.HasPrefix(v.Name, ".") || strings.ContainsAny(v.Name, "/\x00")
	})
}

func (j *job) writeRegistry(list []version) error {
	data, err := json.Marshal(list)
	if err != nil {
		return err
	}
	return j.disk.replace(registry, append(data, '\n'))
}

// register notes the folder that becomes Dest, before it does: one that is not noted is never removed, and one that is
// noted and was not moved has no folder.
func (j *job) register(ready string) error {
	info, err := j.disk.root.Lstat(ready)
	if err != nil {
		return fmt.Errorf("cannot look at %q: %w", ready, bare(err))
	}
	list := slices.DeleteFunc(j.registered(), func(v version) bool { return v.Name == j.dest })
	return j.writeRegistry(append(list, version{j.dest, j.fetch.Program, inode(info)}))
}

func inode(info fs.FileInfo) uint64 {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return s.Ino
	}
	return 0
}

// prune removes what earlier runs left, and the versions beyond the newest fetch.Keep besides Dest. It leaves alone what
// is not registered, is another folder by now, has a link beside it, or is used by a process.
func (j *job) prune() error {
	links, err := j.sweep()
	if err != nil {
		return err
	}
	var list []version // that are there, and ours
	for _, v := range j.registered() {
		if info, err := j.disk.root.Lstat(v.Name); err == nil && info.IsDir() && inode(info) == v.Inode && v.Inode != 0 {
			list = append(list, v)
		}
	}
	old := slices.DeleteFunc(slices.Clone(list), func(v version) bool { return v.Name == j.dest })
	old = old[:max(0, len(old)-j.fetch.Keep)]
	for _, v := range old {
		used, err := j.used(v, links)
		if err != nil || used {
			why := "it is in use"
			if err != nil {
				why = err.Error()
			}
			j.Say(fmt.Sprintf("the old version %s stays: %s", path.Join(path.Dir(j.fetch.Dest), v.Name), why))
			continue
		}
		// The name of the work of that version: what a kill leaves of it is cleared like any other.
		gone := work + v.Name
		if err := j.disk.rename(v.Name, gone); err != nil {
			return err
		}
		if err := j.disk.removeAll(gone); err != nil {
			return err
		}
		list = slices.DeleteFunc(list, func(o version) bool { return o.Name == v.Name })
	}
	if err := j.writeRegistry(list); err != nil {
		return err
	}
	return j.disk.syncDir(".")
}

// sweep clears the work of runs that were killed, which no other run can have now, and returns where links beside Dest
// lead to.
func (j *job) sweep() ([]string, error) {
	dir, err := j.disk.root.Open(".")
	if err != nil {
		return nil, fmt.Errorf("cannot read the folder: %w", bare(err))
	}
	defer dir.Close()
	entries, err := dir.ReadDir(-1)
	if err != nil {
		return nil, fmt.Errorf("cannot read the folder: %w", bare(err))
	}
	var links []string
	for _, e := range entries {
		switch {
		case strings.HasPrefix(e.Name(), work):
			if err := j.disk.removeAll(e.Name()); err != nil {
				return nil, err
			}
		case e.Type() == fs.ModeSymlink:
			target, err := j.disk.root.Readlink(e.Name())
			if err != nil {
				return nil, fmt.Errorf("cannot read the link %q: %w", e.Name(), bare(err))
			}
			links = append(links, target)
		}
	}
	return links, nil
}

// used tells whether somebody needs v.
func (j *job) used(v version, links []string) (bool, error) {
	parent := path.Dir(j.fetch.Dest)
	dir := path.Join(parent, v.Name)
	for _, target := range links {
		if !path.IsAbs(target) {
			target = path.Join(parent, target)
		}
		if within(path.Clean(target), dir) {
			return true, nil
		}
	}
	// A program that runs cannot be opened for writing (execve(2), ETXTBSY), whoever runs it; not on all kernels.
	f, err := j.disk.root.OpenFile(path.Join(v.Name, v.Program), os.O_WRONLY, 0)
	if err == nil {
		_ = f.Close()
	}
	if errors.Is(err, syscall.ETXTBSY) {
		return true, nil
	}
	look := j.inUse
	if look == nil {
		look = func(dir string) (bool, error) { return processes("/proc", dir) }
	}
	return look(dir)
}

// within tells whether p is dir or lies below it.
func within(p, dir string) bool { return p == dir || strings.HasPrefix(p, dir+"/") }

// processes tells whether a process of proc runs a program of dir, works in it, or has it in its arguments, as an
// interpreter has its script (proc(5): exe, cwd, cmdline). exe and cwd of other users' processes are seen by root alone.
func processes(proc, dir string) (bool, error) {
	entries, err := os.ReadDir(proc)
	if err != nil {
		return false, fmt.Errorf("cannot see what runs: %w", err)
	}
	seen := false
	for _, e := range entries {
		if _, err := strconv.Atoi(e.Name()); err != nil {
			continue
		}
		seen = true
		for _, link := range []string{"exe", "cwd"} {
			if target, err := os.Readlink(path.Join(proc, e.Name(), link)); err == nil && within(strings.TrimSuffix(target, " (deleted)"), dir) {
				return true, nil
			}
		}
		words, err := os.ReadFile(path.Join(proc, e.Name(), "cmdline"))
		if err != nil {
			continue // it is gone
		}
		for word := range strings.SplitSeq(string(words), "\x00") {
			if word == dir || strings.Contains(word, dir+"/") {
				return true, nil
			}
		}
	}
	if !seen {
		return false, fmt.Errorf("cannot see what runs: %s shows no process", proc)
	}
	return false, nil
}
