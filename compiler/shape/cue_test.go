package shape

import (
	"encoding/json"
	"io/fs"
	"reflect"
	"testing"
	"testing/fstest"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/cue/format"
	"cuelang.org/go/cue/parser"

	"github.com/octocompose/octocompose/schema"
)

// withoutAttributes is a schema as CUE alone sees it.
func withoutAttributes(tb testing.TB, fsys fs.FS) fstest.MapFS {
	tb.Helper()
	names, err := fs.Glob(fsys, "*.cue")
	if err != nil {
		tb.Fatal(err)
	}
	out := fstest.MapFS{}
	for _, name := range names {
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			tb.Fatal(err)
		}
		f, err := parser.ParseFile(name, data)
		if err != nil {
			tb.Fatal(err)
		}
		ast.Walk(f, func(n ast.Node) bool {
			if field, ok := n.(*ast.Field); ok {
				field.Attrs = nil
			}
			return true
		}, nil)
		plain, err := format.Node(f)
		if err != nil {
			tb.Fatal(err)
		}
		out[name] = &fstest.MapFile{Data: plain}
	}
	return out
}

// evaluator is a schema in the real CUE.
type evaluator struct {
	ctx  *cue.Context
	root cue.Value
}

func evaluate(tb testing.TB, fsys fs.FS) *evaluator {
	tb.Helper()
	inst := &build.Instance{}
	names, _ := fs.Glob(fsys, "*.cue")
	for _, name := range names {
		data, _ := fs.ReadFile(fsys, name)
		f, err := parser.ParseFile(name, data)
		if err != nil {
			tb.Fatal(err)
		}
		if err := inst.AddSyntax(f); err != nil {
			tb.Fatal(err)
		}
	}
	e := &evaluator{ctx: cuecontext.New()}
	e.root = e.ctx.BuildInstance(inst)
	if err := e.root.Err(); err != nil {
		tb.Fatal(err)
	}
	return e
}

// verdict is whether CUE takes v for a definition, and v with its defaults.
func (e *evaluator) verdict(tb testing.TB, def cue.Value, v any) (bool, any) {
	text, err := json.Marshal(v)
	if err != nil {
		tb.Fatal(err)
	}
	expr, err := parser.ParseExpr("case", text)
	if err != nil {
		tb.Fatal(err)
	}
	got := def.Unify(e.ctx.BuildExpr(expr))
	if err := got.Validate(cue.Final()); err != nil {
		return false, nil
	}
	out, err := got.MarshalJSON()
	if err != nil {
		return false, nil
	}
	var filled any
	if err := json.Unmarshal(out, &filled); err != nil {
		tb.Fatal(err)
	}
	return true, filled
}

// dialect is a schema with every construct that the project's own does without: marked defaults, regular fields,
// mappings that stand for themselves, discriminated alternatives, lengths, exclusive bounds.
const dialect = `package d

import (
	"list"
	"strings"
)

#Config: {
	listen: *":8080" | =~"^[a-z0-9.-]*:[0-9]{1,5}$"
	url!:   =~"^https://"
	level:  *"info" | "debug" | "warn"
	free:   *"x" | string
	ratio?: number & >=0 & <=1.5
	under?: int & >0 & <10
	name:   string & !=""
	flag:   *true | bool
	db: {
		host?: strings.MinRunes(2) & strings.MaxRunes(4)
		port:  *5432 | int & >=1 & <=65535
		deep: {
			a: *1 | int
			b?: null | string
		}
	}
	probes?: [...#Probe] & list.MinItems(1)
	some?: [string, ...string]
	tags?: [...(int | string)] & list.UniqueItems()
	any?: _
	map?: [string]: int
	open?: {
		a?: int
		...
	}
}

#Probe: #HTTP | #Exec | null

#HTTP: {
	type!: "http"
	port!: int & >=1 & <=65535
	path:  *"/" | =~"^/"
}

#Exec: {
	type!: "exec"
	command!: [string, ...string]
	#More
}

#More: {
	note?: string
	[=~"^x-"]: _
}
`

// TestCUE holds the compiled schema against the real CUE evaluator: the same verdict, and the same document with its
// defaults, for values on both sides of every rule. Attributes are taken out first, as CUE ignores them.
func TestCUE(t *testing.T) {
	for name, fsys := range map[string]fs.FS{
		"schema":  withoutAttributes(t, schema.FS),
		"dialect": fstest.MapFS{"d.cue": {Data: []byte(dialect)}},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Compile(fsys)
			if err != nil {
				t.Fatal(err)
			}
			e := evaluate(t, fsys)
			cases, filled := 0, 0
			maker := caseMaker{seen: map[*Field]bool{}}
			for _, name := range s.Order {
				def := e.root.LookupPath(cue.ParsePath(name))
				for _, v := range maker.values(s.Def(name), true) {
					n := treeOf(v)
					ok, want := e.verdict(t, def, v)
					found := faults(s.Def(name), n)
					cases++
					if ok != (len(found) == 0) {
						t.Errorf("%s: %s: CUE takes it: %t; we say %v", name, show(v), ok, texted(found))
					}
					if !ok || len(found) > 0 {
						continue
					}
					filled++
					if got := goOf(s.Def(name).Fill(n)); !reflect.DeepEqual(got, want) {
						t.Errorf("%s: %s with defaults:\n got %s\nwant %s", name, show(v), show(got), show(want))
					}
				}
			}
			t.Logf("%d cases, %d documents with defaults", cases, filled)
			if cases < 500 || filled < 50 {
				t.Errorf("only %d cases and %d documents were compared", cases, filled)
			}
		})
	}
}
