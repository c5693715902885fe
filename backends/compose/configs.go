package compose

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/octocompose/octocompose/compiler/artifact"
	"github.com/octocompose/octocompose/compiler/doc"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/support"
	"github.com/octocompose/octocompose/compiler/tree"
)

// configLabel holds a hash of the configs that a service mounts. Compose compares a container with its service alone,
// and leaves it running with the old file when only the content of a config changed.
const configLabel = "dev.octocompose.config"

// configFolder is where the configs lie that cannot stand in compose.yaml.
const configFolder = "configs/"

// markConfigs puts the label on v, the output of s, whose configs, which from leads to, have a content that is known now.
func (l *lowering) markConfigs(s *model.Service, from tree.Path, v *doc.Value) {
	sum, known := sha256.New(), false
	for i := range s.Configs {
		if data, ok := l.content(l.in.Project.Config(s.Configs[i].Source)); ok {
			sum.Write(data)
			known = true
		}
	}
	if !known {
		return
	}
	labels := l.keys.service.at(v, "labels", func() *doc.Value { return doc.NewMap().From(from) })
	if get(labels, configLabel) == nil {
		labels.Set(configLabel, doc.Str("sha256:"+hex.EncodeToString(sum.Sum(nil))[:16]).From(from).
			Comment("a changed config changes this line, and so recreates the container"))
	}
}

// content is what a config holds, where it stands in the sources or in a file of the project.
func (l *lowering) content(c *model.Config) ([]byte, bool) {
	switch {
	case c == nil || c.External:
		return nil, false
	case c.Content != nil:
		return []byte(*c.Content), true
	case c.File != "" && c.File[0] != '~' && l.in.Files != nil && l.in.Files.Stat(c.File).Kind == source.Regular:
		if f, err := l.in.Files.Read(c.File); err == nil {
			return f.Data, true
		}
	}
	return nil, false
}

// mountConfigs notes what a read-only service mounts: Compose writes a config without a file into the container once
// it is made, which a read-only root forbids ("file is the sole supported option").
func (l *lowering) mountConfigs(s *model.Service, p tree.Path, v *doc.Value) {
	if ro := get(v, "read_only"); ro == nil || ro.Text != "true" {
		return
	}
	const help = "write it into a file and name that: file: ./NAME; or take read_only away"
	for i := range s.Configs {
		c := l.in.Project.Config(s.Configs[i].Source)
		switch {
		case c == nil:
		case c.Content != nil:
			l.asFile = append(l.asFile, c.Key)
		case c.Environment != "":
			support.Refuse(&l.ds, l.in.Target, p.Key("configs").Index(i), help,
				"cannot give config %q to a read-only service: Compose writes the value of a variable into the container", c.Key)
		}
	}
	for i := range s.Secrets {
		if c := l.in.Project.Secret(s.Secrets[i].Source); c != nil && c.Environment != "" {
			support.Refuse(&l.ds, l.in.Target, p.Key("secrets").Index(i), help,
				"cannot give secret %q to a read-only service: Compose writes the value of a variable into the container", c.Key)
		}
	}
}

// configs are the configs. The content of one that a read-only service mounts goes into a file beside compose.yaml.
func configs(o *object) lower {
	return func(l *lowering, p tree.Path, n *tree.Node) *doc.Value {
		v := mapping(p, len(n.Fields))
		for i := range n.Fields {
			f := &n.Fields[i]
			at := p.Key(f.Key)
			node := f.Value
			file := ""
			if slices.Contains(l.asFile, f.Key) {
				file = l.configFile(f.Key, node.Str("content"), at.Key("content"))
				node = withoutKey(node, "content")
			}
			x := o.lower(l, at, node)
			if file != "" {
				o.put(x, "file", doc.Str("./"+escape(file)).From(at.Key("content")))
			}
			v.Set(f.Key, x)
		}
		return v
	}
}

// configFile writes the content of a config into a file of the set, once.
func (l *lowering) configFile(key, content string, from tree.Path) string {
	name := configFolder + key
	if l.files.Get(name) == nil {
		l.add(&l.files, artifact.File{Path: name, Mode: 0o644, Data: []byte(content),
			Origins: []tree.Origin{{Line: 1, From: from}}})
	}
	return name
}

// withoutKey is a copy of n without one field.
func withoutKey(n *tree.Node, key string) *tree.Node {
	out := *n
	out.Fields = nil
	for _, f := range n.Fields {
		if f.Key != key {
			out.Fields = append(out.Fields, f)
		}
	}
	return &out
}
