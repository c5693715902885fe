package load

import (
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// pinned is the merged tree with the digests that octo.lock has for its images and programs.
func (l *loader) pinned(root *tree.Node) *tree.Node {
	if l.reader.remote == nil {
		return root
	}
	return within(root, "services", func(m *tree.Node) *tree.Node {
		if m.Kind != tree.Map {
			return m
		}
		return m.Each(func(s *tree.Node) *tree.Node {
			s = l.pinnedImage(s)
			for _, key := range hookLists {
				s = within(s, key, l.pinnedItems)
			}
			s = within(s, "hooks", func(h *tree.Node) *tree.Node { return within(h, "init", l.pinnedItems) })
			return within(s, "binary", l.pinnedBinaries)
		})
	})
}

func (l *loader) pinnedItems(list *tree.Node) *tree.Node {
	if list.Kind != tree.List {
		return list
	}
	return list.Each(l.pinnedImage)
}

func (l *loader) pinnedImage(n *tree.Node) *tree.Node {
	image := n.Get("image")
	name, ok := pinName(n)
	if !ok {
		return n
	}
	digest, wanted := l.reader.remote.Image(name)
	if digest == "" {
		if wanted {
			l.ds.Note(diag.Unpinned, tree.Root, "octo.lock has no digest for %s, and it has some for other images", name).AtSpan(image.At).
				Helpf("octo lock adds it")
		}
		return n
	}
	v := *image
	v.Text, v.Derived = image.Text+"@"+digest, true
	return n.Set("image", source.Span{}, &v)
}

// pinName is the name under which octo.lock has the image of a service or another container: the full one, with its tag.
// There is none for what is built, has a digest already, or is not known.
func pinName(n *tree.Node) (string, bool) {
	image := n.Get("image")
	if image == nil || image.Kind != tree.String || image.Text == "" || n.Get("build") != nil || strings.ContainsAny(image.Text, "@$ {") {
		return "", false
	}
	name, version := cutVersion(image.Text)
	if version == "" {
		version = ":latest"
	}
	return fullName(name) + version, true
}

// pinnedBinaries are the programs of a service, with the sums that octo.lock has in place of the addresses of sums.
func (l *loader) pinnedBinaries(m *tree.Node) *tree.Node {
	if m.Kind != tree.Map {
		return m
	}
	return m.Each(func(p *tree.Node) *tree.Node {
		at := p.Get("sha256_url")
		if at == nil || p.Get("sha256") != nil {
			return p
		}
		sum := l.reader.remote.Binary(p.Str("url"), at.Text)
		if sum == "" {
			return p
		}
		return p.Without("sha256_url").Set("sha256", at.At, tree.NewScalar(at.At, tree.String, sum))
	})
}
