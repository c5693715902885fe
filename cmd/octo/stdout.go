package main

import (
	"bytes"
	"fmt"
	"path"
	"strings"

	"github.com/octocompose/octocompose/compiler"
	"github.com/octocompose/octocompose/compiler/artifact"
)

// stream prints the output of one target so that the platform's own tool takes it from a pipe.
type stream struct {
	backend string
	print   func(set *artifact.Set) ([]byte, error)
}

// streams are the backends whose tool reads a pipe; all others print a txtar of every file.
var streams = []stream{
	{"compose", composeStream},
	{"k8s", manifestStream},
}

// toStdout prints the output of the one target that was asked for.
func (a *app) toStdout(r *compiler.Result, c *compileFlags) error {
	if len(r.Targets) != 1 {
		var names []string
		for _, t := range r.Targets {
			names = append(names, t.Target.Name)
		}
		return usage("name it: -t "+strings.Join(names, ", or -t "), "--stdout prints one target, and the config has %d", len(names))
	}
	if err := a.say(r.Diagnostics, c); err != nil {
		return err
	}
	t := r.Targets[0]
	print := archiveStream
	for _, s := range streams {
		if s.backend == t.Target.Backend {
			print = s.print
		}
	}
	data, err := print(t.Set)
	if err != nil {
		return err
	}
	_, err = a.stdout.Write(data)
	return err
}

// composeStream is compose.yaml, for docker compose -f -. It needs the other files only when the config has some, and
// then a pipe cannot carry them.
func composeStream(set *artifact.Set) ([]byte, error) {
	main := set.Get("compose.yaml")
	for _, f := range set.Files() {
		if f.Path != "compose.yaml" && path.Ext(f.Path) != ".md" {
			return nil, usage("compile to a folder: octo compile -t compose",
				"--stdout can print compose.yaml only, and it reads %s", f.Path)
		}
	}
	if main == nil {
		return nil, fmt.Errorf("cannot find compose.yaml in the output, which is a bug of octo")
	}
	return main.Data, nil
}

// manifestStream is every manifest as one stream of YAML documents, for kubectl apply -f -. kustomization.yaml is no
// manifest.
func manifestStream(set *artifact.Set) ([]byte, error) {
	var b bytes.Buffer
	for _, f := range set.Files() {
		if ext := path.Ext(f.Path); ext != ".yaml" && ext != ".json" || path.Base(f.Path) == "kustomization.yaml" {
			continue
		}
		if b.Len() > 0 {
			b.WriteString("---\n")
		}
		b.Write(bytes.TrimPrefix(f.Data, []byte("---\n")))
	}
	return b.Bytes(), nil
}

// archiveStream is every file after a line "-- path --": the txtar format, which is also easy to read.
func archiveStream(set *artifact.Set) ([]byte, error) {
	var b bytes.Buffer
	for _, f := range set.Files() {
		fmt.Fprintf(&b, "-- %s --\n", f.Path)
		b.Write(f.Data)
		if len(f.Data) > 0 && f.Data[len(f.Data)-1] != '\n' {
			b.WriteByte('\n')
		}
	}
	return b.Bytes(), nil
}
