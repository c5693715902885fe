package parse

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// converter makes tree nodes of the library's nodes.
type converter struct {
	f  *source.File
	ds diag.List
	slabs

	root    *yaml.Node // what own is counted from
	own     int64      // values that are written in the file; 0: not counted yet
	total   int64      // values so far, aliases unfolded
	anchors map[*yaml.Node]*anchored
	over    bool // the alias budget is spent, and that was said
	tooDeep bool // the depth limit was met, and that was said
	tooMany bool // the limit on values was met, and that was said
	lines   []int
	last    int // the number of lines
}

// anchored is what an alias stands for.
type anchored struct {
	node   *tree.Node
	size   int64 // values in it, aliases unfolded
	height int
	open   bool // being converted: an alias to it would contain itself
}

// unfolded is where counting stops: no budget is larger.
const unfolded = 1 << 40

// node converts n, which stands at this depth (from 1), and returns its height.
func (c *converter) node(n *yaml.Node, depth int) (*tree.Node, int) {
	if c.root == nil {
		c.root = n
	}
	if n.Kind == yaml.AliasNode {
		return c.alias(n, depth)
	}
	if n.Anchor == "" {
		return c.value(n, depth)
	}
	if c.anchors == nil {
		c.anchors = make(map[*yaml.Node]*anchored)
	}
	a := &anchored{open: true}
	c.anchors[n] = a
	before := c.total
	a.node, a.height = c.value(n, depth)
	a.size, a.open = c.total-before, false
	return a.node, a.height
}

// alias is the node of its anchor.
func (c *converter) alias(n *yaml.Node, depth int) (*tree.Node, int) {
	at := c.span(n)
	a := c.anchors[n.Alias]
	switch {
	case a == nil || a.open:
		c.ds.Error(diag.AliasBudget, tree.Root, "cannot use *%s here: it would contain itself", n.Value).AtSpan(at).
			SeeSpan(c.span(n.Alias), "&%s starts here", n.Value)
		return c.unknown(at), 0
	case depth+a.height > MaxDepth:
		return c.deep(at), 0
	}
	if c.own == 0 {
		c.own = count(c.root)
	}
	c.total = min(c.total+a.size, unfolded)
	if limit := AliasFactor*c.own + AliasFree; c.total > limit {
		if !c.over {
			c.over = true
			c.ds.Error(diag.AliasBudget, tree.Root, "cannot unfold *%s: the aliases of this file make more than %d values of %d", n.Value, limit, c.own).
				AtSpan(at).SeeSpan(c.span(n.Alias), "&%s stands here", n.Value).
				Helpf("write the values out, or split the file")
		}
		return c.unknown(at), 0
	}
	return a.node, a.height
}

// count is the number of values that are written below n.
func count(n *yaml.Node) int64 {
	total := int64(1)
	for _, child := range n.Content {
		total += count(child)
	}
	return total
}

func (c *converter) value(n *yaml.Node, depth int) (*tree.Node, int) {
	if depth > MaxDepth {
		return c.deep(c.span(n)), 0
	}
	c.total++
	if c.made >= MaxNodes {
		return c.many(c.span(n)), 0
	}
	out := c.newNode()
	out.At = c.span(n)
	tag := ""
	if n.Style&yaml.TaggedStyle != 0 || n.Anchor != "" {
		var tagAt source.Span
		out.At, tagAt = c.afterProperties(n)
		if n.Style&yaml.TaggedStyle != 0 {
			tag = n.Tag
			c.tag(out, n, tagAt)
		}
	}
	height := 0
	switch n.Kind {
	case yaml.ScalarNode:
		c.scalar(out, n, tag)
	case yaml.SequenceNode:
		out.Kind = tree.List
		out.Items = c.newItems(len(n.Content))
		for i, item := range n.Content {
			var h int
			out.Items[i], h = c.node(item, depth+1)
			height = max(height, h+1)
		}
	case yaml.MappingNode:
		height = c.mapping(out, n, depth)
	}
	return out, height
}

func (c *converter) scalar(out *tree.Node, n *yaml.Node, tag string) {
	out.Text = n.Value
	out.Quoted = n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0
	switch kind, ok := tagKinds[tag]; {
	case ok:
		c.typed(out, kind, tag)
	case out.Quoted:
		out.Kind = tree.String
	default:
		out.Kind = plainKind(n.Value)
	}
	if out.Kind == tree.Bool {
		out.Text = boolText(out.Text)
	}
	if out.Quoted && strings.IndexByte(n.Value, 0) >= 0 {
		c.ds.Error(diag.Syntax, tree.Root, `cannot use a NUL character (\0) in a value`).AtSpan(out.At).
			Helpf("delete it: no program can be given one in an argument, a variable or a file name")
		*out = tree.Node{At: out.At}
	}
	if len(n.Value) > MaxScalar {
		c.ds = append(c.ds, longScalar(out.At, len(n.Value)))
		*out = tree.Node{At: out.At}
	}
}

