package k8s

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/octocompose/octocompose/compiler/doc"
)

// encoder turns objects of k8s.io/api into documents by their json tags. What the API server would fill or drop is
// left out: status, zero timestamps, null, empty lists and mappings; else a diff would show them for ever. It keeps
// one plan for each type that it has met, and the memory of documents that were printed, so it is for one lowering and
// one goroutine.
type encoder struct {
	plans map[reflect.Type]*plan
	arena arena
	text  []byte // of the file that is printed
}

func newEncoder() *encoder { return &encoder{plans: make(map[reflect.Type]*plan, 64)} }

// coding is how a value of a type is encoded.
type coding uint8

const (
	codeStruct coding = iota
	codePointer
	codeString
	codeBool
	codeInt
	codeUint
	codeFloat
	codeBytes
	codeList
	codeMap
	codeQuantity
	codeIntOrString
	codeMarshaler
)

// plan is what is worked out once for a type.
type plan struct {
	coding coding
	fields []field // of a struct, in the order of output
	elem   *plan   // of a pointer, a list, a map
	flow   bool    // one line where it fits
}

// field is one field of a struct, with the way to it through embedded structs.
type field struct {
	name     string
	index    []int
	plan     *plan
	optional bool // omitempty
	octal    bool // a file mode
	quote    bool // strings in it are always quoted
}

var (
	quantityType    = reflect.TypeFor[resource.Quantity]()
	intOrStringType = reflect.TypeFor[intstr.IntOrString]()
	marshalerType   = reflect.TypeFor[json.Marshaler]()
)

// object encodes a pointer to an object. It fails on what has no place in a manifest: a type with a JSON form of its
// own that fails to print.
func (e *encoder) object(v any) (*doc.Value, error) {
	rv := reflect.ValueOf(v)
	return e.value(e.planOf(rv.Type()), rv, hints{})
}

// hints are what a field says about the values below it.
type hints struct{ octal, quote bool }

func (e *encoder) value(p *plan, v reflect.Value, h hints) (*doc.Value, error) {
	switch p.coding {
	case codePointer:
		return e.value(p.elem, v.Elem(), h)
	case codeStruct:
		return e.fields(p, v)
	case codeString:
		out := e.arena.scalar(doc.String, v.String())
		out.Quote = h.quote
		return out, nil
	case codeBool:
		return e.arena.scalar(doc.Bool, strconv.FormatBool(v.Bool())), nil
	case codeInt:
		if h.octal && v.Int() >= 0 {
			return doc.Octal(uint32(v.Int())), nil
		}
		return e.arena.scalar(doc.Lit, strconv.FormatInt(v.Int(), 10)), nil
	case codeUint:
		return e.arena.scalar(doc.Lit, strconv.FormatUint(v.Uint(), 10)), nil
	case codeFloat:
		return e.arena.scalar(doc.Lit, strconv.FormatFloat(v.Float(), 'g', -1, 64)), nil
	case codeBytes:
		return e.arena.scalar(doc.String, base64.StdEncoding.EncodeToString(v.Bytes())), nil
	case codeList:
		return e.list(p, v, h)
	case codeMap:
		return e.mapping(p, v, h)
	case codeQuantity:
		q := v.Interface().(resource.Quantity)
		return e.arena.scalar(doc.String, q.String()), nil
	case codeIntOrString:
		x := v.Interface().(intstr.IntOrString)
		if x.Type == intstr.Int {
			return e.arena.scalar(doc.Lit, strconv.Itoa(int(x.IntVal))), nil
		}
		return e.arena.scalar(doc.String, x.StrVal), nil
	}
	return marshalled(v)
}

// list encodes a slice.
func (e *encoder) list(p *plan, v reflect.Value, h hints) (*doc.Value, error) {
	out := e.arena.new(doc.List)
	out.Flow, out.Items = p.flow, make([]*doc.Value, v.Len())
	for i := range out.Items {
		item, err := e.value(p.elem, v.Index(i), h)
		if err != nil {
			return nil, err
		}
		out.Items[i] = item
	}
	return out, nil
}

// fields encodes a struct.
func (e *encoder) fields(p *plan, v reflect.Value) (*doc.Value, error) {
	out := e.arena.new(doc.Map)
	out.Flow = p.flow
	mark := len(e.arena.stack)
	for i := range p.fields {
		f := &p.fields[i]
		x := v.Field(f.index[0])
		for _, j := range f.index[1:] {
			x = x.Field(j)
		}
		if absent(f, x) {
			continue
		}
		item, err := e.value(f.plan, x, hints{octal: f.octal, quote: f.quote})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
		// A struct that is not behind a pointer says nothing when it is empty; behind a pointer it does: emptyDir: {}.
		if f.plan.coding == codeStruct && len(item.Fields) == 0 {
			continue
		}
		e.arena.stack = append(e.arena.stack, doc.Field{Key: f.name, Value: item})
	}
	out.Fields = e.arena.pop(mark)
	return out, nil
}

// absent reports whether the field is left out.
func absent(f *field, v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		return v.IsNil()
	case reflect.Slice, reflect.Map:
		return v.Len() == 0
	case reflect.Struct:
		return f.plan.coding != codeStruct && f.optional && v.IsZero() || f.plan.coding == codeMarshaler && v.IsZero()
	}
	return f.optional && v.IsZero()
}

