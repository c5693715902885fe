package check

import (
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/shape"
	"github.com/octocompose/octocompose/compiler/tree"
)

// scalarCodec decodes the scalars of the model; nil for another type.
func scalarCodec(t reflect.Type) decodeFunc {
	switch t {
	case reflect.TypeFor[model.Duration]():
		return number("a duration", func(n *tree.Node) (int64, bool) {
			d, ok := shape.ParseDuration(n.Text)
			return int64(d), ok
		})
	case reflect.TypeFor[model.Bytes]():
		return number("a size", func(n *tree.Node) (int64, bool) { return shape.ParseBytes(n.Text) })
	case reflect.TypeFor[model.CPUs]():
		return number("a number of processors", func(n *tree.Node) (int64, bool) { return shape.ParseCPUs(n.Text) })
	case reflect.TypeFor[model.Mode]():
		return decodeMode
	}
	switch t.Kind() {
	case reflect.String:
		return decodeString
	case reflect.Bool:
		return decodeBool
	case reflect.Int, reflect.Int64:
		return number("an integer", integer)
	}
	return nil
}

// number makes the decoder of an integer type from the function that reads its text.
func number(as string, read func(*tree.Node) (int64, bool)) decodeFunc {
	return func(d *decoder, _ tree.Path, n *tree.Node, v reflect.Value) bool {
		if n.Kind == tree.Null {
			return true
		}
		if n.Kind.IsScalar() && n.Kind != tree.Bool {
			if i, ok := read(n); ok && !v.OverflowInt(i) {
				v.SetInt(i)
				return true
			}
		}
		return d.misfit(n, as)
	}
}

// integer reads an integer as yaml.v3 and so Compose does: decimal, 0x, 0o, 0b, and with a leading zero octal where it
// can be; a number without a fraction (1e3, 2.0) is one; and where a duration is a number of microseconds (cpu_quota:
// 50ms), that.
func integer(n *tree.Node) (int64, bool) {
	if i, err := strconv.ParseInt(n.Text, 10, 64); err == nil && (n.Text[0] != '0' || len(n.Text) == 1) {
		return i, true
	}
	if i, err := strconv.ParseInt(n.Text, 0, 64); err == nil {
		return i, true
	}
	if i, err := strconv.ParseInt(n.Text, 10, 64); err == nil {
		return i, true
	}
	if f, err := strconv.ParseFloat(n.Text, 64); err == nil {
		return int64(f), f == math.Trunc(f) && math.Abs(f) < 1<<53
	}
	if d, ok := shape.ParseDuration(n.Text); ok {
		return int64(d / time.Microsecond), true
	}
	return 0, false
}

// decodeMode reads permission bits. A plain decimal integer is what it says (288 is 0440), as YAML and Compose have
// it; a string, or an integer with a leading zero, is octal.
func decodeMode(d *decoder, _ tree.Path, n *tree.Node, v reflect.Value) bool {
	if n.Kind == tree.Null {
		return true
	}
	if n.Kind == tree.Int && !strings.HasPrefix(n.Text, "0") {
		if i, ok := integer(n); ok && i >= 0 && i <= 0o7777 {
			v.SetUint(uint64(i))
			return true
		}
		return d.misfit(n, "permission bits")
	}
	if n.Kind == tree.Int || n.Kind == tree.String {
		if bits, ok := shape.ParseMode(n.Text); ok {
			v.SetUint(uint64(bits))
			return true
		}
	}
	return d.misfit(n, "permission bits")
}

func decodeString(d *decoder, _ tree.Path, n *tree.Node, v reflect.Value) bool {
	if !n.Kind.IsScalar() {
		return d.misfit(n, "a string")
	}
	if n.Kind != tree.Null {
		v.SetString(n.Text)
	}
	return true
}

// decodeBool reads true and false in the spellings of YAML.
func decodeBool(d *decoder, _ tree.Path, n *tree.Node, v reflect.Value) bool {
	switch {
	case n.Kind == tree.Null:
	case n.Kind.IsScalar() && strings.EqualFold(n.Text, "true"):
		v.SetBool(true)
	case n.Kind.IsScalar() && strings.EqualFold(n.Text, "false"):
	default:
		return d.misfit(n, "a boolean")
	}
	return true
}

// decodeStrings reads a list of strings. Null is no list; an empty list is one.
func decodeStrings(d *decoder, _ tree.Path, n *tree.Node, v reflect.Value) bool {
	if n.Kind == tree.Null {
		return true
	}
	if n.Kind != tree.List {
		return d.misfit(n, "a list")
	}
	out := make([]string, len(n.Items))
	for i, it := range n.Items {
		switch {
		case it == nil || it.Kind == tree.Unknown:
		case it.Kind.IsScalar():
			if it.Kind != tree.Null {
				out[i] = it.Text
			}
		default:
			d.misfit(it, "a string")
		}
	}
	*v.Addr().Interface().(*[]string) = out
	return true
}

// decodePairs reads a mapping of scalars, sorted by key. An entry that is unknown is left out.
func decodePairs(d *decoder, _ tree.Path, n *tree.Node, v reflect.Value) bool {
	if n.Kind == tree.Null {
		return true
	}
	if n.Kind != tree.Map {
		return d.misfit(n, "a mapping")
	}
	out, sorted := make([]model.Pair, 0, len(n.Fields)), true
	for i := range n.Fields {
		f := &n.Fields[i]
		switch {
		case f.Value == nil || f.Value.Kind == tree.Unknown:
			continue
		case !f.Value.Kind.IsScalar():
			d.misfit(f.Value, "a string")
			continue
		case f.Value.Kind == tree.Null:
			out = append(out, model.Pair{Key: f.Key, Null: true})
		default:
			out = append(out, model.Pair{Key: f.Key, Value: f.Value.Text})
		}
		if k := len(out) - 1; k > 0 && out[k-1].Key > out[k].Key {
			sorted = false
		}
	}
	if !sorted {
		slices.SortFunc(out, func(a, b model.Pair) int { return strings.Compare(a.Key, b.Key) })
	}
	*v.Addr().Interface().(*[]model.Pair) = out
	return true
}
