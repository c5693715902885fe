package check

import (
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

// subject is one service with its node, and the rule that looks at it. A rule asks the node whether a field was
// written, as a value that is wrong is zero in the model, and the model for what the value is.
type subject struct {
	c    *checker
	s    *model.Service
	n    *tree.Node
	p    tree.Path
	code diag.Code
}

// serviceRules are what must hold inside one service beyond what the schema says (fields that rule each other out, for
// one, stand there), in the order in which they run.
var serviceRules = []struct {
	code  diag.Code
	holds func(*subject)
}{
	{diag.Required, whatRuns},
	{diag.Conflict, olderLimits},
	{diag.Conflict, buildPlatform},
	{diag.Required, mountFields},
	{diag.Duplicate, mountTargets},
	{diag.Required, portTargets},
	{diag.Type, hostAddresses},
	{diag.Type, expose},
	{diag.Enum, healthTest},
	{diag.Pattern, profiles},
	{diag.Exclusive, fixedName},
	{diag.Range, checkTimes},
	{diag.Range, autoscale},
	{diag.Conflict, everywhere},
	{diag.Required, watchTargets},
	{diag.PlainSecret, plainSecrets},
	{diag.Exposed, grants},
}

// rules runs all of them.
func (c *checker) rules() {
	section := c.root.Get("services")
	x := subject{c: c}
	for _, s := range c.project.Services {
		x.s, x.n, x.p = s, section.Get(s.Name), s.Path
		if x.n == nil || x.n.Kind != tree.Map {
			continue
		}
		for i := range serviceRules {
			x.code = serviceRules[i].code
			serviceRules[i].holds(&x)
		}
	}
	c.names()
	c.sources()
	c.secrets()
	c.notifiers()
	c.externals()
	c.empty()
}

// error reports what a rule found, unless there is an error at the same place already.
func (x *subject) error(p tree.Path, format string, args ...any) *diag.Diagnostic {
	return x.c.error(x.code, p, format, args...)
}

func (c *checker) error(code diag.Code, p tree.Path, format string, args ...any) *diag.Diagnostic {
	if c.faults.cover(p) {
		var nowhere diag.List
		return nowhere.Error(code, p, format, args...)
	}
	return c.found.Error(code, p, format, args...)
}

func (x *subject) warn(p tree.Path, format string, args ...any) *diag.Diagnostic {
	return x.c.found.Warn(x.code, p, format, args...)
}

// has reports whether key was written with a value, or with one that is wrong.
func has(n *tree.Node, key string) bool {
	v := n.Get(key)
	return v != nil && v.Kind != tree.Null
}

// whatRuns: something must say what runs.
func whatRuns(x *subject) {
	for _, key := range [...]string{"image", "build", "binary", "source", "provider"} {
		if v := x.n.Get(key); v != nil && (!v.Kind.IsScalar() || v.Text != "" && v.Kind != tree.Null || x.c.faults.cover(x.p.Key(key))) {
			return
		}
	}
	if x.c.faults.misspelt(x.p) || x.c.o.Broken {
		return
	}
	x.error(x.p, "no image, no build and no binary; want one of them").OnKey().
		Helpf("add to services.%s: image: NAME:TAG; or build: with the folder of its Dockerfile", x.s.Name)
}

// empty: a config without services is the wrong file.
func (c *checker) empty() {
	services := c.root.Get("services")
	switch {
	case len(c.project.Services) > 0 || c.o.AllowEmpty || c.o.Broken || isUnknown(c.root) || isUnknown(services):
	case len(c.project.Disabled) > 0:
		c.error(diag.Empty, tree.Of("services"), "every service is switched off").OnKey().
			See(tree.Of("services", c.project.Disabled[0], "enabled"), "the first of them").
			Helpf("delete enabled: false of one service at least")
	case c.faults.misspelt(tree.Root):
	default:
		c.error(diag.Empty, tree.Of("services"), "no services; want at least one").OnKey().
			Helpf("add: services: { web: { image: NAME:TAG } }; or name the file with -f")
	}
}

// sections are the mappings of the top level whose keys are names.
var sections = []struct{ key, one string }{
	{"services", "service"},
	{"networks", "network"},
	{"volumes", "volume"},
	{"secrets", "secret"},
	{"configs", "config"},
	{"models", "model"},
	{"targets", "target"},
}

// maxName is the longest name that fits everywhere: a label of a host name. Source: RFC 1123, section 2.1.
const maxName = 63

// names: keys and the project's name become host names, file names, unit names and labels.
func (c *checker) names() {
	if name := c.project.Name; len(name) > maxName {
		c.error(diag.Range, tree.Of("name"), "cannot use a name of %d letters for a project; want %d at most", len(name), maxName).
			Helpf("the names of units, containers and objects begin with it")
	}
	for _, sec := range sections {
		n := c.root.Get(sec.key)
		if n == nil || n.Kind != tree.Map {
			continue
		}
		seen := make(map[string]string, len(n.Fields))
		for i := range n.Fields {
			c.name(sec.key, sec.one, n.Fields[i].Key, seen)
		}
	}
}

func (c *checker) name(section, one, name string, seen map[string]string) {
	if section != "services" && strings.HasPrefix(name, "x-") {
		return
	}
	switch bad := nameFault(name); {
	case bad != "":
		c.error(diag.Pattern, tree.Of(section, name), "cannot use %q as the name of a %s; %s", name, one, bad).OnKey().
			Helpf("want letters a to z, digits, \".\", \"_\" and \"-\", with a letter or digit first")
	case len(name) > maxName:
		c.error(diag.Range, tree.Of(section, name), "cannot use a name of %d letters for a %s; want %d at most", len(name), one, maxName).OnKey().
			Helpf("a name becomes a host name on the targets")
	default:
		low := strings.ToLower(name)
		other, clash := seen[low]
		if !clash {
			seen[low] = name
			return
		}
		c.error(diag.NameClash, tree.Of(section, name), "%s and %s are one name for host names and for many file systems", name, other).OnKey().
			See(tree.Of(section, other), "%s stands here", other).Helpf("rename one of the two")
	}
}

// nameFault says what is wrong with a name, "" for nothing.
func nameFault(name string) string {
	if name == "" {
		return "it is empty"
	}
	for _, r := range name {
		switch {
		case r == '/' || r == '\\':
			return "it is a path"
		case r >= 0x80:
			return "it is not ASCII"
		case !isWord(byte(r)):
			return "it has a character that no name may have"
		}
	}
	if name[0] == '.' || !isAlphanumeric(name[0]) && name[0] != '_' {
		return "it begins with " + name[:1]
	}
	if strings.Trim(name, "._-") == "" {
		return "it has neither a letter nor a digit"
	}
	return ""
}

func isAlphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

func isWord(c byte) bool { return isAlphanumeric(c) || c == '.' || c == '_' || c == '-' }

// fileKinds are the sections whose entries are read from somewhere, with the fields that say where.
var fileKinds = []struct {
	section string
	fields  []string
	want    string
}{
	{
		section: "secrets",
		fields:  []string{"file", "environment", "credential", "external", "driver", "vault", "sops", "prompt", "generate"},
		want:    "file, environment, credential, vault, sops, prompt, generate: true or external: true",
	},
	{
		section: "configs",
		fields:  []string{"file", "content", "environment", "external"},
		want:    "file, content, environment or external: true",
	},
}

// sources: a secret and a config come from somewhere. (That it is one place only says the schema.) Source:
// validation/validation.go of compose-go.
func (c *checker) sources() {
	for _, kind := range fileKinds {
		section := c.root.Get(kind.section)
		if section == nil || section.Kind != tree.Map || c.o.Broken {
			continue
		}
		for i := range section.Fields {
			key, n := section.Fields[i].Key, section.Fields[i].Value
			if n == nil || n.Kind == tree.Unknown || strings.HasPrefix(key, "x-") {
				continue
			}
			p := tree.Of(kind.section, key)
			if !slices.ContainsFunc(kind.fields, func(f string) bool { return has(n, f) }) && !c.faults.misspelt(p) {
				c.error(diag.Required, p, "nothing says where it comes from; want %s", kind.want).OnKey()
			}
		}
	}
}

// externals: what exists outside the project is not described again. For volumes Compose refuses it
// (validation/volume.go of compose-go); elsewhere it leaves the rest out without a word, which we do not.
func (c *checker) externals() {
	for _, section := range [...]string{"networks", "volumes", "secrets", "configs"} {
		nodes := c.root.Get(section)
		if nodes == nil || nodes.Kind != tree.Map {
			continue
		}
		for i := range nodes.Fields {
			if n := nodes.Fields[i].Value; n != nil && strings.EqualFold(n.Str("external"), "true") {
				c.external(section, tree.Of(section, nodes.Fields[i].Key), n)
			}
		}
	}
}

func (c *checker) external(section string, p tree.Path, n *tree.Node) {
	for i := range n.Fields {
		key, v := n.Fields[i].Key, n.Fields[i].Value
		silent := v == nil || v.Kind == tree.Null || v.Derived
		if silent || strings.HasPrefix(key, "x-") || slices.Contains(externalKeys, key) {
			continue
		}
		const text = "external: true says that it exists already, so %s has no effect"
		var d *diag.Diagnostic
		if section == "volumes" {
			d = c.error(diag.Exclusive, p.Key(key), text, key)
		} else {
			d = c.found.Warn(diag.Exclusive, p.Key(key), text, key)
		}
		d.OnKey().See(p.Key("external"), "external stands here").Helpf("delete one of the two")
	}
}

// externalKeys are what is of use for something that exists already: its name, and how the project uses it.
var externalKeys = []string{"external", "name", "policy", "size", "access"}
