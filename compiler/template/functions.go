package template

import (
	"encoding/base64"
	"strings"
	"text/template/parse"

	"github.com/octocompose/octocompose/compiler/tree"
)

// Function is one function of templates. All of them are pure.
type Function struct {
	Name string
	Args string // the arguments by name, the last of which a pipe gives
	Text string // what it gives
}

// function is a Function that can be called.
type function struct {
	Function
	min, max int // arguments; max -1: any number
	call     func(f *frame, args []value) (value, *fault)
}

// functions are all there are, by subject. Those that text/template has mean what they mean there.
func functions() []function {
	return []function{
		{Function{"and", "A B…", "the first that is false or empty, else the last; the rest is not looked at"}, 1, -1, nil},
		{Function{"or", "A B…", "the first that is neither false nor empty, else the last"}, 1, -1, nil},
		{Function{"not", "A", "true where A is false, 0, null or empty"}, 1, 1, not},
		{Function{"eq", "A B…", "A equals one of the others; numbers by their value, whatever their spelling"}, 2, -1, equal},
		{Function{"ne", "A B", "A and B differ"}, 2, 2, unequal},
		{Function{"lt", "A B", "A < B: two numbers or two strings"}, 2, 2, ordered(func(c int) bool { return c < 0 })},
		{Function{"le", "A B", "A ≤ B"}, 2, 2, ordered(func(c int) bool { return c <= 0 })},
		{Function{"gt", "A B", "A > B"}, 2, 2, ordered(func(c int) bool { return c > 0 })},
		{Function{"ge", "A B", "A ≥ B"}, 2, 2, ordered(func(c int) bool { return c >= 0 })},
		{Function{"index", "X KEY…", "what stands at the keys and places (from 0) below X; what is not there is an error"}, 1, -1, indexed},
		{Function{"has", "X KEY…", "whether there is something at the keys and places below X"}, 2, -1, has},
		{Function{"default", "D X", "X, or D where X is null, empty, or a path with a missing key; 0 and false are values"}, 2, 2, defaulted},
		{Function{"len", "X", "the number of items, keys, or bytes of a string"}, 1, 1, length},
		{Function{"print", "A…", "the values as one text; a space between two that are both no strings"}, 0, -1, printed},
		{Function{"println", "A…", "the values with spaces between them and a line break"}, 0, -1, printedLine},
		{Function{"printf", "FORMAT A…", "a text with %s %v %q %d %x %X %o %b %e %f %g %t %% in it, widths up to 256"}, 1, -1, printedf},
		{Function{"lower", "TEXT", "in lower case"}, 1, 1, onText("lower", strings.ToLower)},
		{Function{"upper", "TEXT", "in upper case"}, 1, 1, onText("upper", strings.ToUpper)},
		{Function{"trim", "TEXT", "without the white space around it"}, 1, 1, onText("trim", strings.TrimSpace)},
		{Function{"quote", "TEXT", "in double quotes, with the escapes of JSON"}, 1, 1, onText("quote", jsonString)},
		{Function{"b64enc", "TEXT", "in base64"}, 1, 1, onText("b64enc", func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) })},
		{Function{"contains", "PART TEXT", "whether PART stands in TEXT"}, 2, 2, contains},
		{Function{"replace", "OLD NEW TEXT", "TEXT with every OLD replaced by NEW"}, 3, 3, replace},
		{Function{"split", "SEPARATOR TEXT", "the parts of TEXT, as a list"}, 2, 2, split},
		{Function{"join", "SEPARATOR LIST", "the items as one text"}, 2, 2, join},
		{Function{"toJson", "X", "X as JSON on one line, keys in order"}, 1, 1, toJSON},
	}
}

// Functions are the functions of templates, by subject, for documentation.
func Functions() []Function {
	var out []Function
	for _, fn := range functions() {
		out = append(out, fn.Function)
	}
	return out
}

func index() map[string]*function {
	all := functions()
	out := make(map[string]*function, len(all))
	for i := range all {
		out[all[i].Name] = &all[i]
	}
	return out
}

const readsOnly = "templates read the config and nothing else; give the value by a variable: ${NAME}"

// absent are functions that other tools have, with what to do instead.
var absent = map[string]string{
	"env": readsOnly, "getenv": readsOnly, "expandenv": readsOnly, "exec": readsOnly, "include": readsOnly, "tpl": readsOnly,
	"readFile": readsOnly, "file": readsOnly, "lookup": readsOnly, "getHostByName": readsOnly, "now": readsOnly, "date": readsOnly,
	"randAlphaNum": readsOnly, "uuidv4": readsOnly, "genPrivateKey": readsOnly, "call": "write the function itself",
	"html": "write the text as it is to be", "js": "toJson and quote make what JavaScript reads", "urlquery": "write the text as it is to be",
	"slice": "split and index take parts of a text", "required": "a missing key is an error without it", "toYaml": "toJson makes what YAML reads too",
	"json": "that is a template of another program; it stands between {{` and `}}: {{`{{ json . }}`}}; our function is toJson",
}

