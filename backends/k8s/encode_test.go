package k8s

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/octocompose/octocompose/compiler/doc"
)

// filler fills objects with random values, some of them zero.
type filler struct{ r *rand.Rand }

// texts are strings that printers and readers of YAML stumble over.
var fillerTexts = []string{
	"", "a", "yes", "null", "~", "0x1F", "1e3", "012", "2001-01-01", "a: b", "a #b", "- a", "line\nline\n", "line\n\n", "  indented\n x",
	"tab\there", "ünïcode", "\u2028", "*a", "&a", "!tag", "{a}", "[a]", "a,b", "'", "\"", "\\", "%", "@", "`", "true ", " x", "a\r\nb", "=", "<<", "08",
}

func (f filler) value(v reflect.Value, depth int) {
	switch v.Type() {
	case reflect.TypeFor[metav1.Time]():
		v.Set(reflect.ValueOf(metav1.NewTime(time.Unix(1+f.r.Int64N(4e9), 0).UTC())))
		return
	case reflect.TypeFor[resource.Quantity]():
		q := *resource.NewMilliQuantity(f.r.Int64N(1e12), []resource.Format{resource.DecimalSI, resource.BinarySI, resource.DecimalExponent}[f.r.IntN(3)])
		v.Set(reflect.ValueOf(q))
		return
	case reflect.TypeFor[intstr.IntOrString]():
		x := intstr.FromInt32(int32(f.r.IntN(1000)))
		if f.r.IntN(2) == 0 {
			x = intstr.FromString(f.text())
		}
		v.Set(reflect.ValueOf(x))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if depth < 12 && f.r.IntN(3) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			f.value(v.Elem(), depth+1)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if sf := v.Type().Field(i); !sf.IsExported() || sf.Name == "ManagedFields" || sf.Name == "Status" && strings.HasSuffix(sf.Type.Name(), "Status") {
				continue
			}
			if f.r.IntN(3) > 0 {
				f.value(v.Field(i), depth+1)
			}
		}
	case reflect.Slice:
		if depth > 12 {
			return
		}
		s := reflect.MakeSlice(v.Type(), f.r.IntN(3), 3)
		for i := range s.Len() {
			f.value(s.Index(i), depth+1)
		}
		v.Set(s)
	case reflect.Map:
		m := reflect.MakeMap(v.Type())
		for range f.r.IntN(3) {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			key.SetString(f.text() + "k")
			f.value(value, depth+1)
			m.SetMapIndex(key, value)
		}
		v.Set(m)
	case reflect.String:
		v.SetString(f.text())
	case reflect.Bool:
		v.SetBool(f.r.IntN(2) == 0)
	case reflect.Int32, reflect.Int64, reflect.Int:
		v.SetInt(f.r.Int64N(2000) - 1000)
	case reflect.Uint8:
		v.SetUint(uint64(f.r.IntN(256)))
	default:
		panic(fmt.Sprintf("cannot fill a %s", v.Type()))
	}
}

func (f filler) text() string { return fillerTexts[f.r.IntN(len(fillerTexts))] }

// TestEncodeReadsBack: an object, printed, decodes strictly into an equal object, whatever it holds, and says nothing
// that means nothing.
func TestEncodeReadsBack(t *testing.T) {
	f := filler{rand.New(rand.NewPCG(1, 2))}
	kinds := []func() any{
		func() any { return &appsv1.Deployment{} }, func() any { return &appsv1.StatefulSet{} }, func() any { return &appsv1.DaemonSet{} },
		func() any { return &batchv1.Job{} }, func() any { return &corev1.Service{} }, func() any { return &corev1.ConfigMap{} },
		func() any { return &corev1.PersistentVolumeClaim{} }, func() any { return &corev1.Namespace{} },
		func() any { return &corev1.ServiceAccount{} }, func() any { return &networkingv1.NetworkPolicy{} },
		func() any { return &policyv1.PodDisruptionBudget{} }, func() any { return &rbacv1.Role{} }, func() any { return &rbacv1.RoleBinding{} },
	}
	for _, kind := range kinds {
		enc := newEncoder()
		for range 60 {
			want := kind()
			f.value(reflect.ValueOf(want).Elem(), 0)
			v, err := enc.object(want)
			if err != nil {
				t.Fatal(err)
			}
			noNoise(t, v, reflect.TypeOf(want).String())
			data, _ := doc.YAML(v)
			if err := readBack(data, want); err != nil {
				t.Fatalf("%T: %v\n%s", want, err, data)
			}
		}
	}
}

// noNoise fails on null, on empty lists and on a status.
func noNoise(t *testing.T, v *doc.Value, at string) {
	t.Helper()
	if v.Kind == doc.Null || v.Kind == doc.List && len(v.Items) == 0 {
		t.Fatalf("%s: null or an empty list", at)
	}
	for _, it := range v.Items {
		noNoise(t, it, at)
	}
	for _, x := range v.Fields {
		if x.Key == "status" && x.Value.Kind == doc.Map || x.Key == "creationTimestamp" && x.Value.Text == "" {
			t.Fatalf("%s: %s", at, x.Key)
		}
		noNoise(t, x.Value, at+"."+x.Key)
	}
}

// TestOrderNames: what fieldOrder and flowTypes name is there. A name that Kubernetes dropped would say nothing and
// rot.
func TestOrderNames(t *testing.T) {
	enc := newEncoder()
	for _, v := range []any{
		&appsv1.Deployment{}, &appsv1.StatefulSet{}, &appsv1.DaemonSet{}, &batchv1.Job{}, &corev1.Service{}, &corev1.ConfigMap{},
		&corev1.PersistentVolumeClaim{}, &networkingv1.NetworkPolicy{}, &policyv1.PodDisruptionBudget{}, &rbacv1.Role{}, &rbacv1.RoleBinding{},
	} {
		enc.planOf(reflect.TypeOf(v))
	}
	types := map[string]*plan{}
	for rt, p := range enc.plans {
		types[rt.Name()] = p
	}
	seen := map[string]bool{}
	for _, o := range fieldOrder {
		if seen[o.of] {
			t.Errorf("%s stands twice", o.of)
		}
		seen[o.of] = true
		p := types[o.of]
		if p == nil {
			t.Errorf("no type %s", o.of)
			continue
		}
		for _, name := range o.first {
			found := false
			for _, f := range p.fields {
				found = found || f.name == name
			}
			if !found {
				t.Errorf("%s has no field %s", o.of, name)
			}
		}
	}
	for _, name := range append(flowTypes, flowLists...) {
		if types[name] == nil {
			t.Errorf("no type %s", name)
		}
	}
}

// TestVerifyFinds: what differs from the intent is found, so the comparison is one.
func TestVerifyFinds(t *testing.T) {
	want := &corev1.ServiceAccount{TypeMeta: typeMeta(corev1.SchemeGroupVersion, "ServiceAccount"), AutomountServiceAccountToken: ptr(false)}
	want.Name = "web"
	good := "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: web\nautomountServiceAccountToken: false\n"
	if err := readBack([]byte(good), want); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{
		strings.Replace(good, "false", "true", 1), strings.Replace(good, "web", "wob", 1), good + "extra: 1\n", good + "kind: Secret\n",
	} {
		if err := readBack([]byte(bad), want); err == nil {
			t.Errorf("accepted:\n%s", bad)
		}
	}
}
