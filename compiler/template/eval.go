package template

import (
	"slices"
	"strconv"
	"strings"
	"text/template/parse"

	"github.com/octocompose/octocompose/compiler/tree"
)

// signal says how a list of a template ended.
type signal uint8

const (
	next    signal = iota
	leave          // break
	again          // continue
	stopped        // a fault after which nothing is looked at
)

type variable struct {
	name string
	v    value
}

// names checks every name of the text before it runs, so that a branch that is not taken is checked too.
func (f *frame) names() {
	for _, id := range f.p.names {
		if f.r.functions[id.Ident] != nil || f.r.root.Find(id.Ident) >= 0 || slices.Contains(f.r.o.Keep, id.Ident) {
			continue
		}
		if !f.note(f.r.unknownName(id.Ident).at(f.word(id.Pos))) {
			return
		}
	}
}

// word is the path or name that the parser places at pos; where there is none, the action.
func (f *frame) word(pos parse.Pos) span {
	if s := operand(f.text, int(pos)); s.to > s.from {
		return s
	}
	return f.p.action(int(pos))
}

func (f *frame) list(l *parse.ListNode, dot value) signal {
	if l == nil {
		return next
	}
	for _, n := range l.Nodes {
		var x *fault
		s := next
		switch n := n.(type) {
		case *parse.TextNode:
			x = f.write(string(n.Text))
		case *parse.ActionNode:
			x = f.action(n, dot)
		case *parse.IfNode:
			s, x = f.branch(&n.BranchNode, dot, false)
		case *parse.WithNode:
			s, x = f.branch(&n.BranchNode, dot, true)
		case *parse.RangeNode:
			s, x = f.rangeOver(n, dot)
		case *parse.BreakNode:
			return leave
		case *parse.ContinueNode:
			return again
		}
		if x != nil && !f.note(x.at(f.p.action(int(n.Position())))) {
			return stopped
		}
		if s != next {
			return s
		}
	}
	return next
}

// action writes the value of an action, or sets its variables.
func (f *frame) action(n *parse.ActionNode, dot value) *fault {
	if x := f.step(0); x != nil {
		return x
	}
	if f.kept(n, dot) {
		s := f.p.action(int(n.Pos))
		f.late = true
		if f.p.whole {
			f.whole = text(f.text[s.from:s.to])
			return nil
		}
		return f.write(f.text[s.from:s.to])
	}
	v, x := f.pipe(n.Pipe, dot)
	if x != nil || len(n.Pipe.Decl) > 0 {
		return x
	}
	at := f.p.action(int(n.Pos))
	f.late = f.late || f.r.late[v.n]
	switch {
	case !v.n.Kind.IsScalar():
		return typed("cannot use %s here; want a scalar", kind(v.n.Kind)).helpf("%s", partsHelp(v)).at(at)
	case f.p.whole:
		f.whole = v.n
		return nil
	case v.n.Kind == tree.Null:
		return wrong("cannot write null into a text%s", v.called()).
			helpf("give the value that it has then: {{ %s | default \"\" }}", v.name("config.key")).at(at)
	}
	return f.write(v.n.Text)
}

// kept reports whether the action is nothing but a path that is known at run time only.
func (f *frame) kept(n *parse.ActionNode, dot value) bool {
	if len(n.Pipe.Decl) > 0 || len(n.Pipe.Cmds) != 1 || len(n.Pipe.Cmds[0].Args) != 1 {
		return false
	}
	switch a := n.Pipe.Cmds[0].Args[0].(type) {
	case *parse.ChainNode:
		id, ok := a.Node.(*parse.IdentifierNode)
		return ok && slices.Contains(f.r.o.Keep, id.Ident)
	case *parse.FieldNode:
		return dot.n == f.r.root && slices.Contains(f.r.o.Keep, a.Ident[0])
	}
	return false
}

// now is a fault where v holds a path of run time, so that nothing can be computed with it.
func (f *frame) now(v value) *fault {
	if !f.r.late[v.n] {
		return nil
	}
	return wrong("cannot compute with a value that is known at run time only%s", v.called()).helpf("let it stand alone between {{ and }}")
}

