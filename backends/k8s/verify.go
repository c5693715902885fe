package k8s

import (
	"bytes"
	"fmt"
	"reflect"

	"k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/yaml"

	"github.com/octocompose/octocompose/compiler/artifact"
	"github.com/octocompose/octocompose/compiler/model"
)

// Verify reads every document back into its type, where an unknown field is an error, and compares it with the object
// that the lowering made. A file too many or too few is an error too.
func (*Backend) Verify(in *model.Input, set *artifact.Set) error {
	l := lower(in)
	files := l.group()
	seen := 0
	for _, f := range files {
		got := set.Get(f.path)
		if got == nil {
			return fmt.Errorf("cannot verify %s: it is missing", f.path)
		}
		seen++
		if err := verifyFile(&f, got.Data); err != nil {
			return fmt.Errorf("cannot verify %s: %w", f.path, err)
		}
	}
	for _, f := range set.Files() {
		if f.Path == "kustomization.yaml" || f.Path == "APPLY.md" {
			seen++
		}
	}
	if n := len(set.Files()); n != len(files)+2 || seen != n {
		return fmt.Errorf("cannot verify the tree: it has %d files, and %d were meant", n, len(files)+2)
	}
	return nil
}

func verifyFile(f *outputFile, data []byte) error {
	docs := bytes.Split(data, []byte("\n---\n"))
	if len(docs) != len(f.objects) {
		return fmt.Errorf("it has %d documents, and %d were meant", len(docs), len(f.objects))
	}
	for i, o := range f.objects {
		if err := readBack(docs[i], o.value); err != nil {
			return err
		}
	}
	return nil
}

// readBack decodes data strictly into a new value of the type of want, and compares the two: amounts by what they
// mean, an empty list as no list.
func readBack(data []byte, want any) error {
	got := reflect.New(reflect.TypeOf(want).Elem()).Interface()
	if err := yaml.UnmarshalStrict(data, got); err != nil {
		return err
	}
	if !equality.Semantic.DeepEqual(got, want) {
		return fmt.Errorf("a %T reads back as something else", want)
	}
	return nil
}