// call calls fn with the arguments that are written, and final behind them.
func (f *frame) call(fn *function, id *parse.IdentifierNode, args []parse.Node, dot value, final *value) (value, *fault) {
	n := len(args)
	if final != nil {
		n++
	}
	if n < fn.min || fn.max >= 0 && n > fn.max {
		return value{}, wrong("cannot use %q with %d arguments", fn.Name, n).helpf("write %s %s", fn.Name, fn.Args)
	}
	var vs []value
	for i, a := range args {
		v, x := f.operand(a, dot, fn.Name == "default" && i == 1)
		if x != nil {
			return value{}, x
		}
		if x := f.now(v); x != nil && fn.call == nil {
			return value{}, x
		}
		if fn.call == nil && truth(v.n) == (fn.Name == "or") {
			return v, nil
		}
		vs = append(vs, v)
	}
	if final != nil {
		vs = append(vs, *final)
	}
	if fn.call == nil {
		return vs[len(vs)-1], nil
	}
	if x := f.step(0); x != nil {
		return value{}, x
	}
	v, x := fn.call(f, vs)
	if x == nil && v.n.Kind == tree.String {
		x = f.room(len(v.n.Text))
	}
	return v, x
}

// str is the text of an argument: of a scalar that is not null.
func (f *frame) str(fn string, v value) (string, *fault) {
	if !v.n.Kind.IsScalar() || v.n.Kind == tree.Null {
		return "", typed("cannot use %s as the text of %q%s", kind(v.n.Kind), fn, v.called()).helpf("want a string, a number or a boolean")
	}
	if x := f.now(v); x != nil {
		return "", x
	}
	return v.n.Text, f.step(len(v.n.Text))
}

// onText is a function of one text.
func onText(name string, of func(string) string) func(*frame, []value) (value, *fault) {
	return func(f *frame, args []value) (value, *fault) {
		s, x := f.str(name, args[0])
		if x != nil {
			return value{}, x
		}
		return value{n: text(of(s))}, nil
	}
}

func not(f *frame, args []value) (value, *fault) {
	return value{n: boolean(!truth(args[0].n))}, f.now(args[0])
}

func defaulted(_ *frame, args []value) (value, *fault) {
	n := args[1].n
	if n.Kind == tree.Null || n.Kind == tree.String && n.Text == "" || !n.Kind.IsScalar() && len(n.Items)+len(n.Fields) == 0 {
		return args[0], nil
	}
	return args[1], nil
}

func length(f *frame, args []value) (value, *fault) {
	n := args[0].n
	switch n.Kind {
	case tree.List:
		return value{n: whole(len(n.Items))}, nil
	case tree.Map:
		return value{n: whole(len(n.Fields))}, nil
	case tree.String:
		return value{n: whole(len(n.Text))}, f.now(args[0])
	}
	return value{}, typed("cannot take the length of %s%s", kind(n.Kind), args[0].called()).helpf("want a list, a mapping or a string")
}

func contains(f *frame, args []value) (value, *fault) {
	part, x := f.str("contains", args[0])
	if x != nil {
		return value{}, x
	}
	in, x := f.str("contains", args[1])
	return value{n: boolean(strings.Contains(in, part))}, x
}

func replace(f *frame, args []value) (value, *fault) {
	var s [3]string
	for i := range s {
		var x *fault
		if s[i], x = f.str("replace", args[i]); x != nil {
			return value{}, x
		}
	}
	if s[0] == "" {
		return value{}, wrong("cannot replace an empty text").helpf("want the text to be replaced first: replace OLD NEW TEXT")
	}
	if x := f.room(len(s[2]) + strings.Count(s[2], s[0])*(len(s[1])-len(s[0]))); x != nil {
		return value{}, x
	}
	return value{n: text(strings.ReplaceAll(s[2], s[0], s[1]))}, nil
}

func split(f *frame, args []value) (value, *fault) {
	sep, x := f.str("split", args[0])
	if x != nil {
		return value{}, x
	}
	in, x := f.str("split", args[1])
	if x != nil {
		return value{}, x
	}
	if sep == "" {
		return value{}, wrong("cannot split at an empty text").helpf("want what stands between the parts: split \",\" TEXT")
	}
	if x := f.step(64 * strings.Count(in, sep)); x != nil {
		return value{}, x
	}
	var items []*tree.Node
	for part := range strings.SplitSeq(in, sep) {
		items = append(items, text(part))
	}
	return value{n: tree.NewList(noSpan, items)}, nil
}

func join(f *frame, args []value) (value, *fault) {
	sep, x := f.str("join", args[0])
	if x != nil {
		return value{}, x
	}
	list := args[1]
	if list.n.Kind != tree.List {
		return value{}, typed("cannot join %s%s", kind(list.n.Kind), list.called()).helpf("want a list: join \", \" LIST")
	}
	var b strings.Builder
	for i := range list.n.Items {
		it, x := f.item(list, i)
		if x != nil {
			return value{}, x
		}
		s, x := f.str("join", it)
		if x != nil {
			return value{}, x
		}
		if i > 0 {
			b.WriteString(sep)
		}
		b.WriteString(s)
		if b.Len() > f.r.o.MaxText {
			return value{}, f.room(b.Len())
		}
	}
	return value{n: text(b.String())}, nil
}
