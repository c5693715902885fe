package main

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
)

//go:embed init.yaml
var initYAML []byte

// configNames are the names that octo looks for, in this order.
var configNames = []string{"octo.yaml", "octo.yml", "compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"}

const initLong = `Write a small octo.yaml, which compiles on all three targets as it is, to DIR or the current folder. A config that is
there already is left as it is.`

func (a *app) initCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "init [DIR]",
		Short: "Write a small octo.yaml to start from",
		Long:  initLong,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage("", "init: takes one folder, and %q is a second", args[1])
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			dir := "."
			if len(args) > 0 {
				dir = args[0]
			}
			return a.init(dir)
		},
	}
}

func (a *app) init(dir string) error {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return usage("", "%s is a file; octo init takes a folder", filepath.ToSlash(dir))
	}
	for _, name := range configNames {
		at := filepath.Join(dir, name)
		if _, err := os.Lstat(at); err == nil {
			return usage("it is a config already: octo check"+inDir(dir), "%s is there already, and is left as it is", filepath.ToSlash(at))
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("cannot make %s: %w", filepath.ToSlash(dir), pathCause(err))
	}
	at := filepath.Join(dir, configNames[0])
	f, err := os.OpenFile(at, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return usage("", "%s is there already, and is left as it is", filepath.ToSlash(at))
	}
	if err == nil {
		_, err = f.Write(initYAML)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", filepath.ToSlash(at), pathCause(err))
	}
	_, err = fmt.Fprintf(a.stdout, `wrote %s

next:
  octo check%[2]s                       is it right?
  octo compile%[2]s                     make %s for systemd, compose and k8s
  octo explain%[2]s services.web.image  where a value comes from, and where it goes
`, filepath.ToSlash(at), inDir(dir), filepath.ToSlash(filepath.Join(dir, "out")))
	return err
}

// inDir is the flag that a command needs to work in dir.
func inDir(dir string) string {
	if dir == "." {
		return ""
	}
	return " -C " + filepath.ToSlash(dir)
}
