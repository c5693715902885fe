package load

import (
	"slices"

	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// contexts writes out the default of build.context in files of other folders than the project's: there it is the folder
// of the file, as in compose-go, which sets defaults for each include. A layer over one that builds the same service adds
// to that build, and has no context of its own.
func (l *loader) contexts() {
	if !slices.ContainsFunc(l.layers, func(y *layer) bool { return y.dir != "." && y.dir != "" }) {
		return
	}
	built := l.repos.built()
	for _, y := range l.layers {
		services := y.root.Get("services")
		if services == nil || services.Kind != tree.Map {
			continue
		}
		var fields []tree.Field
		for i := range services.Fields {
			fd := &services.Fields[i]
			v := y.context(fd.Value, built, fd.Key)
			if v == fd.Value {
				continue
			}
			if fields == nil {
				fields = slices.Clone(services.Fields)
			}
			fields[i].Value = v
		}
		if fields != nil {
			y.root = y.root.Set("services", source.Span{}, services.WithFields(fields))
		}
	}
}

// context is the service n of y with its build's context. built are the services that the layers below y build.
func (y *layer) context(n *tree.Node, built map[string]bool, name string) *tree.Node {
	if n.Mark != tree.Plain {
		delete(built, name) // what is below does not count
	}
	build := n.Get("build")
	if build == nil {
		return n
	}
	if build.Mark != tree.Plain {
		delete(built, name)
	}
	if build.Kind != tree.Map || build.Mark == tree.Reset {
		return n
	}
	first := !built[name]
	built[name] = true
	if !first || build.Find("context") >= 0 || y.dir == "." || y.dir == "" {
		return n
	}
	folder := tree.NewScalar(build.At, tree.String, y.dir)
	folder.Quoted = true
	return n.Set("build", source.Span{}, build.Set("context", build.At, folder))
}
