package load

import (
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// hookLists are the lists of a service whose items have an environment of their own.
var hookLists = [...]string{"pre_start", "post_start", "pre_stop"}

// bare gives the variables of environment and build.args that stand without a value (environment: [KEY]) the value that
// the scope of the file has for them: that of .env or of variables, as Compose does. One that nothing sets stays without;
// what becomes of it depends on the target.
func bare(root *tree.Node, env *scope) *tree.Node {
	return within(root, "services", func(services *tree.Node) *tree.Node {
		if services.Kind != tree.Map {
			return services
		}
		return services.Each(func(s *tree.Node) *tree.Node { return bareService(s, env) })
	})
}

func bareService(s *tree.Node, env *scope) *tree.Node {
	fill := func(n *tree.Node) *tree.Node { return bareValues(n, env) }
	s = within(s, "environment", fill)
	s = within(s, "build", func(b *tree.Node) *tree.Node { return within(b, "args", fill) })
	for _, key := range hookLists {
		s = within(s, key, func(list *tree.Node) *tree.Node {
			if list.Kind != tree.List {
				return list
			}
			return list.Each(func(it *tree.Node) *tree.Node { return within(it, "environment", fill) })
		})
	}
	return s
}

// bareValues fills one mapping of variables.
func bareValues(n *tree.Node, env *scope) *tree.Node {
	if n.Kind != tree.Map {
		return n
	}
	var fields []tree.Field
	for i := range n.Fields {
		fd := &n.Fields[i]
		if fd.Value.Kind != tree.Null || fd.Value.Mark != tree.Plain {
			continue
		}
		v := fd.Value
		if env.Unknown(fd.Key) {
			v = tree.NewScalar(v.At, tree.Unknown, "") // reported
		} else if text, ok := env.taken(fd.Key); ok {
			v = tree.NewScalar(v.At, tree.String, text)
			v.Quoted = true
		} else {
			continue
		}
		if fields == nil {
			fields = append(fields, n.Fields...)
		}
		fields[i].Value = v
	}
	if fields == nil {
		return n
	}
	return n.WithFields(fields)
}

// within is n with the value of key replaced by what f makes of it; n itself when nothing changes.
func within(n *tree.Node, key string, f func(*tree.Node) *tree.Node) *tree.Node {
	i := n.Find(key)
	if i < 0 {
		return n
	}
	v := f(n.Fields[i].Value)
	if v == n.Fields[i].Value {
		return n
	}
	return n.Set(key, source.Span{}, v)
}
