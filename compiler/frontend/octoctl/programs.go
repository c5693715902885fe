package octoctl

import (
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/tree"
)

// binaryKeys are the keys of a program that is downloaded. url may be relative in octoctl; here the schema wants https.
var binaryKeys = []spelling{
	{"url", "url"}, {"sha256", "sha256"}, {"sha256Url", "sha256_url"}, {"sha256URL", "sha256_url"}, {"binary", "path"}, {"archiveBinaryPath", "path"},
}

// sourceKeys are the keys of a program that is built.
var sourceKeys = []spelling{
	{"repo", "repo"}, {"url", "repo"}, {"ref", "ref"}, {"branch", "ref"}, {"binary", "output"}, {"binaryPath", "output"},
}

// programs converts binary and source of n, which is baremetal or, in the concept, the service of a repo itself.
func (c *converter) programs(s *service, p tree.Path, n *tree.Node) {
	var arch []string
	if f, ok := field(n, "binary"); ok {
		arch = c.binaries(s, p.Key("binary"), f)
	}
	f, ok := field(n, "source")
	if !ok || !c.isMap(p.Key("source"), f.Value) {
		return
	}
	one := ""
	if len(arch) == 1 {
		one = arch[0]
	}
	if one == "" && s.n.Get("binary") != nil && needsArch(f.Value) {
		c.ds.Warn(diag.Unsupported, p.Key("source"), "the program of %s is downloaded, and not built: the source names the platform of the machine",
			s.name).
			OnKey().AtSpan(f.KeyAt).Helpf("delete source, or write the platform out in it")
		return
	}
	c.source(s, p.Key("source"), f, one)
}

// needsArch reports whether a template in n names the architecture.
func needsArch(n *tree.Node) bool {
	if n.Kind == tree.String {
		_, in, ok := strings.Cut(n.Text, "{{")
		return ok && strings.Contains(in, "ARCH")
	}
	found := false
	tree.Walk(tree.Root, n, func(_ tree.Path, m *tree.Node) bool {
		found = found || m.Kind == tree.String && needsArch(m)
		return !found
	})
	return found
}

// binaries converts a mapping by platform, or the concept's list of entries with os and arch. It returns the
// architectures.
func (c *converter) binaries(s *service, p tree.Path, f tree.Field) []string {
	out := mapping(f.Value.At)
	var arch []string
	var args *tree.Node
	add := func(p tree.Path, key tree.Field, os, cpu string) {
		if !c.isMap(p, key.Value) {
			return
		}
		if i := out.Find(key.Key); i >= 0 {
			c.ds.Error(diag.Duplicate, p, "a second program for %s", key.Key).AtSpan(key.KeyAt).
				SeeSpan(out.Fields[i].KeyAt, "the first stands here").Helpf("delete one of the two")
			return
		}
		v, own := c.binary(p, c.platform(p, key.Value, os, cpu))
		if own != nil && args != nil && !tree.Equal(own, args) {
			c.ds.Error(diag.Conflict, p.Key("args"), "cannot give the program other arguments on each platform").AtSpan(own.At).
				SeeSpan(args.At, "the others stand here").Helpf("write the same arguments in each entry")
		} else if own != nil {
			args = own
		}
		arch = append(arch, cpu)
		out = out.Set(key.Key, key.KeyAt, v)
	}
	switch f.Value.Kind {
	case tree.Map:
		for _, g := range f.Value.Fields {
			os, cpu, _ := strings.Cut(g.Key, "_")
			add(p.Key(g.Key), g, os, cpu)
		}
	case tree.List:
		for i, it := range f.Value.Items {
			os, cpu := it.Str("os"), it.Str("arch")
			if it.Kind == tree.Map && (os == "" || cpu == "") {
				c.ds.Error(diag.Required, p.Index(i), "no os or no arch; want both").AtSpan(it.At).Helpf("write os: linux and arch: amd64")
				continue
			}
			add(p.Index(i), tree.Field{Key: os + "_" + cpu, KeyAt: it.At, Value: it}, os, cpu)
		}
	default:
		c.wants(p, f.Value, "a mapping by platform", "write linux_amd64: { url: …, sha256Url: … }")
		return nil
	}
	if len(out.Fields) > 0 {
		c.replace(s, f, "binary", out)
	}
	if args != nil {
		c.replace(s, tree.Field{KeyAt: args.At}, "command", args)
	}
	return arch
}

// binary is one program that is downloaded, and its arguments.
func (c *converter) binary(p tree.Path, n *tree.Node) (out, args *tree.Node) {
	out = c.spell(p, n, binaryKeys, func(f tree.Field) bool {
		switch {
		case f.Key == "os" || f.Key == "arch":
		case f.Key == "args" && f.Value.Kind == tree.List:
			args = literal(f.Value)
		case f.Key == "args":
			c.wants(p.Key("args"), f.Value, "a list", "write args: [serve]")
		case f.Key == "path":
			c.local(p.Key("path"), f)
		default:
			return false
		}
		return true
	})
	return out, args
}

// local reports a path on the machine of whoever ran octoctl.
func (c *converter) local(p tree.Path, f tree.Field) {
	if f.Value.Kind == tree.Null || f.Value.Text == "" && f.Value.Kind == tree.String {
		return
	}
	c.ds.Warn(diag.Unsupported, p, "has no effect: it is a path on the machine that octoctl runs on").OnKey().AtSpan(f.KeyAt).
		Helpf("give a url for a program, a repo for its source")
}

// source is a program that is built. Our targets for programs are Linux.
func (c *converter) source(s *service, p tree.Path, f tree.Field, arch string) {
	n := c.platform(p, f.Value, "linux", arch)
	out := c.spell(p, n, sourceKeys, func(g tree.Field) bool {
		switch {
		case g.Key == "path":
			c.local(p.Key("path"), g)
		case g.Key == "buildCmds" && g.Value.Kind == tree.Null:
		case g.Key == "buildCmds" && g.Value.Kind != tree.List:
			c.wants(p.Key(g.Key), g.Value, "a list", "write buildCmds: [make]")
		default:
			return g.Key == "buildCmds"
		}
		return true
	})
	if g, ok := field(n, "buildCmds"); ok && g.Value.Kind == tree.List {
		out = out.Set("commands", g.KeyAt, literal(g.Value))
	}
	if ref := out.Get("ref"); ref != nil && ref.Kind == tree.String && branch(ref.Text) != ref.Text {
		out = out.Set("ref", at(out, "ref"), made(ref.At, branch(ref.Text)))
	}
	if len(out.Fields) > 0 {
		c.replace(s, f, "source", out)
	}
}
