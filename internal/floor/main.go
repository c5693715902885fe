// Command floor does the least that any compiler of YAML has to do: read the same bytes, parse them with the common
// YAML library, write the same output. Benchmarks of octo are ratios to it.
//
//	floor gen N >octo.yaml            an application of N services
//	floor parse FILE                  parse FILE to nodes
//	floor write FILE TREE DIR         parse FILE, and write below DIR what lies below TREE
package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/octocompose/octocompose/internal/synth"
)

func main() {
	debug.SetGCPercent(400) // as octo does
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "floor:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 2 && args[0] == "gen":
		n, err := strconv.Atoi(args[1])
		if err != nil {
			return err
		}
		_, err = os.Stdout.Write(synth.Config(n))
		return err
	case len(args) == 2 && args[0] == "parse":
		return parse(args[1])
	case len(args) == 4 && args[0] == "write":
		if err := parse(args[1]); err != nil {
			return err
		}
		return write(os.DirFS(args[2]), args[3])
	}
	return fmt.Errorf("want gen N, parse FILE or write FILE TREE DIR")
}

func parse(name string) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	var n yaml.Node
	return yaml.Unmarshal(data, &n)
}

func write(tree fs.FS, dir string) error {
	return fs.WalkDir(tree, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(dir, p), 0o755)
		}
		data, err := fs.ReadFile(tree, p)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, p), data, 0o644)
	})
}
