package template

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/octocompose/octocompose/compiler/tree"
)

// equal is eq: the first equals one of the others.
func equal(f *frame, args []value) (value, *fault) {
	for _, b := range args[1:] {
		same, x := f.same(args[0], b)
		if x != nil || same {
			return value{n: boolean(same)}, x
		}
	}
	return value{n: boolean(false)}, nil
}

func unequal(f *frame, args []value) (value, *fault) {
	same, x := f.same(args[0], args[1])
	return value{n: boolean(!same)}, x
}

// same reports whether two scalars have one value. Kinds that differ are an error, so that eq "80" 80 is no surprise;
// null may be compared with everything.
func (f *frame) same(a, b value) (bool, *fault) {
	if a.n.Kind == tree.Null || b.n.Kind == tree.Null {
		return a.n.Kind == b.n.Kind, nil
	}
	c, x := f.compare(a, b)
	return c == 0, x
}

// ordered is a function that holds for some results of a comparison.
func ordered(holds func(int) bool) func(*frame, []value) (value, *fault) {
	return func(f *frame, args []value) (value, *fault) {
		for _, v := range args {
			if v.n.Kind == tree.Bool || v.n.Kind == tree.Null {
				return value{}, typed("cannot order %s%s", kind(v.n.Kind), v.called()).helpf("want two numbers or two strings")
			}
		}
		c, x := f.compare(args[0], args[1])
		return value{n: boolean(holds(c) && c != unordered)}, x
	}
}

// unordered is the result of comparing with what is not a number.
const unordered = 2

// compare orders two scalars of one kind. A string that ${…} made counts as what the other side is.
func (f *frame) compare(a, b value) (int, *fault) {
	for _, v := range []value{a, b} {
		if !v.n.Kind.IsScalar() {
			return 0, typed("cannot compare %s%s", kind(v.n.Kind), v.called()).helpf("want scalars")
		}
		if x := f.now(v); x != nil {
			return 0, x
		}
		if v.n.Kind != tree.String && len(v.n.Text) > maxDigits {
			return 0, typed("cannot compute with a number of more than %d digits%s", maxDigits, v.called()).helpf("write it as a string")
		}
	}
	if x := f.step(min(len(a.n.Text), len(b.n.Text))); x != nil {
		return 0, x
	}
	if a.n.Kind == tree.String && b.n.Kind == tree.String {
		return strings.Compare(a.n.Text, b.n.Text), nil
	}
	m, oka := numeric(a.n)
	n, okb := numeric(b.n)
	if oka && okb {
		if m.i != nil && n.i != nil {
			return m.i.Cmp(n.i), nil
		}
		if m.float() != m.float() || n.float() != n.float() {
			return unordered, nil
		}
		return cmp.Compare(m.float(), n.float()), nil
	}
	p, oka := logical(a.n)
	q, okb := logical(b.n)
	if oka && okb {
		return cmp.Compare(strconv.FormatBool(p), strconv.FormatBool(q)), nil
	}
	return 0, typed("cannot compare %s with %s%s", kind(a.n.Kind), kind(b.n.Kind), a.called()).
		helpf("a value in quotes is a string, one without is what it looks like; {{ print X }} makes a string of any scalar")
}

// logical reads a boolean, and a string that ${…} made and that spells one.
func logical(n *tree.Node) (is, ok bool) {
	if n.Kind != tree.Bool && !loose(n) {
		return false, false
	}
	is = strings.EqualFold(n.Text, "true")
	return is, is || strings.EqualFold(n.Text, "false")
}

// indexed is index: it follows keys and places.
func indexed(f *frame, args []value) (value, *fault) {
	v := args[0]
	for _, k := range args[1:] {
		var x *fault
		if v, x = f.at(v, k); x != nil {
			return v, x
		}
	}
	return v, nil
}

// at is what stands at k in v.
func (f *frame) at(v, k value) (value, *fault) {
	if x := f.step(0); x != nil {
		return v, x
	}
	switch v.n.Kind {
	case tree.Map:
		key, x := f.str("index", k)
		if x != nil {
			return v, x
		}
		return f.field(v, key)
	case tree.List:
		num, ok := numeric(k.n)
		if !ok || num.i == nil {
			return v, typed("cannot use %s as a place in a list; want a number from 0", kind(k.n.Kind))
		}
		if num.i.Sign() < 0 || !num.i.IsInt64() || num.i.Int64() >= int64(len(v.n.Items)) {
			return v, wrong("cannot find item %s of %s: it has %d", short(k.n.Text), v.name("the list"), len(v.n.Items)).helpf("places count from 0")
		}
		return f.item(v, int(num.i.Int64()))
	}
	return v, typed("cannot index %s%s", kind(v.n.Kind), v.called()).helpf("want a mapping or a list")
}

// has is whether index would find something.
func has(f *frame, args []value) (value, *fault) {
	v := args[0]
	for _, k := range args[1:] {
		switch num, isNum := numeric(k.n); {
		case v.n.Kind == tree.Map && k.n.Kind.IsScalar() && v.n.Find(k.n.Text) >= 0:
		case v.n.Kind == tree.List && isNum && num.i != nil && num.i.Sign() >= 0 && num.i.IsInt64() && num.i.Int64() < int64(len(v.n.Items)):
		default:
			return value{n: boolean(false)}, nil
		}
		var x *fault
		if v, x = f.at(v, k); x != nil {
			return v, x
		}
	}
	return value{n: boolean(true)}, nil
}
