package systemd

import (
	"crypto/sha256"
	"encoding/hex"
	"path"
	"strings"

	"github.com/octocompose/octocompose/compiler/artifact"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
	"github.com/octocompose/octocompose/runtime/spec"
)

// architectures are the words of ConditionArchitecture= (systemd.unit(5)) by Go's.
var architectures = []struct{ platform, systemd string }{
	{"linux_386", "x86"}, {"linux_amd64", "x86-64"}, {"linux_arm", "arm"}, {"linux_arm64", "arm64"}, {"linux_loong64", "loongarch64"},
	{"linux_mips", "mips"}, {"linux_mips64", "mips64"}, {"linux_mips64le", "mips64-le"}, {"linux_mipsle", "mips-le"},
	{"linux_ppc64", "ppc64"}, {"linux_ppc64le", "ppc64-le"}, {"linux_riscv64", "riscv64"}, {"linux_s390x", "s390x"},
}

// program is what a native unit runs, and the unit that brings it.
type program struct {
	path   string // on the machine; its folder is named by a hash over where it comes from
	dir    string // the folder of all versions, below /var/lib
	maker  string // the .service unit that fetches or builds it
	arches []architecture
}

// architecture is one that the program is there for.
type architecture struct {
	name string
	at   tree.Path
}

// newProgram names a program by what it is made of: the unit that runs it changes with it, and the way back to an
// older version needs no download.
func (l *lowering) newProgram(s *service, made []byte, maker string) program {
	sum := sha256.Sum256(made)
	dir := path.Join(l.names.project, "bin", s.Name)
	return program{path: path.Join("/var/lib", dir, hex.EncodeToString(sum[:])[:12], s.unit), dir: dir, maker: maker}
}

// findProgram is what brings the program of a native service: a download goes over a build.
func (l *lowering) findProgram(s *service) (program, bool) {
	if len(s.Binary) > 0 {
		return l.fetched(s)
	}
	return l.sourced(s)
}

// keptVersions are how many other versions of a program stay for the way back.
const keptVersions = 2

// fetched lowers binary: a spec for octo-sidecar fetch, which verifies what it downloads and puts the whole folder in
// place at once, and the unit that runs it. The folder belongs to the user who fetches and is never changed: a program
// that lies there has been verified.
func (l *lowering) fetched(s *service) (p program, ok bool) {
	f := spec.Fetch{Program: s.unit, Artifact: map[string]spec.Artifact{}}
	var arches []architecture
	for i := range s.Binary {
		b := &s.Binary[i]
		at := s.Path.Keys("binary", b.Platform)
		if !strings.HasPrefix(b.Platform, "linux_") {
			continue // for other systems
		}
		name := ""
		for _, a := range architectures {
			if a.platform == b.Platform {
				name = a.systemd
			}
		}
		if name == "" {
			l.refuse(at, "write linux_amd64 or linux_arm64", "systemd knows no machine like %q", b.Platform)
			return p, false
		}
		arches = append(arches, architecture{name, at})
		f.Artifact[b.Platform] = spec.Artifact{URL: b.URL, SHA256: b.SHA256, SHA256URL: b.SHA256URL, Path: b.InArchive}
		if !l.soundDownload(b, at) {
			return p, false
		}
	}
	if len(arches) == 0 {
		l.refuse(s.Path.Key("binary"), "write linux_amd64 or linux_arm64", "there is no program for Linux")
		return p, false
	}
	f.Dest = "/var/lib/" + path.Join(l.names.project, "bin", s.Name) // for its hash alone
	data, err := f.Marshal()
	if err == nil {
		p = l.newProgram(s, data, s.unit+"-fetch.service")
		p.arches = arches
		f.Dest = path.Dir(p.path)
		f.Keep = keptVersions // not in the hash: how many stay changes no version
		data, err = f.Marshal()
	}
	if err != nil {
		l.refuse(s.Path.Key("binary"), "write another value", "%s", err)
		return p, false
	}
	file := l.generated(s.Name+"/fetch.json", artifact.File{Data: data, Origins: []tree.Origin{{Line: 1, From: s.Path.Key("binary")}}})
	l.sidecar = true
	l.fetchUnit(s, &p, file, data)
	return p, true
}

