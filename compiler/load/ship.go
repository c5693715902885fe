package load

import (
	"crypto/sha256"
	"encoding/hex"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/remote"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// ship makes what a layer says about files that were fetched true on any machine. No output can name them: they lie in a
// store on the machine that compiles. So their content goes into the config, or, where a path means the user's own data
// (a file of a secret, a folder that was not fetched), the path is one in the project's folder. dir is the folder of the
// layer; the layer is in canonical form.
func (l *loader) ship(root *tree.Node, dir string) *tree.Node {
	if !remote.IsVirtual(dir) && l.reader.remote == nil {
		return root // nothing was fetched
	}
	s := &shipper{loader: l, dir: dir}
	root = s.entries(root, "configs", s.config)
	root = s.entries(root, "secrets", s.secret)
	root = s.entries(root, "services", s.service)
	if len(s.made) == 0 {
		return root
	}
	configs := root.Get("configs")
	if configs == nil || configs.Kind != tree.Map {
		m := tree.NewMap(s.made[0].KeyAt, s.made)
		m.Derived = true
		return root.Set("configs", s.made[0].KeyAt, m)
	}
	return root.Set("configs", source.Span{}, configs.WithFields(slices.Concat(configs.Fields, s.made)))
}

// shipper is one pass of ship.
type shipper struct {
	*loader
	dir  string
	made []tree.Field // of configs, for files that are mounted
}

// entries is root with f called for each entry of a mapping.
func (s *shipper) entries(root *tree.Node, key string, f func(tree.Path, *tree.Node) *tree.Node) *tree.Node {
	return within(root, key, func(m *tree.Node) *tree.Node {
		if m.Kind != tree.Map {
			return m
		}
		var fields []tree.Field
		for i := range m.Fields {
			v := f(tree.Of(key, m.Fields[i].Key), m.Fields[i].Value)
			if v == m.Fields[i].Value {
				continue
			}
			if fields == nil {
				fields = slices.Clone(m.Fields)
			}
			fields[i].Value = v
		}
		if fields == nil {
			return m
		}
		return m.WithFields(fields)
	})
}

// fetchedText is the path of a file or folder that was fetched, at a field; false where the field is another one. It
// reports a path that leads out of what was fetched, and an absolute one in a fetched file, where absolute is refused.
func (s *shipper) fetchedText(p tree.Path, n *tree.Node, refuse bool) (string, bool) {
	if n == nil || n.Kind != tree.String {
		return "", false
	}
	switch {
	case remote.IsOutside(n.Text), refuse && remote.IsVirtual(s.dir) && (path.IsAbs(n.Text) || strings.HasPrefix(n.Text, "~")):
		s.outside(origin{path: p, node: n}, strings.TrimPrefix(n.Text, "@@!"))
		return "", false
	}
	return n.Text, remote.IsVirtual(n.Text)
}

// config is an entry of configs, with the content of its file.
func (s *shipper) config(p tree.Path, n *tree.Node) *tree.Node {
	at := n.Get("file")
	name, ok := s.fetchedText(p.Key("file"), at, true)
	if !ok {
		return n
	}
	text, ok := s.content(name, origin{path: p.Key("file"), node: at})
	if !ok {
		return n.Without("file")
	}
	return n.Without("file").Set("content", n.Fields[n.Find("file")].KeyAt, text)
}

// content is the text of a file that was fetched.
func (s *shipper) content(name string, by origin) (*tree.Node, bool) {
	f := s.read(name, by)
	if f == nil {
		return nil, false
	}
	if !slices.ContainsFunc(s.files, func(have *source.File) bool { return have.Rel == f.Rel }) {
		s.files = append(s.files, f)
	}
	if !utf8.Valid(f.Data) || strings.ContainsRune(string(f.Data), 0) {
		s.broken = true
		by.blame(s.ds.Error(diag.Include, tree.Root, "cannot use %s: it is no text, and what is fetched becomes a part of the config", f.Name)).
			Helpf("put it into an image, or beside your own config")
		return nil, false
	}
	n := tree.NewScalar(by.node.At, tree.String, string(f.Data))
	n.Quoted = true
	return n, true
}

// secret is an entry of secrets: its file is the user's, never the vendor's.
func (s *shipper) secret(p tree.Path, n *tree.Node) *tree.Node {
	at := n.Get("file")
	name, ok := s.fetchedText(p.Key("file"), at, false)
	if !ok {
		return n
	}
	return n.Set("file", source.Span{}, s.own(at, name))
}

// own is the node of a path with the same path below the project's folder.
func (s *shipper) own(n *tree.Node, name string) *tree.Node {
	rel, err := filepath.Rel(filepath.FromSlash(s.dir), filepath.FromSlash(name))
	if err != nil {
		rel = path.Base(name)
	}
	rel = filepath.ToSlash(rel)
	for strings.HasPrefix(rel, "../") {
		rel = rel[len("../"):]
	}
	m := *n
	m.Text, m.Derived = rel, true
	return &m
}

// service is a service, with what stands in its hooks.
func (s *shipper) service(p tree.Path, n *tree.Node) *tree.Node {
	n = s.container(p, n)
	n = within(n, "label_file", func(list *tree.Node) *tree.Node { return s.labelFiles(p.Key("label_file"), list) })
	n = within(n, "build", func(b *tree.Node) *tree.Node { return s.build(p.Key("build"), b) })
	n = within(n, "develop", func(d *tree.Node) *tree.Node { return s.develop(p.Key("develop"), d) })
	n = within(n, "config", func(c *tree.Node) *tree.Node {
		s.fetchedText(p.Keys("config", "schema"), c.Get("schema"), true)
		return c
	})
	return within(n, "pre_start", func(list *tree.Node) *tree.Node {
		if list.Kind != tree.List {
			return list
		}
		i := -1
		return list.Each(func(it *tree.Node) *tree.Node {
			i++
			return s.container(p.Key("pre_start").Index(i), it)
		})
	})
}

// container is what a service and a container of its hooks have in common.
func (s *shipper) container(p tree.Path, n *tree.Node) *tree.Node {
	if n.Kind != tree.Map {
		return n
	}
	n = within(n, "env_file", func(list *tree.Node) *tree.Node { return s.envFiles(p.Key("env_file"), list) })
	mounts := n.Get("volumes")
	if mounts == nil || mounts.Kind != tree.List {
		return n
	}
	var kept, refs []*tree.Node
	for i, m := range mounts.Items {
		if m, files := s.mount(p.Key("volumes").Index(i), m); len(files) > 0 {
			refs = append(refs, files...)
		} else {
			kept = append(kept, m)
		}
	}
	if len(refs) == 0 {
		return n.Set("volumes", source.Span{}, mounts.WithItems(kept))
	}
	if n = n.Without("volumes"); len(kept) > 0 {
		n = n.Set("volumes", mounts.At, mounts.WithItems(kept))
	}
	configs := n.Get("configs")
	if configs == nil || configs.Kind != tree.List {
		return n.Set("configs", refs[0].At, tree.NewList(refs[0].At, refs))
	}
	return n.Set("configs", source.Span{}, configs.WithItems(slices.Concat(configs.Items, refs)))
}

// envFiles are files of variables, of which those that were fetched become a part of environment.
func (s *shipper) envFiles(p tree.Path, list *tree.Node) *tree.Node {
	if list.Kind != tree.List {
		return list
	}
	i := -1
	return list.Each(func(it *tree.Node) *tree.Node {
		i++
		if _, ok := s.fetchedText(p.Index(i).Key("path"), it.Get("path"), true); !ok {
			return it
		}
		return it.Set("inline", it.At, tree.NewScalar(it.At, tree.Bool, "true"))
	})
}

// labelFiles refuses files of labels that were fetched.
func (s *shipper) labelFiles(p tree.Path, list *tree.Node) *tree.Node {
	for i, it := range list.Items {
		if _, ok := s.fetchedText(p.Index(i), it, true); ok {
			s.broken = true
			s.ds.Error(diag.Include, p.Index(i), "cannot use a file of labels that is fetched").AtSpan(it.At).Helpf("write the labels below labels")
		}
	}
	return list
}

// mount is a mount as it is, of the user's own folder, or as configs in its place: the files that were fetched.
func (s *shipper) mount(p tree.Path, m *tree.Node) (*tree.Node, []*tree.Node) {
	at := m.Get("source")
	name, ok := s.fetchedText(p.Key("source"), at, false)
	if !ok || m.Str("type") != "bind" {
		return m, nil
	}
	target := m.Str("target")
	switch s.reader.Stat(name).Kind {
	case source.Regular:
		if ref := s.file(p, at, m, name, target); ref != nil {
			return m, []*tree.Node{ref}
		}
		return m.Set("source", source.Span{}, s.own(at, name)), nil // reported
	case source.Dir:
		var refs []*tree.Node
		a, _ := remote.FromVirtual(name)
		files := s.reader.remote.Files(a)
		if len(files) > maxMounted {
			s.broken = true
			s.ds.Error(diag.Limit, p, "cannot mount a fetched folder of %d files; %d is the limit", len(files), maxMounted).AtSpan(at.At).
				Helpf("put them into an image, or mount single files")
			files = nil
		}
		for _, f := range files {
			if ref := s.file(p, at, m, path.Join(name, f), path.Join(target, f)); ref != nil {
				refs = append(refs, ref)
			}
		}
		if len(refs) > 0 {
			return m, refs
		}
	}
	return m.Set("source", source.Span{}, s.own(at, name)), nil
}

// maxMounted is how many files of a fetched folder one mount may stand for.
const maxMounted = 100

// file is a config for one file that was fetched, as a service mounts it.
func (s *shipper) file(p tree.Path, at, m *tree.Node, name, target string) *tree.Node {
	text, ok := s.content(name, origin{path: p.Key("source"), node: at})
	if !ok {
		return nil
	}
	id := shippedName(name)
	if !slices.ContainsFunc(s.made, func(f tree.Field) bool { return f.Key == id }) {
		entry := tree.NewMap(at.At, []tree.Field{{Key: "content", KeyAt: at.At, Value: text}})
		entry.Derived = true
		s.made = append(s.made, tree.Field{Key: id, KeyAt: at.At, Value: entry})
	}
	ref := tree.NewMap(m.At, []tree.Field{
		{Key: "source", KeyAt: m.At, Value: tree.NewScalar(at.At, tree.String, id)},
		{Key: "target", KeyAt: m.At, Value: tree.NewScalar(m.Get("target").At, tree.String, target)},
	})
	ref.Derived = true
	return ref
}

// shippedName is the name of the config for a file that was fetched: its own, and what tells those of one name apart. A
// new version of the same file has the same name.
func shippedName(virtual string) string {
	a, _ := remote.FromVirtual(virtual)
	sum := sha256.Sum256([]byte(a.Base + "\n" + a.Path))
	var b strings.Builder
	for _, c := range strings.ToLower(path.Base(a.Path)) {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			b.WriteRune(c)
		} else if b.Len() > 0 && !strings.HasSuffix(b.String(), "-") {
			b.WriteByte('-')
		}
	}
	return strings.Trim(b.String(), "-") + "-" + hex.EncodeToString(sum[:4])
}

