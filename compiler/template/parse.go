package template

import (
	"slices"
	"sort"
	"strings"
	"text/template/parse"

	"github.com/octocompose/octocompose/compiler/diag"
)

// parsed is a text that was parsed; it does not depend on the data.
type parsed struct {
	root    *parse.ListNode
	actions []action
	names   []*parse.IdentifierNode // functions, and first names of paths without a dot
	whole   bool                    // the text is one value
	fault   *fault
}

// bannedWords start actions of text/template that make one template of many.
var bannedWords = []string{"define", "template", "block"}

func parseText(text string) *parsed {
	p := &parsed{actions: actions(text)}
	if p.fault = p.size(text); p.fault != nil {
		return p
	}
	for _, a := range p.actions {
		if slices.Contains(bannedWords, a.word) {
			p.fault = wrong("cannot use %q: a template stands alone", a.word).at(a.span).
				helpf("write what it would print; a text that many need stands once, in config or globals")
			return p
		}
	}
	t, err := parseTree(text)
	if err != nil {
		p.fault = p.explain(text, err)
		return p
	}
	p.root = t.Root
	c := checker{p: p}
	if c.node(p.root, 0); c.deep {
		p.fault = limit("cannot read a template nested more than %d deep", MaxDepth).at(p.actions[0].span).
			helpf("split it into values that read each other")
		return p
	}
	p.whole = isWhole(p.root)
	return p
}

func parseTree(text string) (*parse.Tree, error) {
	t := parse.New("t")
	t.Mode = parse.SkipFuncCheck // names are ours to check, in our words
	return t.Parse(text, "", "", map[string]*parse.Tree{})
}

// size checks the bounds before the parser sees the text: it recurses, and looks variables up one after the other.
func (p *parsed) size(text string) *fault {
	code := 0
	for _, a := range p.actions {
		code += a.to - a.from
	}
	switch {
	case len(p.actions) > MaxActions:
		return limit("cannot read more than %d templates in one text", MaxActions).helpf("split the text").at(p.actions[MaxActions].span)
	case code > MaxCode && !p.actions[len(p.actions)-1].open:
		return limit("cannot read more than %d bytes of templates in one text", MaxCode).helpf("split the text").at(p.actions[0].span)
	case code > MaxCode:
		return unclosed(text, p.actions[len(p.actions)-1])
	}
	return nil
}

// action is the {{ … }} around the byte at i.
func (p *parsed) action(i int) span {
	k := sort.Search(len(p.actions), func(k int) bool { return p.actions[k].to > i })
	if k == len(p.actions) {
		k--
	}
	if k < 0 {
		return span{}
	}
	return p.actions[k].span
}

// isWhole reports whether a list is one value: {{ x }}, or an if or with whose branches each are one.
func isWhole(l *parse.ListNode) bool {
	if l == nil || len(l.Nodes) != 1 {
		return false
	}
	switch n := l.Nodes[0].(type) {
	case *parse.ActionNode:
		return len(n.Pipe.Decl) == 0
	case *parse.IfNode:
		return isWhole(n.List) && isWhole(n.ElseList)
	case *parse.WithNode:
		return isWhole(n.List) && isWhole(n.ElseList)
	}
	return false
}

// checker collects names and measures the nesting.
type checker struct {
	p    *parsed
	deep bool
}

func (c *checker) node(n parse.Node, depth int) {
	if depth > MaxDepth || c.deep {
		c.deep = true
		return
	}
	switch n := n.(type) {
	case *parse.ListNode:
		if n != nil {
			for _, in := range n.Nodes {
				c.node(in, depth)
			}
		}
	case *parse.ActionNode:
		c.pipe(n.Pipe, depth)
	case *parse.IfNode:
		c.branch(&n.BranchNode, depth)
	case *parse.WithNode:
		c.branch(&n.BranchNode, depth)
	case *parse.RangeNode:
		c.branch(&n.BranchNode, depth)
	case *parse.PipeNode:
		c.pipe(n, depth+1)
	case *parse.ChainNode:
		c.node(n.Node, depth)
	case *parse.IdentifierNode:
		c.p.names = append(c.p.names, n)
	}
}

func (c *checker) branch(n *parse.BranchNode, depth int) {
	c.pipe(n.Pipe, depth)
	c.node(n.List, depth+1)
	c.node(n.ElseList, depth+1)
}

func (c *checker) pipe(n *parse.PipeNode, depth int) {
	for _, cmd := range n.Cmds {
		for _, arg := range cmd.Args {
			c.node(arg, depth)
		}
	}
}

// explain puts an error of the parser into our words, at the {{ … }} that it is about. The parser names only the line,
// so the place is found by parsing less: the first action after which it fails in another way than by wanting more.
func (p *parsed) explain(text string, err error) *fault {
	if len(p.actions) == 0 {
		return wrong("cannot read a template: %s", message(err))
	}
	last := p.actions[len(p.actions)-1]
	k := sort.Search(len(p.actions), func(k int) bool {
		_, err := parseTree(text[:p.actions[k].to])
		return err != nil && !wantsMore(err)
	})
	if k == len(p.actions) {
		return p.unended()
	}
	a := p.actions[k]
	said := text[a.from:a.to]
	if a.open {
		return unclosed(text, last)
	}
	m := message(err)
	for _, e := range parserErrors {
		if strings.Contains(m, e.has) {
			x := wrong("cannot read %q as a template: %s", short(said), e.say).helpf("%s", e.help)
			if e.has == badCharacter || e.has == badOperand {
				x.help = pathHelp(said, e.help)
			}
			if e.has == tooDeep {
				x.code, x.fatal = diag.Limit, true
			}
			return x.at(a.span)
		}
	}
	return wrong("cannot read %q as a template: %s", short(said), m).helpf("%s", literalHelp).at(a.span)
}

func wantsMore(err error) bool { return strings.HasSuffix(err.Error(), "unexpected EOF") }

// message is what the parser says, without "template: t:1: ".
func message(err error) string {
	m := strings.TrimPrefix(err.Error(), "template: t:")
	if _, rest, ok := strings.Cut(m, ": "); ok {
		m = rest
	}
	return short(m)
}

// unended is the fault of an if, with or range without its end: the innermost one is named.
func (p *parsed) unended() *fault {
	var open []action
	for _, a := range p.actions {
		switch a.word {
		case "if", "with", "range":
			open = append(open, a)
		case "end":
			open = open[:max(len(open)-1, 0)]
		}
	}
	if len(open) == 0 {
		return wrong("cannot read the template: an {{ end }} is missing").at(p.actions[0].span)
	}
	a := open[len(open)-1]
	return wrong("cannot read the template: the {{ end }} of %q is missing", a.word).helpf("write {{ end }} where it ends").at(a.span)
}

// unclosed is the fault of an action without its end.
func unclosed(text string, a action) *fault {
	said := text[a.from:a.to]
	x := wrong(`cannot read %q as a template: "}}" is missing`, short(said)).helpf("%s", literalHelp).at(a.span)
	body := strings.TrimLeft(strings.TrimPrefix(said, "{{"), "- \t")
	switch {
	case strings.HasPrefix(body, "/*"):
		x.message = `cannot read a comment: "*/}}" is missing`
	case strings.Contains(said, "}}"):
		x.message = "cannot read " + quote(short(said)) + " as a template: a quote does not end"
		x.help = "close the string before }}"
	}
	return x
}