// mapping encodes a map by sorted key.
func (e *encoder) mapping(p *plan, v reflect.Value, h hints) (*doc.Value, error) {
	out := e.arena.new(doc.Map)
	out.Flow = p.flow
	mark := len(e.arena.stack)
	if texts, ok := v.Interface().(map[string]string); ok { // labels: on every object
		for k, s := range texts {
			item := e.arena.scalar(doc.String, s)
			item.Quote = h.quote
			e.arena.stack = append(e.arena.stack, doc.Field{Key: k, Value: item})
		}
	} else {
		for it := v.MapRange(); it.Next(); {
			item, err := e.value(p.elem, it.Value(), h)
			if err != nil {
				return nil, err
			}
			e.arena.stack = append(e.arena.stack, doc.Field{Key: it.Key().String(), Value: item})
		}
	}
	slices.SortFunc(e.arena.stack[mark:], func(a, b doc.Field) int { return strings.Compare(a.Key, b.Key) })
	out.Fields = e.arena.pop(mark)
	return out, nil
}

// marshalled takes the JSON form of a type that has one of its own: metav1.Time, metav1.Duration.
func marshalled(v reflect.Value) (*doc.Value, error) {
	data, err := v.Interface().(json.Marshaler).MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("cannot encode a %s: %w", v.Type(), err)
	}
	if data = bytes.TrimSpace(data); len(data) > 0 && data[0] == '"' {
		var s string
		if err := json.Unmarshal(data, &s); err != nil {
			return nil, fmt.Errorf("cannot encode a %s: %w", v.Type(), err)
		}
		return doc.Quoted(s), nil
	}
	return nil, fmt.Errorf("cannot encode a %s: its JSON form is not a string", v.Type())
}

// planOf returns the plan of t, which it makes when t is new. A type may hold itself.
func (e *encoder) planOf(t reflect.Type) *plan {
	p, ok := e.plans[t]
	if !ok {
		p = &plan{flow: slices.Contains(flowTypes, t.Name()) && t.Name() != ""}
		e.plans[t] = p
		e.build(p, t)
	}
	return p
}

func (e *encoder) build(p *plan, t reflect.Type) {
	switch {
	case t == quantityType:
		p.coding = codeQuantity
		return
	case t == intOrStringType:
		p.coding = codeIntOrString
		return
	case t.Kind() != reflect.Pointer && t.Implements(marshalerType):
		p.coding = codeMarshaler
		return
	}
	switch t.Kind() {
	case reflect.Pointer:
		p.coding, p.elem = codePointer, e.planOf(t.Elem())
	case reflect.Struct:
		p.coding = codeStruct
		p.fields = ordered(t, e.structFields(t, nil, nil))
	case reflect.String:
		p.coding = codeString
	case reflect.Bool:
		p.coding = codeBool
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		p.coding = codeInt
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		p.coding = codeUint
	case reflect.Float32, reflect.Float64:
		p.coding = codeFloat
	case reflect.Map:
		p.coding, p.elem = codeMap, e.planOf(t.Elem())
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			p.coding = codeBytes
			return
		}
		p.coding, p.elem = codeList, e.planOf(t.Elem())
		p.flow = isScalar(p.elem) || slices.Contains(flowLists, t.Elem().Name())
	default:
		p.coding = codeMarshaler // fails when it is met
	}
}

func isScalar(p *plan) bool { return p.coding >= codeString && p.coding <= codeFloat }

// structFields lists the fields of t and of the structs that it embeds inline.
func (e *encoder) structFields(t reflect.Type, at []int, out []field) []field {
	for i := range t.NumField() {
		sf := t.Field(i)
		name, options, _ := strings.Cut(sf.Tag.Get("json"), ",")
		index := append(slices.Clone(at), i)
		switch {
		case !sf.IsExported() || name == "-" || name == "status" && strings.HasSuffix(sf.Type.Name(), "Status"):
			continue
		case sf.Anonymous && name == "" && sf.Type.Kind() == reflect.Struct:
			out = e.structFields(sf.Type, index, out)
			continue
		}
		if name == "" {
			name = sf.Name
		}
		out = append(out, field{
			name: name, index: index, plan: e.planOf(sf.Type),
			optional: strings.Contains(options, "omitempty") || strings.Contains(options, "omitzero"),
			octal:    name == "defaultMode" || name == "mode" && sf.Type == reflect.TypeFor[*int32](),
			quote:    isQuoted(t, name),
		})
	}
	return out
}

// ordered puts the fields that [fieldOrder] names first, in that order.
func ordered(t reflect.Type, fields []field) []field {
	var first []string
	for _, o := range fieldOrder {
		if o.of == t.Name() {
			first = o.first
		}
	}
	rank := func(name string) int {
		if i := slices.Index(first, name); i >= 0 {
			return i
		}
		if i := slices.Index(objectOrder, name); i >= 0 {
			return i
		}
		return len(first) + len(objectOrder)
	}
	slices.SortStableFunc(fields, func(a, b field) int { return rank(a.name) - rank(b.name) })
	return fields
}

// isPrintable reports whether text can stand in the data of a ConfigMap as it is.
func isPrintable(text string) bool {
	for _, r := range text {
		if r == unicode.ReplacementChar || r == 0xfeff || r < 0x20 && r != '\n' && r != '\t' && r != '\r' {
			return false
		}
	}
	return true
}
