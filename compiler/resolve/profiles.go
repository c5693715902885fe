package resolve

import (
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// profiles warns of profiles that are asked for and that no service has. Those of services that are not enabled count.
func (r *resolver) profiles() {
	if len(r.p.Profiles) == 0 || r.o.Broken {
		return
	}
	var known []string
	services := r.root.Get("services")
	if services == nil {
		return
	}
	for i := range services.Fields {
		if list := services.Fields[i].Value.Get("profiles"); list != nil {
			for _, it := range list.Items {
				known = append(known, it.Text)
			}
		}
	}
	slices.Sort(known)
	known = slices.Compact(known)
	for _, name := range r.p.Profiles {
		if _, ok := slices.BinarySearch(known, name); ok || name == "*" {
			continue
		}
		flag := source.Span{Pos: source.Pos{File: &source.File{Name: "--profile", Rel: "--profile"}}}
		d := r.found.Warn(diag.UnknownRef, tree.Root, "no service has the profile %q", name).AtSpan(flag)
		switch near := r.near(name, known); {
		case near != "":
			d.Helpf("did you mean %q?", near)
		case len(known) == 0:
			d.Helpf("leave it out: no service has profiles")
		default:
			d.Helpf("the profiles are %s", strings.Join(known, ", "))
		}
	}
}
