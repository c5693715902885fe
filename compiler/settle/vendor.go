package settle

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/shape"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// maxSchema is the largest schema of a vendor that is read, in bytes. That of a large program has some ten thousand, and
// compiling a chain of alternatives takes time with the square of its length.
const maxSchema = 48 << 10

// maxCauses is how many causes one message about a schema names.
const maxCauses = 5

// vendor is one file of a vendor.
type vendor struct {
	file   *source.File // nil: it could not be read
	schema *shape.Schema
	err    error
	lines  *outline
}

// schema is the definition that ref names, which stands at p; nil, and reported, when there is none.
func (x *settler) schema(p tree.Path, ref *tree.Node) (*vendor, *shape.Shape) {
	name, def, _ := strings.Cut(ref.Text, "#")
	v := x.vendors[name]
	if v == nil {
		v = x.read(name)
		x.vendors[name] = v
	}
	switch {
	case v.file == nil:
		code, help := diag.Cause(v.err, diag.MissingFile, "the path is relative to the file that holds it")
		x.ds.Error(code, p, "%v", v.err).Helpf("%s", help)
		return nil, nil
	case v.err != nil:
		x.notDialect(p, v)
		return nil, nil
	}
	if s := v.schema.Def("#" + def); s != nil {
		if s.Map == nil {
			x.ds.Error(diag.Type, p, "cannot use #%s of %s: it is no mapping, and values are one", def, v.file.Name)
			return nil, nil
		}
		return v, s
	}
	d := x.ds.Error(diag.UnknownRef, p, "%s has no definition #%s", v.file.Name, def)
	if near := diag.Near("#"+def, v.schema.Order); near != "" {
		d.Helpf("did you mean %q?", near)
	} else {
		d.Helpf("it has %s", strings.Join(v.schema.Order, ", "))
	}
	return nil, nil
}

// read reads and compiles one file.
func (x *settler) read(name string) *vendor {
	f, err := x.reader.Read(name)
	if err != nil {
		return &vendor{err: err}
	}
	if len(f.Data) > maxSchema {
		return &vendor{err: fmt.Errorf("cannot read %s: a schema has at most %d bytes", f.Name, maxSchema)}
	}
	v := &vendor{file: f}
	v.schema, v.err = shape.Compile(onlyFile{f})
	return v
}

// notDialect reports what of a schema cannot be read, at the reference to it and with its lines.
func (x *settler) notDialect(p tree.Path, v *vendor) {
	d := x.ds.Error(diag.Syntax, p, "cannot use %s as a schema: it holds what octo does not read of CUE", v.file.Name)
	causes := strings.Split(v.err.Error(), "\n")
	for i, c := range causes {
		if i == maxCauses {
			d.SeeSpan(source.Span{Pos: source.Pos{File: v.file}}, "and %d more", len(causes)-i)
			break
		}
		at, text := v.cause(c)
		d.SeeSpan(at, "%s", text)
	}
	d.Helpf("a schema holds definitions of mappings, with kinds, constants, bounds, patterns and defaults (docs/config.md)")
}

// cause takes the place out of one line of the error of shape.Compile.
func (v *vendor) cause(line string) (source.Span, string) {
	at := source.Span{Pos: source.Pos{File: v.file}}
	text := line
	if rest, ok := strings.CutPrefix(line, v.file.Name+":"); ok {
		parts := strings.SplitN(rest, ":", 3)
		if len(parts) == 3 {
			l, err1 := strconv.Atoi(parts[0])
			c, err2 := strconv.Atoi(parts[1])
			if err1 == nil && err2 == nil {
				at.Line, at.Col, text = int32(l), int32(c), strings.TrimSpace(parts[2])
			}
		}
	}
	return at, strings.TrimPrefix(text, "cannot compile the schema: ")
}

// place is where the schema speaks of what steps lead to, from the definition on.
func (v *vendor) place(def string, steps []tree.Step) source.Span {
	if v.lines == nil {
		v.lines = newOutline(v.file)
	}
	return v.lines.find(def, steps)
}

// own is s with the file that was read in place of the one that the compiler of shapes made of it.
func (v *vendor) own(s source.Span) source.Span {
	if v != nil && s.File != nil && s.File != v.file && s.File.Name == v.file.Name {
		s.File = v.file
	}
	return s
}

// onlyFile is a folder that holds one file, by the name that diagnostics print.
type onlyFile struct{ file *source.File }

// Glob is the one file, whatever its name is.
func (o onlyFile) Glob(string) ([]string, error) { return []string{o.file.Name}, nil }

// ReadFile is the text of the file.
func (o onlyFile) ReadFile(string) ([]byte, error) { return o.file.Data, nil }

// Open is not called: the file is read whole.
func (o onlyFile) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
}
