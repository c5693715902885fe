package load

import (
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/template"
	"github.com/octocompose/octocompose/compiler/tree"
)

// fromRepos is the merged tree with the tools that its hooks run, and the files that its services mount.
func (l *loader) fromRepos(root *tree.Node) *tree.Node {
	if services := root.Get("services"); services == nil || services.Kind != tree.Map {
		return root
	}
	root = (&shipper{loader: l}).entries(root, "services", l.tools)
	if len(l.repos.files)+len(l.repos.shipped) == 0 {
		return root
	}
	return l.mounted(root)
}

// tools is a service whose hooks name images and programs in place of tools.
func (l *loader) tools(p tree.Path, s *tree.Node) *tree.Node {
	if s.Kind != tree.Map {
		return s
	}
	in := func(n *tree.Node, p tree.Path, key string, f func(tree.Path, *tree.Node) *tree.Node) *tree.Node {
		p = p.Key(key)
		return within(n, key, func(list *tree.Node) *tree.Node {
			i := -1
			return list.Each(func(it *tree.Node) *tree.Node {
				i++
				if list.Kind != tree.List || it.Find("tool") < 0 {
					return it
				}
				return f(p.Index(i), it)
			})
		})
	}
	s = in(s, p, "pre_start", l.toolContainer)
	s = in(s, p, "post_start", l.noTool)
	s = in(s, p, "pre_stop", l.noTool)
	s = within(s, "hooks", func(h *tree.Node) *tree.Node {
		h = in(h, p.Key("hooks"), "init", l.toolOnce)
		return in(h, p.Key("hooks"), "post_stop", l.noTool)
	})
	return within(s, "develop", func(d *tree.Node) *tree.Node {
		return within(d, "watch", func(list *tree.Node) *tree.Node {
			i := -1
			return list.Each(func(it *tree.Node) *tree.Node {
				i++
				return within(it, "exec", func(h *tree.Node) *tree.Node {
					if h.Find("tool") < 0 {
						return h
					}
					return l.noTool(p.Keys("develop", "watch").Index(i).Key("exec"), h)
				})
			})
		})
	})
}

// noTool is a hook that runs in the container of its service, where no other image can.
func (l *loader) noTool(p tree.Path, it *tree.Node) *tree.Node {
	j := it.Find("tool")
	key, _, _ := p.Parent().Last()
	if it.Fields[j].Value.Kind != tree.Unknown {
		where := "in the container of the service"
		if key == "post_stop" {
			where = "on the machine"
		}
		l.ds.Error(diag.UnknownKey, p.Key("tool"), "cannot run a tool here: this command runs %s", where).AtSpan(it.Fields[j].KeyAt).
			Helpf("run the tool in pre_start or hooks.init, or delete tool and name a program that is there")
	}
	return it.Without("tool")
}

// toolContainer is a container of pre_start with the image of its tool.
func (l *loader) toolContainer(p tree.Path, it *tree.Node) *tree.Node {
	keyAt := it.Fields[it.Find("tool")].KeyAt
	name := it.Get("tool")
	it = it.Without("tool")
	if image := it.Get("image"); image != nil {
		l.ds.Error(diag.Exclusive, p.Key("tool"), "tool and image rule each other out").AtSpan(keyAt).
			SeeSpan(image.At, "the image stands here").Helpf("delete one of them")
		return it
	}
	tool := l.tool(p.Key("tool"), name)
	image := tool.field.Value.Get("image")
	if tool.field.Value != nil && image == nil {
		l.ds.Error(diag.Required, p.Key("tool"), "the tool %q has no image, and pre_start runs containers", name.Text).AtSpan(name.At).
			SeeSpan(tool.field.KeyAt, "the tool stands here").
			Helpf("write repos.%s.tools.%s.image; or move the item to hooks.init, where a service with a program runs programs", tool.repo, name.Text)
	}
	if image == nil {
		image = &tree.Node{At: name.At}
	}
	return it.Set("image", keyAt, image)
}