// branch runs an if or a with. Its variables end with it.
func (f *frame) branch(n *parse.BranchNode, dot value, with bool) (signal, *fault) {
	mark := len(f.vars)
	defer func() { f.vars = f.vars[:mark] }()
	v, x := f.pipe(n.Pipe, dot)
	if x == nil {
		x = f.now(v)
	}
	if x != nil {
		return next, x
	}
	if !truth(v.n) {
		return f.list(n.ElseList, dot), nil
	}
	if with {
		dot = v
	}
	return f.list(n.List, dot), nil
}

// rangeOver runs a range: over the items of a list, or over the values of a mapping by their keys in order.
func (f *frame) rangeOver(n *parse.RangeNode, dot value) (signal, *fault) {
	mark := len(f.vars)
	defer func() { f.vars = f.vars[:mark] }()
	v, x := f.value(n.Pipe, dot)
	if x != nil {
		return next, x
	}
	if v.n.Kind != tree.List && v.n.Kind != tree.Map && v.n.Kind != tree.Null {
		return next, typed("cannot range over %s%s; want a list or a mapping", kind(v.n.Kind), v.called())
	}
	keys := sortedKeys(v.n)
	count := len(v.n.Items) + len(keys)
	if count == 0 {
		return f.list(n.ElseList, dot), nil
	}
	for i := range count {
		key, in := whole(i), value{}
		if v.n.Kind == tree.List {
			in, x = f.item(v, i)
		} else {
			key = text(keys[i])
			in, x = f.field(v, keys[i])
		}
		if x == nil {
			x = f.step(0)
		}
		if x != nil {
			return next, x
		}
		f.loopVars(n.Pipe, value{n: key}, in)
		bad := len(f.faults)
		switch f.list(n.List, in) {
		case leave:
			return next, nil
		case stopped:
			return stopped, nil
		}
		if len(f.faults) > bad {
			return next, nil // the next item would say the same
		}
		f.vars = f.vars[:mark]
	}
	return next, nil
}

// loopVars sets the variables of a range: the value, or the key and the value.
func (f *frame) loopVars(p *parse.PipeNode, key, v value) {
	all := []value{v}
	if len(p.Decl) > 1 {
		all = []value{key, v}
	}
	for i, d := range p.Decl {
		f.set(d.Ident[0], all[i], p.IsAssign)
	}
}

// set declares a variable, or gives the nearest one of this name another value.
func (f *frame) set(name string, v value, assign bool) {
	for i := len(f.vars) - 1; assign && i >= 0; i-- {
		if f.vars[i].name == name {
			f.vars[i].v = v
			return
		}
	}
	f.vars = append(f.vars, variable{name, v})
}

// pipe is the value of a pipeline, with its variables set.
func (f *frame) pipe(p *parse.PipeNode, dot value) (value, *fault) {
	v, x := f.value(p, dot)
	for _, d := range p.Decl {
		if x != nil { // what reads it later says nothing more
			v = value{n: &tree.Node{Kind: tree.Unknown}}
		}
		f.set(d.Ident[0], v, p.IsAssign)
	}
	return v, x
}

// value is the value of a pipeline.
func (f *frame) value(p *parse.PipeNode, dot value) (v value, x *fault) {
	if f.depth++; f.depth > 2*MaxDepth {
		return v, limit("cannot read a template nested more than %d deep", MaxDepth)
	}
	defer func() { f.depth-- }()
	for i, cmd := range p.Cmds {
		var final *value
		if i > 0 {
			last := v
			final = &last
		}
		mild := i+1 < len(p.Cmds) && isCall(p.Cmds[i+1], "default")
		if v, x = f.command(cmd, dot, final, mild); x != nil {
			return v, x
		}
	}
	return v, nil
}

func isCall(c *parse.CommandNode, name string) bool {
	id, ok := c.Args[0].(*parse.IdentifierNode)
	return ok && id.Ident == name
}

