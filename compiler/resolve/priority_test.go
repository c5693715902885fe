package resolve

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/octocompose/octocompose/compiler/model"
)

func preceded(p *model.Project) string {
	var b strings.Builder
	for _, s := range p.Services {
		if len(s.Preceded) > 0 {
			fmt.Fprintf(&b, "%s after %s\n", s.Name, strings.Join(s.Preceded, ", "))
		}
	}
	return b.String()
}

func TestPriority(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"all alike", `services: {a: {image: x, priority: 5}, b: {image: x, priority: 5}}`, ""},
		{"the next level only", `services: {a: {image: x, priority: 9}, b: {image: x, priority: 5}, c: {image: x, priority: 5}, d: {image: x}, e: {image: x, priority: -1}}`,
			"b after a\nc after a\nd after b, c\ne after d\n"},
		{"what a dependency orders anyway", `services: {a: {image: x, priority: 9}, b: {image: x, depends_on: {a: {condition: service_started}}}, c: {image: x}}`, "c after a\n"},
		{"a dependency goes over a priority", `services: {a: {image: x, priority: 9, depends_on: {b: {condition: service_started}}}, b: {image: x}, c: {image: x}}`, "c after a\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, found := run(t, c.in, Options{})
			if found != "" {
				t.Error(found)
			}
			if got := preceded(p); got != c.want {
				t.Errorf("got\n%swant\n%s", got, c.want)
			}
		})
	}
}

// Whatever the dependencies and priorities are, both kinds of edges together have no ring.
func TestPrioritiesMakeNoRing(t *testing.T) {
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		var b strings.Builder
		b.WriteString("services:\n")
		n := 2 + rnd.IntN(9)
		for i := range n {
			fmt.Fprintf(&b, "  s%d: {image: x, priority: %d, depends_on: {", i, rnd.IntN(4))
			for j := range i {
				if rnd.IntN(4) == 0 {
					fmt.Fprintf(&b, "s%d: {condition: service_started}, ", j)
				}
			}
			b.WriteString("}}\n")
		}
		p, _ := run(t, b.String(), Options{})
		before := map[string][]string{}
		for _, s := range p.Services {
			before[s.Name] = append(before[s.Name], s.Preceded...)
			for _, d := range s.DependsOn {
				before[s.Name] = append(before[s.Name], d.Service)
			}
		}
		state := map[string]int{}
		var visit func(string) bool
		visit = func(name string) bool {
			switch state[name] {
			case 1:
				return false
			case 2:
				return true
			}
			state[name] = 1
			for _, other := range before[name] {
				if !visit(other) {
					return false
				}
			}
			state[name] = 2
			return true
		}
		for _, s := range p.Services {
			if !visit(s.Name) {
				t.Fatalf("a ring in\n%s%s", b.String(), preceded(p))
			}
		}
	}
}
