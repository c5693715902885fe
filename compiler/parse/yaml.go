package parse

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// The limits on one file. They keep a hostile file from costing more than a second or so; a config that
// people write stays far below them.
const (
	// MaxDepth is how deep lists and mappings may nest, aliases unfolded.
	MaxDepth = 100
	// MaxNodes is the number of values that one file may hold. A service has 60 to 100.
	MaxNodes = 2_000_000
	// MaxScalar is the size of one scalar, and of one line, in bytes. A ConfigMap holds no more either.
	MaxScalar = 1 << 20
	// AliasFactor and AliasFree bound what aliases unfold to: at most AliasFactor times the values that are
	// written in the file, and AliasFree more.
	AliasFactor = 10
	AliasFree   = 10_000
	// maxLibrary is the number of line breaks and commas, of which each value has one, in a file that only the library
	// can read: it takes about 2 µs and 300 bytes for each.
	maxLibrary = 1_000_000
)

// YAML reads the one document of f. The node is nil when the text is not YAML at all; an empty file, or one
// with comments only, is an empty mapping.
func YAML(f *source.File) (*tree.Node, diag.List) {
	f, traits, ds := vet(f)
	if len(ds) > 0 {
		return nil, ds
	}
	if root, ds, ok := fast(f, traits); ok {
		return root, ds
	}
	return library(f, traits)
}

// library reads f with yaml/v3, which knows all of YAML.
func library(f *source.File, t traits) (*tree.Node, diag.List) {
	if t.nested {
		var ds diag.List
		ds.Error(diag.Limit, tree.Root, "cannot read more than %d levels of nesting", MaxDepth).AtSpan(t.deep).
			Helpf("flatten this part; no field of a config lies that deep")
		return nil, ds
	}
	if t.values > maxLibrary {
		var ds diag.List
		ds.Error(diag.Limit, tree.Root, "cannot read more than %d lines and items in one file that is not plain block YAML", maxLibrary).
			AtSpan(source.Span{Pos: source.Pos{File: f}}).Helpf("split the file, and name the parts under include")
		return nil, ds
	}
	dec := yaml.NewDecoder(bytes.NewReader(f.Data))
	doc, err := next(dec)
	switch {
	case errors.Is(err, io.EOF):
		return empty(f), nil
	case err != nil:
		return nil, diag.List{syntax(f, err)}
	}
	c := converter{f: f}
	root, _ := c.node(doc.Content[0], 1)
	if root.Kind == tree.Null && root.Text == "" {
		root = empty(f)
	}
	c.second(dec)
	return root, c.ds
}

// next decodes one document. The library panics on a few inputs (its comment scanner): that is an error too.
func next(dec *yaml.Decoder) (doc *yaml.Node, err error) {
	defer func() {
		if r := recover(); r != nil {
			doc, err = nil, fmt.Errorf("%v", r)
		}
	}()
	doc = new(yaml.Node)
	if err := dec.Decode(doc); err != nil {
		return nil, err
	}
	if len(doc.Content) == 0 {
		return nil, io.EOF
	}
	return doc, nil
}

// second reports a second document, or what else follows the first.
func (c *converter) second(dec *yaml.Decoder) {
	doc, err := next(dec)
	switch {
	case errors.Is(err, io.EOF):
	case err != nil:
		c.ds = append(c.ds, syntax(c.f, err))
	default:
		c.ds.Error(diag.Syntax, tree.Root, "cannot read a second document; want one document in a file").AtSpan(c.span(doc)).
			Helpf("put it into a file of its own, and name both with -f or under include")
	}
}

func empty(f *source.File) *tree.Node {
	return tree.NewMap(source.Span{Pos: source.Pos{File: f, Line: 1, Col: 1}}, nil)
}