// toolOnce is an item of hooks.init with the image and the program of its tool, which package expand puts in place of
// those of the service.
func (l *loader) toolOnce(p tree.Path, it *tree.Node) *tree.Node {
	keyAt := it.Fields[it.Find("tool")].KeyAt
	name := it.Get("tool")
	it = it.Without("tool")
	tool := l.tool(p.Key("tool"), name)
	image, binary := tool.field.Value.Get("image"), tool.field.Value.Get("binary")
	if tool.field.Value != nil && image == nil && binary == nil {
		l.ds.Error(diag.Required, p.Key("tool"), "the tool %q has no image and no binary", name.Text).AtSpan(name.At).
			SeeSpan(tool.field.KeyAt, "the tool stands here").Helpf("write repos.%s.tools.%s: { image: … }", tool.repo, name.Text)
	}
	if image == nil && binary == nil {
		image = &tree.Node{At: name.At}
	}
	if image != nil {
		it = it.Set("image", keyAt, image)
	}
	if binary != nil {
		if l.reader.remote != nil {
			binary = l.pinnedBinaries(binary)
		}
		it = it.Set("binary", keyAt, binary)
	}
	return it
}

// tool is the tool that name, at p, names. Its value is nil after a report.
func (l *loader) tool(p tree.Path, name *tree.Node) repoEntry {
	if name.Kind != tree.String {
		return repoEntry{} // reported
	}
	if t, ok := l.repos.tools[name.Text]; ok {
		if t.field.Value.Kind != tree.Map {
			t.field.Value = nil // reported
		}
		return t
	}
	if l.broken {
		return repoEntry{} // it may be in what could not be read
	}
	d := l.ds.Error(diag.UnknownRef, p, "no tool is called %q", name.Text).AtSpan(name.At)
	if near := diag.Near(name.Text, l.repos.tools.names()); near != "" {
		d.Helpf("did you mean %q?", near)
	} else {
		d.Helpf("add it: repos: { NAME: { tools: { %s: { image: … } } } }", name.Text)
	}
	return repoEntry{}
}

// mounted is the tree with the entries of configs that services mount and that repos have.
func (l *loader) mounted(root *tree.Node) *tree.Node {
	configs := root.Get("configs")
	if configs != nil && configs.Kind != tree.Map && configs.Kind != tree.Null {
		return root
	}
	var fields, made []tree.Field
	if configs != nil {
		fields = slices.Clone(configs.Fields)
	}
	for _, name := range mounts(root.Get("services")) {
		i := configs.Find(name)
		v := l.mount(configs.Get(name), name)
		switch {
		case v == nil:
		case i >= 0:
			fields[i].Value = v.Value
			made = append(made, *v)
		default:
			fields = append(fields, *v)
			made = append(made, *v)
		}
	}
	if len(made) == 0 {
		return root
	}
	if configs == nil || configs.Kind == tree.Null {
		configs = tree.NewMap(made[0].KeyAt, fields)
		configs.Derived = true
		return root.Set("configs", made[0].KeyAt, configs)
	}
	return root.Set("configs", source.Span{}, configs.WithFields(fields))
}

// mounts are the configs that services and their containers of pre_start mount, in this order, each once.
func mounts(services *tree.Node) []string {
	var out []string
	seen := map[string]bool{}
	add := func(container *tree.Node) {
		list := container.Get("configs")
		if list == nil {
			return
		}
		for _, ref := range list.Items {
			if name := ref.Str("source"); name != "" && !seen[name] {
				seen[name] = true
				out = append(out, name)
			}
		}
	}
	for i := range services.Fields {
		s := services.Fields[i].Value
		add(s)
		if list := s.Get("pre_start"); list != nil {
			for _, it := range list.Items {
				add(it)
			}
		}
	}
	return out
}

// contentOf are the keys of an entry of configs that say where its text is.
var contentOf = [...]string{"content", "file", "environment", "external"}

// isOwn reports whether an entry of configs says itself where its text is.
func isOwn(n *tree.Node) bool {
	for _, key := range contentOf {
		if v := n.Get(key); v != nil && v.Kind != tree.Null && !(key == "external" && v.Kind == tree.Bool && v.Text == "false") {
			return true
		}
	}
	return false
}

// mount is the entry of configs that a service mounts under name, with the text that repos have for it, over which have,
// the config's own, goes. Nil: it stays as it is.
func (l *loader) mount(have *tree.Node, name string) *tree.Field {
	if have != nil && have.Kind != tree.Map && have.Kind != tree.Null {
		return nil
	}
	if isOwn(have) {
		return nil
	}
	if f, ok := l.repos.shipped[name]; ok && have == nil {
		return &f
	}
	e, ok := l.repos.files[name]
	if !ok {
		return nil
	}
	text := l.repoText(e)
	if have == nil || have.Kind == tree.Null {
		have = tree.NewMap(e.field.Value.At, nil)
		have.Derived = true
	}
	return &tree.Field{Key: name, KeyAt: e.field.KeyAt, Value: have.Set("content", e.field.KeyAt, text)}
}

