package k8s

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	policyv1 "k8s.io/api/policy/v1"

	"github.com/octocompose/octocompose/compiler/artifact"
	"github.com/octocompose/octocompose/compiler/doc"
	"github.com/octocompose/octocompose/compiler/tree"
)

// outputFile is one file of the tree with the objects in it.
type outputFile struct {
	path    string
	objects []*object
}

// group collects the objects by file, in the order of their names; within a file in the order in which they were made.
func (l *lowering) group() []outputFile {
	var files []outputFile
	at := make(map[string]int, len(l.objects))
	for i := range l.objects {
		o := &l.objects[i]
		n, ok := at[o.file]
		if !ok {
			n = len(files)
			at[o.file] = n
			files = append(files, outputFile{path: o.file})
		}
		files[n].objects = append(files[n].objects, o)
	}
	slices.SortFunc(files, func(a, b outputFile) int { return strings.Compare(a.path, b.path) })
	return files
}

// print makes the tree of files.
func (l *lowering) print() (*artifact.Set, error) {
	set := &artifact.Set{}
	enc := newEncoder()
	files := l.group()
	for i := range files {
		data, origins, err := enc.file(&files[i], l.p.Inputs)
		if err != nil {
			return nil, err
		}
		if err := set.Add(artifact.File{Path: files[i].path, Mode: 0o644, Data: data, Origins: origins}); err != nil {
			return nil, err
		}
	}
	if err := set.Add(artifact.File{Path: "kustomization.yaml", Mode: 0o644, Data: l.kustomization(files)}); err != nil {
		return nil, err
	}
	return set, set.Add(artifact.File{Path: "APPLY.md", Mode: 0o644, Data: l.applyPage()})
}

// header is the first line of every file: what to change instead of it.
func header(from []string) string {
	if len(from) == 0 {
		return "octo: made from the config. Change that, not this file."
	}
	return "octo: made from " + strings.Join(from, ", ") + ". Change those, not this file."
}

// file prints the objects of one file.
func (e *encoder) file(f *outputFile, inputs []string) ([]byte, []tree.Origin, error) {
	var from []string
	if len(f.objects) == 1 {
		from = f.objects[0].from
	} else {
		lists := make([][]string, len(f.objects))
		for i, o := range f.objects {
			lists[i] = o.from
		}
		if from = f.objects[0].from; !allSame(lists) {
			from = merged(lists...)
		}
	}
	if len(from) == 0 {
		from = inputs
	}
	out := e.text[:0]
	var origins []tree.Origin
	for i, o := range f.objects {
		e.arena.reset()
		v, err := e.object(o.value)
		if err != nil {
			return nil, nil, fmt.Errorf("cannot print %s: %w", f.path, err)
		}
		for j := range o.notes {
			o.notes[j].put(v)
		}
		if len(o.pod) > 0 {
			if template := below(below(v, "spec"), "template"); template != nil {
				for j := range o.pod {
					o.pod[j].put(template)
				}
			}
		}
		for j := range o.patched {
			o.patched[j].put(v)
		}
		if i == 0 {
			v.Head = header(from)
		} else {
			out = append(out, "---\n"...)
		}
		before := bytes.Count(out, []byte{'\n'})
		var lines []tree.Origin
		out, lines = doc.AppendYAML(out, v)
		if i == 0 {
			origins = lines
			continue
		}
		for _, line := range lines {
			line.Line += before
			origins = append(origins, line)
		}
	}
	e.text = out
	return bytes.Clone(out), origins, nil
}

func allSame(lists [][]string) bool {
	for _, list := range lists[1:] {
		if !slices.Equal(list, lists[0]) {
			return false
		}
	}
	return true
}

// put finds the field in v and sets the comment and the origin. A field that is not there has no note: what says
// nothing is not printed.
func (n *note) put(v *doc.Value) {
	for _, rest := range [...]string{n.in, n.at} {
		for rest != "" {
			var step string
			step, rest, _ = strings.Cut(rest, " ")
			if step == "" {
				continue
			}
			if v = below(v, step); v == nil {
				return
			}
		}
	}
	if n.head != "" {
		v.Head = n.head
	}
	if n.tail != "" {
		v.Tail = n.tail
	}
	if !n.origin.IsRoot() {
		v.Origin = n.origin
	}
}

// below is the entry or item of v that step names, or nil.
func below(v *doc.Value, step string) *doc.Value {
	if v == nil {
		return nil
	}
	switch v.Kind {
	case doc.Map:
		for i := range v.Fields {
			if v.Fields[i].Key == step {
				return v.Fields[i].Value
			}
		}
	case doc.List:
		if i, err := strconv.Atoi(step); err == nil && i < len(v.Items) {
			return v.Items[i]
		}
	}
	return nil
}

// byPriority reports whether a service of the output has a priority.
func (l *lowering) byPriority() bool {
	return slices.ContainsFunc(l.units, func(u *unit) bool { return u.s.Priority != 0 })
}

// inOrder are the files in the order in which they are to be applied when priorities are given: what workloads need,
// then the workloads by priority, then what watches them.
func inOrder(files []outputFile) []outputFile {
	rank := func(f *outputFile) (group, priority int) {
		for _, o := range f.objects {
			switch o.value.(type) {
			case *appsv1.Deployment, *appsv1.StatefulSet, *appsv1.DaemonSet, *batchv1.Job:
				return 1, -o.unit.s.Priority
			case *policyv1.PodDisruptionBudget, *autoscalingv2.HorizontalPodAutoscaler:
				return 2, 0
			}
		}
		return 0, 0
	}
	out := slices.Clone(files)
	slices.SortStableFunc(out, func(a, b outputFile) int {
		ga, pa := rank(&a)
		gb, pb := rank(&b)
		return cmp.Or(ga-gb, cmp.Compare(pa, pb))
	})
	return out
}

// kustomization lists the files for kubectl apply -k: the namespace first, then by name, or in the order of priorities.
func (l *lowering) kustomization(files []outputFile) []byte {
	list := doc.NewList()
	ordered := l.byPriority()
	if ordered {
		files = inOrder(files)
	}
	for _, f := range files {
		if f.path == "namespace.yaml" {
			list.Items = slices.Insert(list.Items, 0, doc.Str(f.path))
			continue
		}
		list.Add(doc.Str(f.path))
	}
	k := doc.NewMap()
	k.Head = header(l.p.Inputs)
	k.Set("apiVersion", doc.Str("kustomize.config.k8s.io/v1beta1")).Set("kind", doc.Str("Kustomization"))
	if len(list.Items) > 0 {
		k.Set("resources", list)
	}
	if ordered {
		k.Set("sortOptions", doc.NewMap().Set("order", doc.Str("fifo")))
	}
	data, _ := doc.YAML(k)
	return data
}
