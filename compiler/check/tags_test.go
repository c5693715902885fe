package check

import (
	"reflect"
	"slices"
	"testing"

	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/shape"
)

// Every field of the model has a tag, and every tag a field of the schema: a field of one that the other lacks would
// be lost without a word.
func TestTagsAndSchema(t *testing.T) {
	def := compiled(t).Def("#Project")
	if def == nil || def.Map == nil {
		t.Fatal("the schema has no #Project")
	}
	v := tagWalk{t: t, seen: map[reflect.Type]bool{}}
	v.structure(reflect.TypeFor[model.Project](), def, "Project")
	for _, want := range []any{model.Service{}, model.Host{}, model.Ulimit{}, model.MountTmpfs{}, model.DeviceRequest{}, model.Target{}, model.IPAMPool{}, model.GRPCCheck{}, model.Preference{}} {
		if !v.seen[reflect.TypeOf(want)] {
			t.Errorf("the walk did not reach %T: the test is broken", want)
		}
	}
}

// oneSided are fields of a struct that stands in two places, of which the schema has the field in one.
var oneSided = []string{
	"Project.Services.Deploy.Resources.Limits.Devices",
	"Project.Services.Deploy.Resources.Reservations.Pids",
	"Project.Services.PerReplica", // of the containers of pre_start
}

// inner is the place where a service stands in a service, with a part of its fields: as a container of pre_start.
const inner = "Project.Services.PreStart"

type tagWalk struct {
	t    *testing.T
	seen map[reflect.Type]bool
}

func (w *tagWalk) structure(typ reflect.Type, s *shape.Shape, at string) {
	w.seen[typ] = true
	for i := range typ.NumField() {
		f := typ.Field(i)
		if !f.IsExported() || f.Type == extensionType {
			continue
		}
		text, tagged := f.Tag.Lookup("octo")
		where := at + "." + f.Name
		switch {
		case f.Type == pathType && !tagged, text == "-":
		case !tagged || text == "":
			w.t.Errorf("%s has no tag", where)
		default:
			tg := parseTag(text)
			var field *shape.Field
			if s.Map != nil {
				field = s.Map.Lookup(tg.name)
			}
			if slices.Contains(oneSided, where) {
				if field != nil {
					w.t.Errorf("%s is not one-sided any more", where)
				}
				continue
			}
			if at == inner && (field == nil || tg.name == "pre_start") {
				continue
			}
			if field == nil || field.Value == nil {
				w.t.Errorf("%s: the schema has no field %q here", where, tg.name)
				continue
			}
			w.value(f.Type, tg, field.Value, where)
		}
	}
}

// value looks into what a field holds, where that is a struct of the model.
func (w *tagWalk) value(typ reflect.Type, tg tag, s *shape.Shape, at string) {
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	switch {
	case scalarCodec(typ) != nil, typ == reflect.TypeFor[[]model.Pair](), typ == reflect.TypeFor[[]string]():
	case typ.Kind() == reflect.Struct:
		w.structure(typ, s, at)
	case typ.Kind() == reflect.Slice && tg.key != "":
		elem := typ.Elem()
		if elem.Kind() == reflect.Pointer {
			elem = elem.Elem()
		}
		for _, name := range []string{tg.key, tg.value} {
			if _, ok := elem.FieldByName(name); name != "" && !ok {
				w.t.Errorf("%s: %s has no field %s", at, elem, name)
			}
		}
		if s.Map == nil || len(s.Map.Patterns) == 0 {
			w.t.Errorf("%s: the schema has no mapping of names here", at)
			return
		}
		w.structure(elem, s.Map.Patterns[0].Field.Value, at)
	case typ.Kind() == reflect.Slice:
		if s.List == nil || s.List.Elem == nil {
			w.t.Errorf("%s: the schema has no list here", at)
			return
		}
		elem := typ.Elem()
		if elem.Kind() == reflect.Pointer {
			elem = elem.Elem()
		}
		w.structure(elem, s.List.Elem, at)
	default:
		w.t.Errorf("%s: a type that the decoder does not know: %s", at, typ)
	}
}

// What is not tagged away can be decoded: a plan can be made for every type.
func TestPlans(t *testing.T) {
	d := newDecoder()
	pl := d.plan(reflect.TypeFor[model.Project]())
	if !pl.paths || pl.ext < 0 || len(d.plans) < 30 {
		t.Errorf("paths %v, extensions %d, %d types", pl.paths, pl.ext, len(d.plans))
	}
	var keys []string
	for k := range pl.fields {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	if want := []string{"configs", "models", "name", "networks", "notifications", "secrets", "services", "targets", "volumes"}; !slices.Equal(keys, want) {
		t.Errorf("keys %q, want %q", keys, want)
	}
}

func TestParseTag(t *testing.T) {
	for text, want := range map[string]tag{
		"a":                   {name: "a"},
		"a,key=K":             {name: "a", key: "K"},
		"a,key=K,value=V,x=y": {name: "a", key: "K", value: "V"},
		"-":                   {name: "-"},
	} {
		if got := parseTag(text); got != want {
			t.Errorf("parseTag(%q) = %+v", text, got)
		}
	}
}
