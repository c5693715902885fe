package check

import (
	"reflect"
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

// decodeFunc puts the value of n, which is neither nil nor unknown, into v. It reports whether it could; what it could
// not it has noted.
type decodeFunc func(d *decoder, p tree.Path, n *tree.Node, v reflect.Value) bool

// plan is how one struct is decoded, worked out once from its tags.
type plan struct {
	fields map[string]fieldPlan // by key of the schema
	ext    int                  // the field with the x- keys, or -1
	path   int                  // the field with the address, or -1
	paths  bool                 // this struct, or one below it, wants its address
}

type fieldPlan struct {
	index  int
	decode decodeFunc
	paths  bool
}

// decoder decodes one tree. Its plans live as long as it does, so that there is no state in the package.
type decoder struct {
	plans map[reflect.Type]*plan
	bad   []misfit
}

// misfit is a value that does not fit the model. The schema has reported it already, as a rule; see report.
type misfit struct {
	node *tree.Node
	as   string // "a duration"
}

func newDecoder() *decoder { return &decoder{plans: map[reflect.Type]*plan{}} }

// decode puts n into the struct that ptr points at.
func (d *decoder) decode(p tree.Path, n *tree.Node, ptr any) {
	v := reflect.ValueOf(ptr).Elem()
	d.structure(d.plan(v.Type()), p, n, v)
}

func (d *decoder) misfit(n *tree.Node, as string) bool {
	d.bad = append(d.bad, misfit{n, as})
	return false
}

var (
	pathType      = reflect.TypeFor[tree.Path]()
	extensionType = reflect.TypeFor[[]model.Extension]()
)

// tag is the parsed tag of a field.
type tag struct {
	name       string
	key, value string
}

func parseTag(text string) tag {
	name, rest, _ := strings.Cut(text, ",")
	t := tag{name: name}
	for rest != "" {
		var opt string
		opt, rest, _ = strings.Cut(rest, ",")
		switch k, v, _ := strings.Cut(opt, "="); k {
		case "key":
			t.key = v
		case "value":
			t.value = v
		}
	}
	return t
}

// plan is the plan for a struct type. The types of the model do not contain themselves.
func (d *decoder) plan(t reflect.Type) *plan {
	if pl := d.plans[t]; pl != nil {
		return pl
	}
	pl := &plan{fields: make(map[string]fieldPlan, t.NumField()), ext: -1, path: -1}
	d.plans[t] = pl
	for i := range t.NumField() {
		f := t.Field(i)
		text, tagged := f.Tag.Lookup("octo")
		switch {
		case f.Type == extensionType:
			pl.ext = i
		case f.Type == pathType && !tagged && f.Name == "Path":
			pl.path, pl.paths = i, true
		case tagged && text != "-" && f.IsExported():
			tg := parseTag(text)
			decode, paths := d.codec(f.Type, tg)
			pl.fields[tg.name] = fieldPlan{index: i, decode: decode, paths: paths}
			pl.paths = pl.paths || paths
		}
	}
	return pl
}

// codec chooses how a value of type t is decoded, and says whether it needs addresses.
func (d *decoder) codec(t reflect.Type, tg tag) (f decodeFunc, paths bool) {
	if f := scalarCodec(t); f != nil {
		return f, false
	}
	switch {
	case t == reflect.TypeFor[[]string]():
		return decodeStrings, false
	case t == reflect.TypeFor[[]model.Pair]():
		return decodePairs, false
	case t.Kind() == reflect.Pointer:
		elem, paths := d.codec(t.Elem(), tg)
		return func(d *decoder, p tree.Path, n *tree.Node, v reflect.Value) bool {
			if n.Kind == tree.Null {
				return true
			}
			to := reflect.New(t.Elem())
			if !elem(d, p, n, to.Elem()) {
				return false
			}
			v.Set(to)
			return true
		}, paths
	case t.Kind() == reflect.Struct:
		pl := d.plan(t)
		return func(d *decoder, p tree.Path, n *tree.Node, v reflect.Value) bool {
			return d.structure(pl, p, n, v)
		}, pl.paths
	case t.Kind() == reflect.Slice && tg.key != "":
		return d.keyed(t.Elem(), tg)
	case t.Kind() == reflect.Slice:
		return d.sequence(t.Elem())
	}
	panic("no way to decode a " + t.String()) // a field of the model of a type that nobody thought of; a test decodes all
}

// structure puts a mapping into a struct. Null leaves it zero but for its address.
func (d *decoder) structure(pl *plan, p tree.Path, n *tree.Node, v reflect.Value) bool {
	if pl.path >= 0 {
		*v.Field(pl.path).Addr().Interface().(*tree.Path) = p
	}
	if n == nil || n.Kind == tree.Null || n.Kind == tree.Unknown {
		return true
	}
	if n.Kind != tree.Map {
		return d.misfit(n, "a mapping")
	}
	extensions := 0
	for i := range n.Fields {
		f := &n.Fields[i]
		fp, known := pl.fields[f.Key]
		if !known {
			if strings.HasPrefix(f.Key, "x-") {
				extensions++
			}
			continue
		}
		if f.Value == nil || f.Value.Kind == tree.Unknown {
			continue
		}
		at := p
		if fp.paths {
			at = p.Key(f.Key)
		}
		fp.decode(d, at, f.Value, v.Field(fp.index))
	}
	if extensions > 0 && pl.ext >= 0 {
		*v.Field(pl.ext).Addr().Interface().(*[]model.Extension) = extensionsOf(n, extensions)
	}
	return true
}

// extensionsOf are the x- keys of n, of which there are count, sorted.
func extensionsOf(n *tree.Node, count int) []model.Extension {
	out := make([]model.Extension, 0, count)
	for i := range n.Fields {
		if strings.HasPrefix(n.Fields[i].Key, "x-") {
			out = append(out, model.Extension{Key: n.Fields[i].Key, Value: n.Fields[i].Value})
		}
	}
	slices.SortFunc(out, func(a, b model.Extension) int { return strings.Compare(a.Key, b.Key) })
	return out
}

// keyed makes a slice of structs, or of pointers to them, from a mapping.
func (d *decoder) keyed(elem reflect.Type, tg tag) (decodeFunc, bool) {
	item := elem
	if elem.Kind() == reflect.Pointer {
		item = elem.Elem()
	}
	pl := d.plan(item)
	keyField, _ := item.FieldByName(tg.key)
	key, value := keyField.Index[0], -1
	var whole decodeFunc
	if tg.value != "" {
		f, _ := item.FieldByName(tg.value)
		value = f.Index[0]
		whole, _ = d.codec(f.Type, tag{})
	}
	return func(d *decoder, p tree.Path, n *tree.Node, v reflect.Value) bool {
		if n.Kind == tree.Null {
			return true
		}
		if n.Kind != tree.Map {
			return d.misfit(n, "a mapping")
		}
		v.Grow(len(n.Fields))
		v.SetLen(len(n.Fields))
		order := byKey(n)
		for i := range n.Fields {
			f := &n.Fields[i]
			if order != nil {
				f = &n.Fields[order[i]]
			}
			to := v.Index(i)
			if elem.Kind() == reflect.Pointer {
				to.Set(reflect.New(item))
				to = to.Elem()
			}
			to.Field(key).SetString(f.Key)
			if whole != nil && f.Value != nil && f.Value.Kind != tree.Map && f.Value.Kind != tree.Unknown {
				whole(d, p, f.Value, to.Field(value))
				continue
			}
			at := p
			if pl.paths {
				at = p.Key(f.Key)
			}
			d.structure(pl, at, f.Value, to)
		}
		return true
	}, pl.paths
}

// byKey is the order of n's fields sorted by key, or nil when they stand in it.
func byKey(n *tree.Node) []int32 {
	sorted := true
	for i := 1; i < len(n.Fields) && sorted; i++ {
		sorted = n.Fields[i-1].Key < n.Fields[i].Key
	}
	if sorted {
		return nil
	}
	order := make([]int32, len(n.Fields))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return strings.Compare(n.Fields[a].Key, n.Fields[b].Key) })
	return order
}

// sequence makes a slice of structs from a list. An item that is unknown stays zero, so that item i is at index i.
func (d *decoder) sequence(elem reflect.Type) (decodeFunc, bool) {
	item, paths := d.codec(elem, tag{})
	return func(d *decoder, p tree.Path, n *tree.Node, v reflect.Value) bool {
		if n.Kind == tree.Null {
			return true
		}
		if n.Kind != tree.List {
			return d.misfit(n, "a list")
		}
		v.Grow(len(n.Items))
		v.SetLen(len(n.Items))
		for i, it := range n.Items {
			if it == nil || it.Kind == tree.Unknown {
				continue
			}
			at := p
			if paths {
				at = p.Index(i)
			}
			item(d, at, it, v.Index(i))
		}
		return true
	}, paths
}