// repoText is the text of a file of a repo; unknown after a report.
func (l *loader) repoText(e repoEntry) *tree.Node {
	unknown := &tree.Node{At: e.field.KeyAt}
	p := tree.Of("repos", e.repo, "files", e.field.Key)
	if e.field.Value.Kind != tree.Map {
		return unknown // reported
	}
	name, by, ok := l.onePlace(p, e.field.Value)
	if !ok {
		return unknown
	}
	text, ok := (&shipper{loader: l}).content(name, by)
	if !ok {
		return unknown
	}
	if by.template {
		return l.renderedText(name, text)
	}
	return text
}

// fileTexts are the files of repos for the templates of services. They are read where such a template names files at all.
func (l *loader) fileTexts(root *tree.Node) []tree.Field {
	if len(l.repos.files) == 0 || !namesFiles(root) {
		return nil
	}
	var out []tree.Field
	for _, name := range l.repos.files.names() {
		e := l.repos.files[name]
		text := root.Get("configs").Get(name).Get("content")
		if text == nil && isOwn(root.Get("configs").Get(name)) {
			continue // the config's own, whose text is not here
		}
		if text == nil {
			text = l.repoText(e)
		}
		v := tree.NewMap(e.field.Value.At, []tree.Field{{Key: "content", KeyAt: e.field.KeyAt, Value: text}})
		out = append(out, tree.Field{Key: name, KeyAt: e.field.KeyAt, Value: v})
	}
	return out
}

// namesFiles reports whether a template of a service, or of the groups that it takes values from, names files.
func namesFiles(root *tree.Node) bool {
	found := false
	look := func(n *tree.Node) {
		if n == nil || found {
			return
		}
		tree.Walk(tree.Root, n, func(_ tree.Path, n *tree.Node) bool {
			found = found || n.Kind == tree.String && strings.Contains(n.Text, "{{") && strings.Contains(n.Text, "files")
			return !found
		})
	}
	templates := false
	services := root.Get("services")
	if services == nil {
		return false
	}
	for i := range services.Fields {
		if c := services.Fields[i].Value.Get("config"); strings.EqualFold(c.Str("template"), "true") {
			templates = true
			look(c.Get("values"))
		}
	}
	if templates {
		look(root.Get("globals"))
	}
	return found
}

// kindOf is the kind of a variable's value: that of its type, where it reads as such.
func kindOf(kind, text string) tree.Kind {
	if wanted(kind, text) == "" {
		switch kind {
		case "int":
			return tree.Int
		case "number":
			return tree.Float
		case "bool":
			return tree.Bool
		}
	}
	return tree.String
}

// renderedText is the text of a file, which is a template as a whole, rendered: it reads the variables and the project.
func (l *loader) renderedText(name string, text *tree.Node) *tree.Node {
	file := &source.File{Name: l.shown(name), Rel: l.shown(name), Data: []byte(text.Text)}
	whole := *text
	whole.At = source.Span{Pos: source.Pos{File: file, Line: 1, Col: 1}}
	var vars []tree.Field
	for _, d := range l.vars.order {
		if v := d.value; v.Set && !v.Secret {
			vars = append(vars, tree.Field{Key: v.Name, KeyAt: v.At, Value: tree.NewScalar(v.At, kindOf(d.kind, v.Value), v.Value)})
		}
	}
	project := tree.NewMap(source.Span{}, []tree.Field{{Key: "name", Value: tree.NewScalar(source.Span{}, tree.String, l.name)}})
	in := tree.NewMap(source.Span{}, []tree.Field{{Key: "file", Value: &whole}})
	out, ds := template.Scalars(tree.Root, in, template.Data{"vars": tree.NewMap(source.Span{}, vars), "project": project}, template.Options{Run: &l.renders})
	for _, d := range ds {
		d.Path = tree.Root
		if d.At.IsZero() {
			d.At = whole.At
		}
	}
	l.report(ds, nil)
	n := *out.Get("file")
	n.At = text.At
	if n.Kind == tree.String && !strings.Contains(text.Text, "{{") {
		return text
	}
	return &n
}
