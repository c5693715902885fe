package load

import (
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/merge"
	"github.com/octocompose/octocompose/compiler/shape"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// longRevisions writes the short form of a layer's revisions out: api: 2.4.1 is api: { image: 2.4.1 }, so that layers
// merge.
func longRevisions(root *tree.Node) *tree.Node {
	return within(root, "revisions", func(list *tree.Node) *tree.Node {
		if list.Kind != tree.Map {
			return list
		}
		var fields []tree.Field
		for i := range list.Fields {
			fd := &list.Fields[i]
			v := fd.Value
			if !v.Kind.IsScalar() || v.Kind == tree.Null || v.Mark == tree.Reset {
				continue
			}
			if fields == nil {
				fields = slices.Clone(list.Fields)
			}
			text := *v
			text.Mark = tree.Plain
			long := tree.NewMap(v.At, []tree.Field{{Key: "image", KeyAt: v.At, Value: &text}})
			long.Mark, long.Derived = v.Mark, true
			fields[i].Value = long
		}
		if fields == nil {
			return list
		}
		return list.WithFields(fields)
	})
}

// isImageName reports whether a key of revisions is an image; no service has a slash in its name.
func isImageName(key string) bool { return strings.Contains(key, "/") }

// revise lays the revisions of the merged tree over its services.
func (l *loader) revise(root *tree.Node) *tree.Node {
	list := root.Get("revisions")
	if list == nil || list.Kind != tree.Map || len(list.Fields) == 0 {
		return root
	}
	services := root.Get("services")
	if services == nil || services.Kind != tree.Map {
		services = tree.NewMap(list.At, nil)
	}
	rv := &reviser{loader: l, services: services, jobs: root.Get("jobs"), images: map[string]*imageLine{}}
	for i := range list.Fields {
		rv.shared(&list.Fields[i])
	}
	var fields []tree.Field
	for i := range services.Fields {
		fd := &services.Fields[i]
		v := rv.service(fd, list.Get(fd.Key))
		if v == fd.Value {
			continue
		}
		if fields == nil {
			fields = slices.Clone(services.Fields)
		}
		fields[i].Value = v
	}
	rv.unused(list)
	if fields == nil {
		return root
	}
	return root.Set("services", source.Span{}, services.WithFields(fields))
}

// reviser is one pass of revise.
type reviser struct {
	*loader
	services *tree.Node
	jobs     *tree.Node            // reserved, and so reported; may be nil
	images   map[string]*imageLine // by full name
	guesses  int                   // comparisons of names, for suggestions
}

// imageLine is a line of revisions for all services that share an image.
type imageLine struct {
	field *tree.Field
	used  bool
}

// maxGuesses bounds the comparisons of names for suggestions: thousands of unknown names need none for the last ones.
const maxGuesses = 500_000

// shared takes in a line for an image. Two lines for one image, spelt differently, are an error at both.
func (rv *reviser) shared(fd *tree.Field) {
	if !isImageName(fd.Key) || fd.Value.Kind == tree.Null {
		return
	}
	name := fullName(fd.Key)
	if other := rv.images[name]; other != nil {
		rv.ds.Error(diag.Conflict, tree.Of("revisions", fd.Key), "%s and %s are one image", fd.Key, other.field.Key).AtSpan(fd.KeyAt).
			SeeSpan(other.field.KeyAt, "the other line stands here").Helpf("delete one of them")
		return
	}
	rv.images[name] = &imageLine{field: fd}
}

// service is the service fd under the revision of its image, and over it its own, which may be nil.
func (rv *reviser) service(fd *tree.Field, own *tree.Node) *tree.Node {
	n := fd.Value
	if n.Kind != tree.Map {
		return n
	}
	if len(rv.images) > 0 {
		if line := rv.line(n); line != nil {
			n = rv.lay(line.field, fd, n)
		}
		for _, key := range hookLists {
			n = within(n, key, rv.items)
		}
		n = within(n, "hooks", func(h *tree.Node) *tree.Node { return within(h, "init", rv.items) })
	}
	if own != nil {
		n = rv.lay(&tree.Field{Key: fd.Key, Value: own}, fd, n)
	}
	return n
}

// items are the containers in a list of a service, each with the version of its image.
func (rv *reviser) items(list *tree.Node) *tree.Node {
	if list.Kind != tree.List {
		return list
	}
	return list.Each(func(it *tree.Node) *tree.Node {
		line := rv.line(it)
		if line == nil {
			return it
		}
		if v := line.field.Value.Get("image"); isText(v) {
			return it.Set("image", source.Span{}, revised(it.Get("image"), v))
		}
		return it
	})
}

// line is the line for the image of a service, or of another container; nil when there is none.
func (rv *reviser) line(n *tree.Node) *imageLine {
	image := n.Get("image")
	if image == nil || image.Kind != tree.String {
		return nil
	}
	name, _ := cutVersion(image.Text)
	line := rv.images[fullName(name)]
	if line != nil {
		line.used = true
	}
	return line
}

// isText reports whether n is there and is the text of a version; what is neither was reported.
func isText(n *tree.Node) bool { return n != nil && n.Kind.IsScalar() && n.Kind != tree.Null }

// lay is n, the value of the service fd, under one revision.
func (rv *reviser) lay(revision, fd *tree.Field, n *tree.Node) *tree.Node {
	if text := revision.Value.Get("image"); isText(text) {
		n = rv.image(tree.Of("revisions", revision.Key, "image"), fd, n, text)
	}
	if binary := revision.Value.Get("binary"); binary != nil && binary.Kind == tree.Map {
		n = rv.binary(fd.Key, n, binary)
	}
	return n
}

// image is the service n with the version that text, at p, says of its image.
func (rv *reviser) image(p tree.Path, fd *tree.Field, n, text *tree.Node) *tree.Node {
	image := n.Get("image")
	switch {
	case image != nil && image.Kind == tree.Unknown:
		return n // reported
	case image != nil && image.Kind == tree.String:
		rv.overSet(p, image, text)
		return n.Set("image", source.Span{}, revised(image, text))
	case isWholeImage(text.Text):
		return n.Set("image", text.At, tree.NewScalar(text.At, tree.String, text.Text))
	}
	d := rv.ds.Error(diag.Required, p, "cannot give services.%s the version %q: it has no image", fd.Key, text.Text).AtSpan(text.At)
	d.SeeSpan(fd.KeyAt, "the service stands here")
	switch {
	case n.Get("build") != nil:
		d.Helpf("it is built here: name what is built with image: registry.example.com/team/%s, and the version becomes its tag", fd.Key)
	case n.Get("binary") != nil:
		d.Helpf("it runs a program: write %s: { binary: { linux_amd64: { url: …, sha256: … } } }", fd.Key)
	default:
		d.Helpf("give the service an image, or write the whole of it here: %s: docker.io/library/%s:%s", fd.Key, fd.Key, text.Text)
	}
	return n
}

// overSet warns of an image of --set that a revision goes over: who sets it there expects it to hold.
func (rv *reviser) overSet(p tree.Path, image, by *tree.Node) {
	if image.At.File == nil || image.At.File.Name != setFile || by.At.File != nil && by.At.File.Name == setFile {
		return
	}
	name, _ := cutVersion(image.Text)
	if rest, _, _ := strings.Cut(revised(image, by).Text, "@"); rest == image.Text {
		return
	}
	rv.ds.Warn(diag.Conflict, p, "the revision goes over the image of --set, %q, and takes its version away", image.Text).AtSpan(by.At).
		SeeSpan(image.At, "set here").Helpf("set the revision: --set '%s=…' for another version of %s", p, name)
}

// binary lays the programs of a revision over those of a service. A sum takes the place of any kind of sum.
func (rv *reviser) binary(service string, n, high *tree.Node) *tree.Node {
	p := tree.Of("services", service, "binary")
	low := n.Get("binary")
	if low == nil || low.Kind != tree.Map {
		return n.Set("binary", high.At, high)
	}
	low = low.WithFields(slices.Clone(low.Fields))
	for i := range low.Fields {
		fd := &low.Fields[i]
		above := high.Get(fd.Key)
		for _, pair := range [...][2]string{{"sha256", "sha256_url"}, {"sha256_url", "sha256"}} {
			if above.Get(pair[0]) != nil {
				fd.Value = fd.Value.Without(pair[1])
			}
		}
	}
	out, ds := merge.Over(rv.binaryField(), p, low, high)
	rv.report(ds, nil)
	return n.Set("binary", source.Span{}, out)
}

// binaryField is the field binary of a service.
func (rv *reviser) binaryField() *shape.Field {
	f := rv.serviceField()
	if f == nil || f.Value == nil || f.Value.Map == nil {
		return nil
	}
	return f.Value.Map.Lookup("binary")
}

// unused reports the lines of services that are not there, and of images that nobody has. Where a file could not be
// read, they may be in it.
func (rv *reviser) unused(list *tree.Node) {
	if rv.broken {
		return
	}
	for i := range list.Fields {
		fd := &list.Fields[i]
		if !rv.isName(fd.Key) {
			continue // reported
		}
		p := tree.Of("revisions", fd.Key)
		if isImageName(fd.Key) {
			if line := rv.images[fullName(fd.Key)]; line != nil && line.field == fd && !line.used {
				rv.ds.Warn(diag.UnknownRef, p, "no service has the image %q", fd.Key).AtSpan(fd.KeyAt).
					Helpf("delete the line, or write the name as image does, without its tag%s", rv.near(fd.Key, rv.imageNames))
			}
			continue
		}
		if rv.services.Find(fd.Key) >= 0 || rv.jobs.Find(fd.Key) >= 0 || fd.Value.Kind == tree.Null {
			continue
		}
		d := rv.ds.Error(diag.UnknownService, p, "no service is called %q", fd.Key).AtSpan(fd.KeyAt)
		if more := rv.near(fd.Key, rv.names); more != "" {
			d.Helpf("%s", strings.TrimPrefix(more, "; "))
		} else {
			d.Helpf("delete the line, or name an image with a slash: docker.io/library/%s", fd.Key)
		}
	}
}

// isName reports whether the schema takes key for the name of a service or an image.
func (rv *reviser) isName(key string) bool {
	if rv.def == nil || rv.def.Map == nil {
		return true
	}
	f := rv.def.Map.Field("revisions")
	return f == nil || f.Value == nil || f.Value.Map == nil || f.Value.Map.Lookup(key) != nil
}

// near is "; did you mean X?", or "".
func (rv *reviser) near(name string, candidates func() []string) string {
	if rv.guesses += len(rv.services.Fields); rv.guesses > maxGuesses {
		return ""
	}
	if near := diag.Near(name, candidates()); near != "" {
		return "; did you mean " + near + "?"
	}
	return ""
}

func (rv *reviser) names() []string {
	out := make([]string, len(rv.services.Fields))
	for i := range rv.services.Fields {
		out[i] = rv.services.Fields[i].Key
	}
	return out
}

func (rv *reviser) imageNames() []string {
	out := make([]string, 0, len(rv.services.Fields))
	for i := range rv.services.Fields {
		if text := rv.services.Fields[i].Value.Str("image"); text != "" {
			name, _ := cutVersion(text)
			out = append(out, name)
		}
	}
	return out
}

// revised is the image low with the version that text says, at the place of text.
func revised(low, text *tree.Node) *tree.Node {
	name, _ := cutVersion(low.Text)
	out := text.Text
	switch {
	case isWholeImage(text.Text):
	case isDigest(text.Text):
		out = name + "@" + text.Text
	default:
		out = name + ":" + text.Text
	}
	v := tree.NewScalar(text.At, tree.String, out)
	return v.Over(low)
}

// isDigest reports whether a version is a digest alone.
func isDigest(version string) bool { return strings.HasPrefix(version, "sha256:") }

// isWholeImage reports whether a version is a whole image: it has a slash or a colon before its digest, which no tag has.
func isWholeImage(version string) bool {
	before, _, _ := strings.Cut(version, "@")
	return !isDigest(version) && strings.ContainsAny(before, "/:")
}

// cutVersion cuts an image into its name and what follows: the tag, the digest or both. The colon of a port is no tag's:
// it stands before the last slash (distribution/reference, the grammar in reference.go).
func cutVersion(image string) (name, version string) {
	name, _, _ = strings.Cut(image, "@")
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
		name = name[:i]
	}
	return name, image[len(name):]
}

// fullName is the name of an image with its registry and folder, which are docker.io and library where it has none
// (distribution/reference, ParseNormalizedNamed).
func fullName(name string) string {
	first, rest, found := strings.Cut(name, "/")
	switch {
	case !found:
		return "docker.io/library/" + name
	case first == "docker.io" || first == "index.docker.io":
		if !strings.Contains(rest, "/") {
			rest = "library/" + rest
		}
		return "docker.io/" + rest
	case !strings.ContainsAny(first, ".:") && first != "localhost":
		return "docker.io/" + name
	}
	return name
}
