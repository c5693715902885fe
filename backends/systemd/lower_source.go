package systemd

import (
	"path"
	"regexp"
	"strings"

	"github.com/octocompose/octocompose/compiler/tree"
)

// Programs that a build starts with. What its commands start, PATH of systemd finds.
const (
	git     = "/usr/bin/git"
	rm      = "/usr/bin/rm"
	shell   = "/bin/sh"
	install = "/usr/bin/install"
	mv      = "/usr/bin/mv"
)

// fixedRef are refs that do not move by themselves: a commit, or what looks like the tag of a version.
var fixedRef = regexp.MustCompile(`^([0-9a-f]{7,64}|(.*[/_-])?v?[0-9]+(\.[0-9]+)+([-+._].*)?)$`)

// sourced lowers source: a unit that clones the repository, runs the commands and puts the program in place at once,
// unless it is there.
func (l *lowering) sourced(s *service) (p program, ok bool) {
	src, at := s.Source, s.Path.Key("source")
	output := path.Clean(src.Output)
	switch {
	case strings.HasPrefix(src.Repo, "-"):
		l.refuse(at.Key("repo"), "write the address of a repository", "git would take %q for an option", src.Repo)
		return p, false
	case strings.HasPrefix(src.Ref, "-"):
		l.refuse(at.Key("ref"), "write a commit or a tag", "git would take %q for an option", src.Ref)
		return p, false
	case path.IsAbs(output) || output == "." || output == ".." || strings.HasPrefix(output, "../"):
		l.refuse(at.Key("output"), "write a path in the repository", "the program cannot lie outside of its repository, at %q", src.Output)
		return p, false
	case src.Ref == "":
		l.emulate(at, "write ref: with a commit or a tag", "the default branch is built once, as it is then; nothing notices that it moves")
	case !fixedRef.MatchString(src.Ref):
		l.emulate(at.Key("ref"), "write a commit or a tag", "%q looks like a branch: it is built once, as it is then; nothing notices that it moves", src.Ref)
	}
	p = l.newProgram(s, []byte(jsonArray(append([]string{src.Repo, src.Ref, src.Output}, src.Commands...))), s.unit+"-build.service")
	l.buildProgram(s, &p, output)
	l.builds = true
	return p, true
}

// buildProgram is the unit that builds the program. Each step is a program of its own, and one that fails ends the
// unit; only the commands of the config go through the shell, as they were written.
func (l *lowering) buildProgram(s *service, p *program, output string) {
	src, at := s.Source, s.Path.Key("source")
	u := l.unit(nativeDir+p.maker, s.From)
	us, sv := u.Section("Unit"), u.Section("Service")
	us.Fixed("Description", l.names.project+": build the program of "+s.Name, tree.Root)
	us.Fixed("PartOf", l.target, tree.Root)
	us.Fixed("Wants", "network-online.target", tree.Root)
	us.Fixed("After", "network-online.target", tree.Root)
	us.Raw("ConditionPathExists", "!"+p.path, tree.Root)

	cache := path.Join(l.names.project, "build", s.Name)
	home := "/var/cache/" + cache
	tree0 := home + "/source"
	part := path.Join("/var/lib", p.dir, ".part")
	sv.Fixed("Type", "oneshot", tree.Root)
	step := func(at tree.Path, words ...Word) { sv.Exec("ExecStart", "", at, words...) }
	step(tree.Root, lit(rm), lit("-rf"), text(tree0), text(part))
	step(at.Key("repo"), lit(git), lit("clone"), lit("--quiet"), lit("--"), text(src.Repo), text(tree0))
	if src.Ref != "" {
		step(at.Key("ref"), lit(git), lit("-C"), text(tree0), lit("checkout"), lit("--quiet"), text(src.Ref), lit("--"))
	}
	step(tree.Root, lit(git), lit("-C"), text(tree0), lit("submodule"), lit("--quiet"), lit("update"), lit("--init"), lit("--recursive"))
	for i, command := range src.Commands {
		step(at.Key("commands").Index(i), lit(env), text("--chdir="+tree0), lit(shell), lit("-c"), text(command))
	}
	step(at.Key("output"), lit(install), lit("-D"), lit("-m"), lit("0755"), text(path.Join(tree0, output)), text(path.Join(part, s.unit)))
	step(tree.Root, lit(mv), lit("--no-target-directory"), text(part), text(path.Dir(p.path)))
	l.makerOptions(p, sv)
	sv.Note("Home of the build: what its tools keep from one build to the next.")
	sv.Fixed("CacheDirectory", cache, tree.Root)
	sv.Assign("Environment", "HOME", home, tree.Root)
	sv.Fixed("TimeoutStartSec", "1h", tree.Root)
	sv.Fixed("Slice", l.slice, tree.Root)
	sv.Fixed("TasksMax", "4096", tree.Root)
	l.hardening(sv, sandbox{umask: "0022", build: true})
}
