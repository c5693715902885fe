package k8s

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/tree"
)

// patcher merges a patch into one object, as kubectl patch --type=strategic does: mappings are merged, null deletes,
// and a list is merged by key or replaced, as the patchStrategy and patchMergeKey of the type's fields say (Kubernetes:
// Update API Objects in Place Using kubectl patch). It writes the object in place and checks every step against the
// type, so that a mistake is reported at its place in the config. New items of a list come last.
type patcher struct {
	l     *lowering
	fixed []string // paths that must not change
	tail  string   // the comment at what it wrote
	notes []note   // where that came from
	// inside is how many values on the way down are new: the comment stands at the first alone.
	inside int
	// gone are the paths below which notes of the lowering have lost their place, and moved the lists whose items did.
	gone  []string
	moved []movedList
}

// movedList is a list from which items were taken: at is its path, index the items by their old numbers.
type movedList struct {
	at    string
	index []int
}

// merging is how a list is patched, from the tags of its field.
type merging struct {
	byKey bool
	key   string // of mappings; "" for scalars
}

// fault reports a mistake in the patch.
func (p *patcher) fault(c diag.Code, from tree.Path, format string, args ...any) *diag.Diagnostic {
	d := p.l.ds.Error(c, from, format, args...)
	d.Target = p.l.t.Name
	return d
}

// value merges n into v, which can be set. at is the path in the object, with a space after each step but the last.
func (p *patcher) value(v reflect.Value, n *tree.Node, at string, from tree.Path, how merging) {
	switch directive := n.Get("$patch"); {
	case n.Kind == tree.Unknown:
		return
	case slices.Contains(p.fixed, at):
		p.keep(v, n, at, from)
		return
	case n.Kind == tree.Null, directive != nil && directive.Text == "delete":
		v.SetZero()
		p.gone = append(p.gone, at)
		return
	case directive != nil && directive.Text == "replace":
		v.SetZero()
		p.gone = append(p.gone, at)
	case directive != nil && directive.Text != "merge":
		p.fault(diag.Enum, from.Key("$patch"), "cannot use %q; want merge, replace or delete", directive.Text)
		return
	}
	fresh := at != "" && v.IsZero() && !n.Kind.IsScalar()
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		v = v.Elem()
	}
	if replaced := v.Kind() == reflect.Slice && (!how.byKey || isReplace(n)); replaced && n.Kind == tree.List {
		v.SetZero()
		p.gone = append(p.gone, at)
		fresh = true
	}
	if fresh {
		p.wrote(at, from)
		p.inside++
		defer func() { p.inside-- }()
	}
	if p.special(v, n, at, from) {
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		if p.isA(tree.Map, n, from) {
			p.fields(v, n, at, from)
		}
	case reflect.Map:
		if p.isA(tree.Map, n, from) {
			p.entries(v, n, at, from)
		}
	case reflect.Slice:
		if p.isA(tree.List, n, from) {
			p.list(v, n, at, from, how)
		}
	default:
		p.scalar(v, n, at, from)
	}
}

// isA reports whether n is of the kind, and says so when it is not.
func (p *patcher) isA(k tree.Kind, n *tree.Node, from tree.Path) bool {
	if n.Kind != k {
		p.fault(diag.Type, from, "cannot use a %s; want a %s", n.Kind, k)
	}
	return n.Kind == k
}

// keep reports a change of what must not change.
func (p *patcher) keep(v reflect.Value, n *tree.Node, at string, from tree.Path) {
	if n.Kind.IsScalar() && v.Kind() == reflect.String && v.String() == n.Text {
		return
	}
	p.fault(diag.Unsupported, from, "cannot change %s: others find the object, or its pods, by it", strings.ReplaceAll(at, " ", ".")).
		OnKey().Helpf("delete the line")
}

// wrote notes that the value at the path is the patch's.
func (p *patcher) wrote(at string, from tree.Path) {
	n := note{at: at, origin: from}
	if p.inside == 0 {
		n.tail = p.tail
	}
	p.notes = append(p.notes, n)
}