// command is the value of one stage of a pipeline; final is what the stage before it gives.
func (f *frame) command(c *parse.CommandNode, dot value, final *value, mild bool) (value, *fault) {
	if x := f.step(0); x != nil {
		return value{}, x
	}
	first := c.Args[0]
	if id, ok := first.(*parse.IdentifierNode); ok {
		if fn := f.r.functions[id.Ident]; fn != nil {
			v, x := f.call(fn, id, c.Args[1:], dot, final)
			return v, x.at(f.word(id.Pos))
		}
	}
	if len(c.Args) > 1 || final != nil {
		s := f.word(first.Position())
		x := wrong("cannot give an argument to %q: it is a value, not a function", short(f.text[s.from:s.to])).at(s)
		return value{}, x.helpf("a key that is no identifier, and an item of a list, are read by index: {{ index config \"my-key\" 0 }}")
	}
	if _, ok := first.(*parse.NilNode); ok {
		return value{}, wrong("cannot use nil alone").helpf("write null in place of the template")
	}
	return f.operand(first, dot, mild)
}

// operand is the value of one operand. mild: a missing key is null.
func (f *frame) operand(n parse.Node, dot value, mild bool) (v value, x *fault) {
	if x := f.step(0); x != nil {
		return value{}, x
	}
	switch n := n.(type) {
	case *parse.DotNode:
		return dot, f.known(dot)
	case *parse.NilNode:
		return value{n: tree.NewScalar(noSpan, tree.Null, "null")}, nil
	case *parse.BoolNode:
		return value{n: boolean(n.True)}, nil
	case *parse.StringNode:
		return value{n: text(n.Text)}, f.room(len(n.Text))
	case *parse.NumberNode:
		return literal(n)
	case *parse.PipeNode:
		mark := len(f.vars)
		v, x := f.pipe(n, dot)
		f.vars = f.vars[:mark]
		return v, x
	case *parse.FieldNode:
		v, x = f.path(dot, n.Ident, mild)
	case *parse.VariableNode:
		for i := len(f.vars) - 1; i >= 0; i-- {
			if f.vars[i].name == n.Ident[0] {
				v = f.vars[i].v
				break
			}
		}
		if x = f.known(v); x == nil {
			v, x = f.path(v, n.Ident[1:], mild)
		}
	case *parse.ChainNode:
		if v, x = f.operand(n.Node, dot, false); x == nil {
			v, x = f.path(v, n.Field, mild)
		}
	case *parse.IdentifierNode:
		if fn := f.r.functions[n.Ident]; fn != nil {
			v, x = f.call(fn, n, nil, dot, nil)
		} else {
			v, x = f.path(f.root, []string{n.Ident}, false)
		}
	}
	return v, x.at(f.word(n.Position()))
}

// known is a fault where v is not known yet.
func (f *frame) known(v value) *fault {
	if v.n == nil || v.n.Kind == tree.Unknown {
		return &fault{unknown: true}
	}
	return nil
}

// literal is a number as it is written, in the spelling of YAML.
func literal(n *parse.NumberNode) (value, *fault) {
	plain := strings.Trim(n.Text, "0123456789") == "" && (n.Text == "0" || !strings.HasPrefix(n.Text, "0"))
	switch {
	case plain:
		return value{n: tree.NewScalar(noSpan, tree.Int, n.Text)}, nil
	case n.IsInt:
		return value{n: tree.NewScalar(noSpan, tree.Int, strconv.FormatInt(n.Int64, 10))}, nil
	case n.IsFloat && isDecimal(n.Text):
		return value{n: tree.NewScalar(noSpan, tree.Float, n.Text)}, nil
	case n.IsFloat:
		return value{n: tree.NewScalar(noSpan, tree.Float, strconv.FormatFloat(n.Float64, 'g', -1, 64))}, nil
	}
	return value{}, wrong("cannot use the number %q", short(n.Text)).helpf("write it in decimal digits")
}
