package octoctl

import (
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// artifacts puts what repos say of a service into it. Both spellings: docker and baremetal of the charts; binary, oci
// and source of the concept.
func (c *converter) artifacts(s *service, repo *tree.Node) {
	p := tree.Of("repos", "services", s.name)
	for _, f := range repo.Fields {
		q := p.Key(f.Key)
		switch f.Key {
		case "docker":
			if c.isMap(q, f.Value) {
				c.docker(s, q, f)
			}
		case "baremetal":
			if c.isMap(q, f.Value) {
				for _, g := range f.Value.Fields {
					if g.Key != "binary" && g.Key != "source" {
						c.unknown(q.Key(g.Key), g, "binary", "source")
					}
				}
				c.programs(s, q, f.Value)
			}
		case "oci":
			c.oci(s, q, f)
		case "binary", "source":
		default:
			c.unknown(q, f, "docker", "baremetal", "binary", "oci", "source")
		}
	}
	c.programs(s, p, repo)
}

// replace sets a key of the service that repos have the last word on, as in octoctl.
func (c *converter) replace(s *service, f tree.Field, key string, v *tree.Node) {
	if have := s.n.Get(key); have != nil && have.Kind != tree.Null && !tree.Equal(have, v) {
		c.ds.Warn(diag.Conflict, s.path.Key(key), "has no effect: repos.services.%s has the last word on it, as in octoctl",
			s.name).AtSpan(have.At).
			SeeSpan(f.KeyAt, "it says something else here").Helpf("change it there, or delete one of the two")
	}
	s.set(key, f.KeyAt, v)
}

// docker is repos.services.X.docker: the image, and what runs in it.
func (c *converter) docker(s *service, p tree.Path, f tree.Field) {
	n := f.Value
	image := c.image(p, f)
	for _, g := range n.Fields {
		switch g.Key {
		case "registry", "image", "tag":
		case "command", "entrypoint":
			if g.Value.Kind != tree.Null && (g.Value.Kind != tree.String || g.Value.Text != "") {
				c.replace(s, g, g.Key, g.Value)
			}
		case "build":
			if c.isMap(p.Key("build"), g.Value) {
				c.build(s, p.Key("build"), g)
			}
		default:
			c.unknown(p.Key(g.Key), g, "registry", "image", "tag", "command", "entrypoint", "build")
		}
	}
	if image != nil {
		c.replace(s, f, "image", image)
	} else if s.n.Get("build") == nil {
		c.ds.Error(diag.Required, p, "no image; want one, or build").OnKey().AtSpan(f.KeyAt).Helpf("write registry, image and tag")
	}
}

// image is registry/image:tag, nil where there is no image.
func (c *converter) image(p tree.Path, f tree.Field) *tree.Node {
	part := map[string]string{}
	for _, key := range []string{"registry", "image", "tag"} {
		g, ok := field(f.Value, key)
		switch {
		case !ok:
		case g.Value.Kind == tree.Unknown:
			return &tree.Node{Kind: tree.Unknown, At: g.Value.At, Derived: true}
		case !g.Value.Kind.IsScalar():
			c.wants(p.Key(key), g.Value, "a text", "write "+key+": …")
			return &tree.Node{Kind: tree.Unknown, At: g.Value.At, Derived: true}
		default:
			part[key] = g.Value.Text
		}
	}
	name := part["image"]
	if name == "" {
		return nil
	}
	if r := strings.TrimSuffix(part["registry"], "/"); r != "" {
		name = r + "/" + name
	}
	switch tag := part["tag"]; {
	case strings.HasPrefix(tag, "sha256:"):
		name += "@" + tag
	case tag != "":
		name += ":" + tag
	}
	return made(f.Value.Get("image").At, name)
}

// build is docker.build: a folder of a repository.
func (c *converter) build(s *service, p tree.Path, f tree.Field) {
	repo, ref, dir := "", "", ""
	var fields []tree.Field
	for _, g := range f.Value.Fields {
		if g.Value.Kind == tree.Null {
			continue
		}
		if !g.Value.Kind.IsScalar() {
			c.wants(p.Key(g.Key), g.Value, "a text", "write "+g.Key+": …")
			continue
		}
		switch g.Key {
		case "repo":
			repo = g.Value.Text
		case "ref":
			ref = branch(g.Value.Text)
		case "context":
			dir = g.Value.Text
		case "dockerfile":
			fields = append(fields, g)
		default:
			c.unknown(p.Key(g.Key), g, "repo", "ref", "dockerfile", "context")
		}
	}
	context := dir
	switch dir = strings.TrimPrefix(dir, "./"); {
	case repo == "":
	case dir != "" && dir != ".":
		context = repo + "#" + ref + ":" + dir
	case ref != "":
		context = repo + "#" + ref
	default:
		context = repo
	}
	if context == "" {
		context = "."
	}
	c.replace(s, f, "build", mapping(f.Value.At, append(fields, entry("context", f.KeyAt, made(f.Value.At, context)))...))
}

// branch is a ref without what git puts before branches and tags.
func branch(ref string) string {
	return strings.TrimPrefix(strings.TrimPrefix(ref, "refs/heads/"), "refs/tags/")
}

// oci is the list of images of the concept, one for each architecture. Images of today have all architectures under
// one name, so all entries must name the same.
func (c *converter) oci(s *service, p tree.Path, f tree.Field) {
	if f.Value.Kind != tree.List {
		c.wants(p, f.Value, "a list", "write oci: [ { registry: …, image: …, tag: … } ]")
		return
	}
	var first *tree.Node
	for i, it := range f.Value.Items {
		q := p.Index(i)
		if !c.isMap(q, it) {
			continue
		}
		for _, g := range it.Fields {
			if !slices.Contains([]string{"arch", "os", "registry", "image", "tag"}, g.Key) {
				c.unknown(q.Key(g.Key), g, "arch", "os", "registry", "image", "tag")
			}
		}
		image := c.image(q, tree.Field{Key: f.Key, KeyAt: f.KeyAt, Value: it})
		switch {
		case image == nil:
			c.ds.Error(diag.Required, q.Key("image"), "no value; want an image").AtSpan(it.At).Helpf("write registry, image and tag")
		case first == nil:
			first = image
		case image.Text != first.Text:
			c.ds.Error(diag.Conflict, q, "cannot run another image on each architecture: %q and %q", first.Text, image.Text).AtSpan(image.At).
				SeeSpan(first.At, "the other stands here").Helpf("push one image for all architectures, and name it in each entry")
		}
	}
	if first != nil {
		c.replace(s, tree.Field{Key: f.Key, KeyAt: f.KeyAt}, "image", first)
	}
}

// text is a scalar for a key of ours whose dollar signs mean nothing, nil for null and "".
func (c *converter) text(p tree.Path, n *tree.Node) *tree.Node {
	switch {
	case n.Kind == tree.Null || n.Kind == tree.String && n.Text == "":
		return nil
	case n.Kind == tree.List || n.Kind == tree.Map:
		c.wants(p, n, "a text", "write one value")
		return &tree.Node{Kind: tree.Unknown, At: n.At, Derived: true}
	}
	return literal(n)
}

// spelling is a key of the dialect, and the key of ours that it becomes.
type spelling struct{ theirs, ours string }

// spell converts the scalars of a mapping; what is in no row is given to other, which reports whether it knows the key.
func (c *converter) spell(p tree.Path, n *tree.Node, rows []spelling, other func(tree.Field) bool) *tree.Node {
	out := mapping(n.At)
	for _, f := range n.Fields {
		i := slices.IndexFunc(rows, func(r spelling) bool { return r.theirs == f.Key })
		if i < 0 {
			if !other(f) {
				known := make([]string, 0, len(rows))
				for _, r := range rows {
					known = append(known, r.theirs)
				}
				c.unknown(p.Key(f.Key), f, known...)
			}
			continue
		}
		v := c.text(p.Key(f.Key), f.Value)
		if v == nil {
			continue
		}
		if have := out.Get(rows[i].ours); have != nil {
			c.ds.Error(diag.Conflict, p.Key(f.Key), "two spellings of one key stand here").AtSpan(f.KeyAt).
				SeeSpan(have.At, "the other stands here").Helpf("delete one of the two")
			continue
		}
		out = out.Set(rows[i].ours, f.KeyAt, v)
	}
	return out
}

// at is where a field of a mapping stands: its key.
func at(n *tree.Node, key string) source.Span {
	if i := n.Find(key); i >= 0 {
		return n.Fields[i].KeyAt
	}
	return n.At
}