func longScalar(at source.Span, size int) *diag.Diagnostic {
	var ds diag.List
	return ds.Error(diag.Limit, tree.Root, "cannot read a text of %d bytes; %d is the limit", size, MaxScalar).AtSpan(at).
		Helpf("put it into a file of its own and name the file")
}

// mapping converts the entries of n.
func (c *converter) mapping(out *tree.Node, n *yaml.Node, depth int) (height int) {
	out.Kind = tree.Map
	fields := c.newFields(len(n.Content) / 2)[:0]
	var merges []merge
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		keyAt := c.keySpan(k)
		value, h := c.node(v, depth+1)
		height = max(height, h+1)
		if k.Kind == yaml.ScalarNode && k.Tag == "!!merge" {
			merges = append(merges, merge{at: len(fields), keyAt: keyAt, value: value})
			continue
		}
		if bare(n, k) {
			c.ds.Error(diag.Syntax, tree.Root, "cannot read {{ … }} without quotes: YAML takes { for the begin of a mapping").AtSpan(out.At).
				Helpf(`put the whole value into quotes: "{{ … }}"`)
			*out = tree.Node{At: out.At}
			return height
		}
		key, ok := c.key(k, keyAt)
		if !ok {
			continue
		}
		fields = append(fields, tree.Field{Key: key, KeyAt: keyAt, Value: value})
	}
	if len(merges) > 0 {
		fields = c.merged(distinct(&c.ds, fields), merges)
	}
	fill(&c.ds, out, fields)
	return height
}

// bare reports whether n is a template that stands without quotes: a mapping whose only key k is one.
func bare(n, k *yaml.Node) bool {
	return n.Style&yaml.FlowStyle != 0 && len(n.Content) == 2 && k.Kind == yaml.MappingNode && k.Style&yaml.FlowStyle != 0 &&
		k.Line == n.Line && k.Column == n.Column+1
}

// key is the text of a key.
func (c *converter) key(k *yaml.Node, at source.Span) (string, bool) {
	if k.Kind == yaml.AliasNode && k.Alias != nil {
		k = k.Alias
	}
	switch {
	case k.Kind != yaml.ScalarNode:
		c.ds.Error(diag.Syntax, tree.Root, "cannot use a list or a mapping as a key; want a text").AtSpan(at).
			Helpf("put the key into quotes, if its brackets are part of a name or of {{ … }}")
		return "", false
	case k.Value == "" && k.Style == 0:
		c.ds.Error(diag.Syntax, tree.Root, `cannot read ":" without a key before it`).AtSpan(at).
			Helpf("write the key before the colon")
		return "", false
	case k.Style&yaml.TaggedStyle != 0 && k.Tag != "!!str":
		c.ds.Error(diag.BadTag, tree.Root, "cannot use the tag %s on a key", k.Tag).AtSpan(at).
			Helpf("a tag stands after the colon: key: %s value", k.Tag)
	case k.Style == 0 && plainKind(k.Value) != tree.String:
		c.ds.Error(diag.Type, tree.Root, "cannot use the %s %s as a key; want a text", plainKind(k.Value), k.Value).AtSpan(at).
			Helpf("put it in quotes: %q", k.Value)
	}
	return k.Value, true
}

func (c *converter) keySpan(k *yaml.Node) source.Span {
	if k.Anchor != "" {
		at, _ := c.afterProperties(k)
		return at
	}
	return c.span(k)
}

// fill makes out a mapping of fields. A key that stands twice is reported. It costs no pass of its own: the index
// of a large mapping finds each key at its last place, the scan of a small one at its first.
func fill(ds *diag.List, out *tree.Node, fields []tree.Field) {
	m := tree.NewMap(out.At, fields)
	for i := range fields {
		if m.Find(fields[i].Key) != i {
			m = tree.NewMap(out.At, distinct(ds, fields))
			break
		}
	}
	m.Mark = out.Mark
	*out = *m
}

// distinct is fields with keys that differ. What the second of two equal keys holds is joined to the first, so
// that nothing is reported as missing that stands in it.
func distinct(ds *diag.List, fields []tree.Field) []tree.Field {
	twice := 0
	first := make(map[string]int, len(fields))
	out := make([]tree.Field, 0, len(fields))
	for _, field := range fields {
		i, ok := first[field.Key]
		if !ok {
			first[field.Key] = len(out)
			out = append(out, field)
			continue
		}
		out[i].Value = join(out[i].Value, field.Value)
		if twice++; twice > maxTwice {
			continue
		}
		ds.Error(diag.DuplicateKey, tree.Root, "key %q stands twice in one mapping", field.Key).AtSpan(field.KeyAt).
			SeeSpan(out[i].KeyAt, "first defined here").
			Helpf("delete one of the two, or join what they hold")
	}
	if twice > maxTwice {
		(*ds)[len(*ds)-1].Message += fmt.Sprintf(", and %d more do", twice-maxTwice)
	}
	return out
}