// special sets what has a spelling of its own: an amount, a port by number or name, bytes, a time.
func (p *patcher) special(v reflect.Value, n *tree.Node, at string, from tree.Path) bool {
	switch t := v.Type(); {
	case t == quantityType:
		q, err := resource.ParseQuantity(n.Text)
		if err != nil || !n.Kind.IsScalar() {
			p.fault(diag.Type, from, "cannot use %s as an amount; want a number such as 500m or 64Mi", written(n))
			return true
		}
		v.Set(reflect.ValueOf(q))
	case t == intOrStringType:
		if !n.Kind.IsScalar() {
			return !p.isA(tree.String, n, from)
		}
		x := intstr.FromString(n.Text)
		if i, err := strconv.ParseInt(n.Text, 10, 32); err == nil && n.Kind == tree.Int && !n.Quoted {
			x = intstr.FromInt32(int32(i))
		}
		v.Set(reflect.ValueOf(x))
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		data, err := base64.StdEncoding.DecodeString(n.Text)
		if err != nil || n.Kind != tree.String {
			p.fault(diag.Type, from, "cannot use %s; want bytes in base64", written(n))
			return true
		}
		v.SetBytes(data)
	case reflect.PointerTo(t).Implements(unmarshalerType):
		text, _ := json.Marshal(n.Text)
		if err := v.Addr().Interface().(json.Unmarshaler).UnmarshalJSON(text); err != nil || !n.Kind.IsScalar() {
			p.fault(diag.Type, from, "cannot use %s as a %s", written(n), t.Name())
			return true
		}
	default:
		return false
	}
	p.wrote(at, from)
	return true
}

var unmarshalerType = reflect.TypeFor[json.Unmarshaler]()

// written is a value as messages show it.
func written(n *tree.Node) string {
	if n.Kind.IsScalar() {
		return strconv.Quote(n.Text)
	}
	return "a " + n.Kind.String()
}

// scalar sets a text, a number or a truth value.
func (p *patcher) scalar(v reflect.Value, n *tree.Node, at string, from tree.Path) {
	bad := func(want string) {
		p.fault(diag.Type, from, "cannot use %s; want %s", written(n), want)
	}
	switch v.Kind() {
	case reflect.String:
		if n.Kind != tree.String {
			if bad("a string"); n.Kind.IsScalar() {
				p.l.ds[len(p.l.ds)-1].Helpf("put it in quotes")
			}
			return
		}
		if v.String() == n.Text { // the key of an item
			return
		}
		v.SetString(n.Text)
	case reflect.Bool:
		if n.Kind != tree.Bool {
			bad("true or false")
			return
		}
		v.SetBool(strings.EqualFold(n.Text, "true"))
	case reflect.Int, reflect.Int32, reflect.Int64:
		i, err := strconv.ParseInt(n.Text, base(at, n.Text), 64)
		if n.Kind != tree.Int || err != nil || v.OverflowInt(i) {
			bad("an integer")
			return
		}
		v.SetInt(i)
	default:
		p.fault(diag.Unsupported, from, "cannot patch a %s", v.Type())
		return
	}
	p.wrote(at, from)
}

// base is 8 for a mode with a zero before it, as everywhere in the config.
func base(at, text string) int {
	if name := at[strings.LastIndexByte(at, ' ')+1:]; (name == "mode" || name == "defaultMode") && len(text) > 1 && text[0] == '0' {
		if strings.HasPrefix(text, "0o") {
			return 0
		}
		return 8
	}
	return 10
}

// fields merges a mapping into a struct.
func (p *patcher) fields(v reflect.Value, n *tree.Node, at string, from tree.Path) {
	known := typeFields(v.Type(), nil)
	for i := range n.Fields {
		key := n.Fields[i].Key
		if key == "$patch" {
			continue
		}
		j := slices.IndexFunc(known, func(f patchField) bool { return f.name == key })
		if j < 0 {
			p.unknown(v.Type(), key, known, from.Key(key))
			continue
		}
		field := v.FieldByIndex(known[j].index)
		p.value(field, n.Fields[i].Value, strings.TrimPrefix(at+" "+key, " "), from.Key(key), known[j].how)
	}
}

// unknown reports a field that the type has not.
func (p *patcher) unknown(t reflect.Type, key string, known []patchField, from tree.Path) {
	if strings.HasPrefix(key, "$") {
		p.fault(diag.Unsupported, from, "cannot use the directive %q", key).OnKey().Helpf("$patch: merge, replace and delete are known")
		return
	}
	names := make([]string, len(known))
	for i, f := range known {
		names[i] = f.name
	}
	d := p.fault(diag.UnknownKey, from, "a %s has no field %q", t.Name(), key).OnKey()
	if near := diag.Near(key, names); near != "" {
		d.Helpf("did you mean %q?", near)
	}
}

// patchField is a field of a type of the API.
type patchField struct {
	name  string
	index []int
	how   merging
}