// soundDownload refuses what nobody could verify, and warns of what is verified by a sum from the same hands.
func (l *lowering) soundDownload(b *model.Binary, at tree.Path) bool {
	if b.SHA256 != "" {
		return true
	}
	for _, f := range []struct{ field, url string }{{"url", b.URL}, {"sha256_url", b.SHA256URL}} {
		if !strings.HasPrefix(f.url, "https://") {
			l.refuse(at.Key(f.field), "write an address with https, or sha256: with the 64 digits", "nothing would show that %q is what was meant", f.url)
			return false
		}
	}
	l.emulate(at.Key("sha256_url"), "write sha256: with the 64 digits that stand there", "the sum is read when the program is fetched, and believed")
	return true
}

// fetchUnit is the unit that fetches the program, unless it is there.
func (l *lowering) fetchUnit(s *service, p *program, file string, data []byte) {
	u := l.unit(nativeDir+p.maker, s.From)
	us, sv := u.Section("Unit"), u.Section("Service")
	us.Fixed("Description", l.names.project+": fetch the program of "+s.Name, tree.Root)
	us.Fixed("PartOf", l.target, tree.Root)
	us.Fixed("Wants", "network-online.target", tree.Root)
	us.Fixed("After", "network-online.target", tree.Root)
	l.forArchitectures(p, us)
	us.Raw("ConditionPathExists", "!"+p.path, tree.Root)
	var config configHash
	config.add(data)
	us.Fixed("X-Octo-Config", config.String(), tree.Root)
	sv.Fixed("Type", "oneshot", tree.Root)
	sv.Exec("ExecStart", "", s.Path.Key("binary"), lit(sidecar), lit("fetch"), text("--spec="+file))
	l.makerOptions(p, sv)
	sv.Fixed("TimeoutStartSec", "10min", tree.Root)
	sv.Fixed("Slice", l.slice, tree.Root)
	sv.Fixed("TasksMax", "256", tree.Root)
	sv.Fixed("MemoryMax", "256M", tree.Root)
	l.hardening(sv, sandbox{umask: "0022", looks: true, at: s.Path.Key("binary")})
}

// forArchitectures keeps a unit off machines that the program is not for.
func (l *lowering) forArchitectures(p *program, us *Section) {
	sign := ""
	if len(p.arches) > 1 {
		sign = "|" // one of them
	}
	for _, a := range p.arches {
		us.Fixed("ConditionArchitecture", sign+a.name, a.at)
	}
}

// makerOptions are the user and the folder of a unit that brings a program.
func (l *lowering) makerOptions(p *program, sv *Section) {
	l.programs = true
	sv.Fixed("User", sysUser(l.names.project, fetchTask), tree.Root)
	sv.Note("Each version has its own folder, so that the old one still runs while the new one arrives.")
	sv.Fixed("StateDirectory", p.dir, tree.Root)
	sv.Fixed("StateDirectoryMode", "0755", tree.Root)
}

// claim is a name of a unit with what it is for.
type claim struct {
	name string
	at   tree.Path
}

// besides are the units beside that of a service.
func (s *service) besides() []claim {
	var out []claim
	switch {
	case len(s.Binary) > 0:
		out = append(out, claim{s.unit + "-fetch", s.Path.Key("binary")})
	case s.Source != nil:
		out = append(out, claim{s.unit + "-build", s.Path.Key("source")})
	}
	if s.Build != nil && !s.native {
		out = append(out, claim{s.unit + "-build", s.Path.Key("build")})
	}
	if s.native && len(s.watched()) > 0 {
		out = append(out, claim{s.unit + "-alive", s.Path.Key("checks")})
	}
	for i := range s.PreStart {
		out = append(out, claim{preUnit(s, i), s.Path.Key("pre_start").Index(i)})
	}
	return out
}