// maxTwice is the number of keys that stand twice that are reported for one mapping.
const maxTwice = 50

// join is a with those entries of b that it lacks.
func join(a, b *tree.Node) *tree.Node {
	if a.Kind != tree.Map || b.Kind != tree.Map {
		return a
	}
	fields := make([]tree.Field, len(a.Fields), len(a.Fields)+len(b.Fields))
	copy(fields, a.Fields)
	for _, field := range b.Fields {
		if i := a.Find(field.Key); i >= 0 {
			fields[i].Value = join(fields[i].Value, field.Value)
			continue
		}
		fields = append(fields, field)
	}
	return a.WithFields(fields)
}

// span is where n stands. An empty value at the end of a file without a last line break stands, for the library, on the
// line below.
func (c *converter) span(n *yaml.Node) source.Span {
	if c.last == 0 {
		c.last = bytes.Count(c.f.Data, []byte{'\n'}) + 1
	}
	if n.Line > c.last {
		return spanAt(c.f, len(c.f.Data), 0)
	}
	return source.Span{Pos: source.Pos{File: c.f, Line: int32(n.Line), Col: int32(n.Column)}}
}

func (c *converter) unknown(at source.Span) *tree.Node { return &tree.Node{At: at} }

func (c *converter) deep(at source.Span) *tree.Node {
	if !c.tooDeep {
		c.tooDeep = true
		c.ds.Error(diag.Limit, tree.Root, "cannot read more than %d levels of nesting", MaxDepth).AtSpan(at).
			Helpf("flatten this part; no field of a config lies that deep")
	}
	return c.unknown(at)
}

func (c *converter) many(at source.Span) *tree.Node {
	if !c.tooMany {
		c.tooMany = true
		c.ds.Error(diag.Limit, tree.Root, "cannot read more than %d values in one file", MaxNodes).AtSpan(at).
			Helpf("split the file, and name the parts under include")
	}
	return c.unknown(at)
}

// afterProperties is where the value of n starts, after its tag and anchor, and where its tag starts. The
// library's position is that of the first of these properties.
func (c *converter) afterProperties(n *yaml.Node) (value, tag source.Span) {
	tag = c.span(n)
	data := c.f.Data
	if c.lines == nil {
		c.lines = lineStarts(data)
	}
	line, i := n.Line, c.offset(n.Line, n.Column)
	for i < len(data) && (data[i] == '!' || data[i] == '&') {
		if data[i] == '!' {
			tag = c.at(line, i)
			tag.Len = 0
		}
		for i < len(data) && !strings.ContainsRune(" \t\r\n", rune(data[i])) {
			i++
		}
		i, line = blank(data, i, line)
		nothing := n.Kind == yaml.ScalarNode && n.Value == "" && n.Style&^yaml.TaggedStyle == 0
		if nothing && (line != n.Line || i == len(data) || data[i] != '!' && data[i] != '&') {
			return c.span(n), tag
		}
	}
	if i >= len(data) {
		return c.span(n), tag
	}
	return c.at(line, i), tag
}

// blank skips spaces, line breaks and comments from i, which lies on this line.
func blank(data []byte, i, line int) (int, int) {
	for i < len(data) {
		switch data[i] {
		case ' ', '\t', '\r':
			i++
		case '\n':
			i, line = i+1, line+1
		case '#':
			for i < len(data) && data[i] != '\n' {
				i++
			}
		default:
			return i, line
		}
	}
	return i, line
}

func lineStarts(data []byte) []int {
	starts := []int{0}
	for i, b := range data {
		if b == '\n' {
			starts = append(starts, i+1)
		}
	}
	return starts
}

// offset is the place in the data of a line and a column in runes.
func (c *converter) offset(line, col int) int {
	if line < 1 || line > len(c.lines) {
		return len(c.f.Data)
	}
	i := c.lines[line-1]
	for ; col > 1 && i < len(c.f.Data); col-- {
		_, n := utf8.DecodeRune(c.f.Data[i:])
		i += n
	}
	return i
}

func (c *converter) at(line, i int) source.Span {
	col := utf8.RuneCount(c.f.Data[c.lines[line-1]:i]) + 1
	return source.Span{Pos: source.Pos{File: c.f, Line: int32(line), Col: int32(col)}}
}