// typeFields lists the fields of t by their JSON names, but the status, which the cluster writes.
func typeFields(t reflect.Type, at []int) []patchField {
	var out []patchField
	for i := range t.NumField() {
		sf := t.Field(i)
		name, _, _ := strings.Cut(sf.Tag.Get("json"), ",")
		index := append(slices.Clone(at), i)
		switch {
		case !sf.IsExported() || name == "-" || name == "status" && strings.HasSuffix(sf.Type.Name(), "Status"):
			continue
		case sf.Anonymous && name == "":
			out = append(out, typeFields(sf.Type, index)...)
			continue
		}
		how := merging{key: sf.Tag.Get("patchMergeKey")}
		how.byKey = slices.Contains(strings.Split(sf.Tag.Get("patchStrategy"), ","), "merge")
		out = append(out, patchField{name: name, index: index, how: how})
	}
	return out
}

// entries merges a mapping into a map.
func (p *patcher) entries(v reflect.Value, n *tree.Node, at string, from tree.Path) {
	if v.IsNil() {
		v.Set(reflect.MakeMap(v.Type()))
	}
	for i := range n.Fields {
		key, item := n.Fields[i].Key, n.Fields[i].Value
		if key == "$patch" {
			continue
		}
		k := reflect.ValueOf(key).Convert(v.Type().Key())
		if item.Kind == tree.Null {
			v.SetMapIndex(k, reflect.Value{})
			continue
		}
		elem := reflect.New(v.Type().Elem()).Elem()
		if have := v.MapIndex(k); have.IsValid() {
			elem.Set(have)
		}
		p.value(elem, item, at+" "+key, from.Key(key), merging{})
		v.SetMapIndex(k, elem)
	}
}

// isReplace reports whether a list says that it takes the place of the old one: an item {$patch: replace}.
func isReplace(n *tree.Node) bool { return slices.ContainsFunc(n.Items, isReplaceItem) }

func isReplaceItem(it *tree.Node) bool {
	return it.Kind == tree.Map && len(it.Fields) == 1 && it.Str("$patch") == "replace"
}

// list adds the items of a list to what is there, merged by key.
func (p *patcher) list(v reflect.Value, n *tree.Node, at string, from tree.Path, how merging) {
	var removed []int
	for i, it := range n.Items {
		p.item(v, it, at, from.Index(i), how, &removed)
	}
	if len(removed) == 0 {
		return
	}
	kept := reflect.MakeSlice(v.Type(), 0, v.Len())
	for i := range v.Len() {
		if !slices.Contains(removed, i) {
			kept = reflect.Append(kept, v.Index(i))
		}
	}
	v.Set(kept)
	p.moved = append(p.moved, movedList{at, removed})
}

// item merges one item of a list. Items to be taken away are marked, so that the numbers of the others stay until all
// are done.
func (p *patcher) item(v reflect.Value, it *tree.Node, at string, from tree.Path, how merging, removed *[]int) {
	if isReplaceItem(it) {
		return
	}
	i := v.Len()
	if how.byKey && it.Kind == tree.Map && how.key != "" {
		key := it.Get(how.key)
		if key == nil || !key.Kind.IsScalar() {
			p.fault(diag.Required, from, "cannot find the item to patch: %q is missing", how.key).
				Helpf("items of this list are told apart by %s", how.key)
			return
		}
		i = find(v, how.key, key.Text, *removed)
		if it.Str("$patch") == "delete" {
			if i < v.Len() {
				*removed = append(*removed, i)
				return
			}
			p.fault(diag.UnknownRef, from.Key(how.key), "cannot delete %q: there is no such item", key.Text)
			return
		}
	} else if how.byKey && it.Kind.IsScalar() {
		for j := range v.Len() {
			if v.Index(j).Kind() == reflect.String && v.Index(j).String() == it.Text {
				return
			}
		}
	}
	if i == v.Len() {
		v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
	}
	p.value(v.Index(i), it, fmt.Sprint(at, " ", i), from, merging{})
}

// find is the item of the list whose field key is text, or the length of the list.
func find(v reflect.Value, key, text string, removed []int) int {
	fields := typeFields(v.Type().Elem(), nil)
	j := slices.IndexFunc(fields, func(f patchField) bool { return f.name == key })
	for i := range v.Len() {
		if x := v.Index(i).FieldByIndex(fields[j].index); fmt.Sprint(x.Interface()) == text && !slices.Contains(removed, i) {
			return i
		}
	}
	return v.Len()
}