// build is a build whose folder was fetched: of a repository, which every builder can fetch itself.
func (s *shipper) build(p tree.Path, b *tree.Node) *tree.Node {
	if b.Kind != tree.Map {
		return b
	}
	b = within(b, "context", func(n *tree.Node) *tree.Node { return s.context(p.Key("context"), n) })
	return within(b, "additional_contexts", func(m *tree.Node) *tree.Node {
		if m.Kind != tree.Map {
			return m
		}
		i := -1
		return m.Each(func(n *tree.Node) *tree.Node {
			i++
			return s.context(p.Key("additional_contexts").Key(m.Fields[i].Key), n)
		})
	})
}

func (s *shipper) context(p tree.Path, n *tree.Node) *tree.Node {
	name, ok := s.fetchedText(p, n, false)
	if !ok {
		return n
	}
	a, ok := remote.FromVirtual(name)
	if !ok || a.Kind != remote.Git {
		s.broken = true
		s.ds.Error(diag.Include, p, "cannot build from here: the folder is not in a repository").AtSpan(n.At).
			Helpf("name the image that the vendor builds, or give the whole address of a repository as the context")
		return n
	}
	m := *n
	m.Text, m.Derived = strings.TrimPrefix(a.String(), "git+"), true
	return &m
}

// develop is what docker compose watch does, without the folders that were fetched: nobody changes them.
func (s *shipper) develop(p tree.Path, d *tree.Node) *tree.Node {
	list := d.Get("watch")
	if list == nil || list.Kind != tree.List {
		return d
	}
	var kept []*tree.Node
	for i, it := range list.Items {
		if _, ok := s.fetchedText(p.Key("watch").Index(i).Key("path"), it.Get("path"), false); ok {
			s.ds.Warn(diag.Emulated, p.Key("watch").Index(i), "what was fetched is not watched: nobody changes it").AtSpan(it.At).
				Helpf("watch a folder of your own")
			continue
		}
		kept = append(kept, it)
	}
	if len(kept) == len(list.Items) {
		return d
	}
	return d.Set("watch", source.Span{}, list.WithItems(kept))
}
