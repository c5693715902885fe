package systemd

import (
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/octocompose/octocompose/compiler/artifact"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

const (
	curl      = "/usr/bin/curl"
	sha256sum = "/usr/bin/sha256sum"
	chmod     = "/usr/bin/chmod"
	mv        = "/usr/bin/mv"
)

// architectures are the words of ConditionArchitecture= (systemd.unit(5)) by Go's.
var architectures = []struct{ platform, systemd string }{
	{"linux_amd64", "x86-64"}, {"linux_arm64", "arm64"}, {"linux_arm", "arm"}, {"linux_386", "x86"}, {"linux_riscv64", "riscv64"},
	{"linux_ppc64le", "ppc64-le"}, {"linux_s390x", "s390x"},
}

// download is the program of a native service.
type download struct {
	*model.Binary
	arch    string
	at      tree.Path
	dir     string // its folder, named by its hash: the unit changes with the program, and the way back needs no download
	program string // its path
	check   string // the file that sha256sum reads before each start
}

// program lowers a service that has a binary and no image to a hardened native unit, and one that fetches it.
func (l *lowering) program(s *service) {
	d, ok := l.download(s)
	if !ok || !l.onlyNative(s) {
		return
	}
	l.programs = true
	l.fetchUnit(s, &d)

	file, description := s.unit, l.names.project+": "+s.Name
	if s.count > 1 {
		file, description = file+"@", description+", replica %i"
	}
	u := l.unit(nativeDir+file+".service", s.From)
	us, sv := u.Section("Unit"), u.Section("Service")
	us.Fixed("Description", description, tree.Root)
	us.Fixed("ConditionArchitecture", d.arch, d.at)
	if s.job {
		l.serviceType(s, sv)
	} else {
		sv.Fixed("Type", "exec", tree.Root)
	}
	if len(s.waits) > 0 {
		sv.Note("\"+\": the gate asks systemd, which the sandbox below forbids.")
	}
	l.depends(s, us, sv, "+", s.unit+"-fetch.service")
	sv.note = ""
	sv.Exec("ExecStartPre", "", d.at.Key("sha256"), lit(sha256sum), lit("--check"), lit("--status"), lit("--strict"), text(d.check))
	l.nativeCommand(s, d, sv)
	l.nativeHealth(s, sv)
	l.restart(s, us, sv)
	l.timeouts(s, sv)
	if s.StopSignal != "" {
		sv.Raw("KillSignal", signalName(s.StopSignal), s.Path.Key("stop_signal"))
	}
	sv.Fixed("Slice", l.slice, tree.Root)
	l.resources(s, sv)
	for _, lim := range s.Ulimits {
		sv.Raw("Limit"+strings.ToUpper(lim.Name), ulimit(lim), s.Path.Keys("ulimits", lim.Name))
	}
	l.nativeEnvironment(s, sv)
	l.nativeFiles(s, sv)
	l.sandbox(s, sv)
	if h := s.config.String(); h != "" {
		us.Fixed("X-Octo-Config", h, tree.Root)
	}
	l.patch(s, u)
}

// download chooses the program for the machine.
func (l *lowering) download(s *service) (d download, ok bool) {
	for i := range s.Binary {
		b := &s.Binary[i]
		for _, a := range architectures {
			if a.platform != b.Platform {
				continue
			}
			at := s.Path.Keys("binary", b.Platform)
			if d.Binary != nil {
				l.refuse(at, "keep the platform of the machine, and write the others in an overlay of their own target", "a tree of units is for machines of one platform")
				return d, false
			}
			d.Binary, d.arch, d.at = b, a.systemd, at
		}
	}
	switch {
	case d.Binary == nil:
		l.refuse(s.Path.Key("binary"), "write linux_amd64 or linux_arm64", "there is no program for Linux, and no image")
		return d, false
	case d.SHA256 == "":
		l.refuse(d.at.Key("sha256_url"), "write sha256: with the 64 digits that stand there", "the program would be trusted by a sum that comes from the same place")
		return d, false
	case d.InArchive != "":
		l.refuse(d.at.Key("path"), "name a download that is the program itself", "programs in archives need octo-sidecar's fetch, which this version does not have")
		return d, false
	}
	name := path.Base(strings.SplitN(strings.SplitN(d.URL, "?", 2)[0], "#", 2)[0])
	if !plainName(name) || name == "." || name == ".." {
		name = s.Name
	}
	d.dir = path.Join(l.names.project, "bin", s.Name, d.SHA256[:12])
	d.program = "/var/lib/" + d.dir + "/" + name
	return d, true
}

// fetchUnit downloads the program, unless it is there. There is no shell: each step is a program, and one that fails
// ends the unit.
func (l *lowering) fetchUnit(s *service, d *download) {
	part := "/var/lib/" + d.dir + "/.part"
	sums := func(name, file string) (string, []byte) {
		data := []byte(d.SHA256 + "  " + file + "\n")
		return l.generated(s.Name+"/"+name, artifact.File{Data: data, Origins: []tree.Origin{{Line: 1, From: d.at.Key("sha256")}}}), data
	}
	partCheck, partData := sums("download.sha256", part)
	check, data := sums("program.sha256", d.program)
	d.check = check
	s.config.add(data)

	u := l.unit(nativeDir+s.unit+"-fetch.service", s.From)
	us, sv := u.Section("Unit"), u.Section("Service")
	us.Fixed("Description", l.names.project+": fetch the program of "+s.Name, tree.Root)
	us.Fixed("PartOf", l.target, tree.Root)
	us.Fixed("Wants", "network-online.target", tree.Root)
	us.Fixed("After", "network-online.target", tree.Root)
	us.Raw("ConditionPathExists", "!"+d.program, tree.Root)
	var config configHash
	config.add(partData)
	us.Fixed("X-Octo-Config", config.String(), tree.Root)
	sv.Fixed("Type", "oneshot", tree.Root)
	sv.Exec("ExecStart", "", d.at.Key("url"), lit(curl), lit("--fail"), lit("--location"), lit("--proto"), lit("=https"), lit("--silent"),
		lit("--show-error"), lit("--retry"), lit("3"), lit("--output"), text(part), lit("--url"), text(d.URL))
	sv.Exec("ExecStart", "", d.at.Key("sha256"), lit(sha256sum), lit("--check"), lit("--status"), lit("--strict"), text(partCheck))
	sv.Exec("ExecStart", "", tree.Root, lit(chmod), lit("0755"), text(part))
	sv.Exec("ExecStart", "", tree.Root, lit(mv), lit("--force"), text(part), text(d.program))
	sv.Fixed("User", sysUser(l.names.project), tree.Root)
	sv.Note("Each version has its own folder, so that the old one still runs while the new one arrives.")
	sv.Fixed("StateDirectory", d.dir, tree.Root)
	sv.Fixed("StateDirectoryMode", "0755", tree.Root)
	sv.Fixed("TimeoutStartSec", "10min", tree.Root)
	sv.Fixed("Slice", l.slice, tree.Root)
	sv.Fixed("TasksMax", "256", tree.Root)
	sv.Fixed("MemoryMax", "256M", tree.Root)
	l.hardening(sv, false, "0022")
}

// nativeCommand writes the program with its arguments. The program takes the place of the image's entry point.
func (l *lowering) nativeCommand(s *service, d download, sv *Section) {
	words := []Word{text(d.program)}
	if len(s.Entrypoint) > 0 {
		l.emulate(s.Path.Key("entrypoint"), "", "the program takes the place of %q, the first word", s.Entrypoint[0])
		words = append(words, texts(s.Entrypoint[1:]...)...)
	}
	words = append(words, texts(s.Command...)...)
	sv.Exec("ExecStart", "", s.Path.Key("command"), words...)
	if s.WorkingDir != "" {
		sv.Raw("WorkingDirectory", "-"+s.WorkingDir, s.Path.Key("working_dir"))
	}
}

// nativeHealth holds the start until the page is there.
func (l *lowering) nativeHealth(s *service, sv *Section) {
	h, at := s.Healthcheck, s.Path.Key("healthcheck")
	switch {
	case h.Off() || s.job:
		return
	case h.TCP != nil || h.GRPC != nil:
		return // the table refuses them
	case h.HTTP == nil:
		l.refuse(at.Key("test"), "write http:, or run an image", "a check of a native program by a command needs octo-sidecar, which this version does not have")
		return
	}
	scheme, page := h.HTTP.Scheme, h.HTTP.Path
	if scheme == "" {
		scheme = "http"
	}
	if page == "" {
		page = "/"
	}
	timeout := checkTimeout
	if h.Timeout != nil {
		timeout = time.Duration(*h.Timeout)
	}
	limit := startTime(h)
	words := []Word{lit(curl), lit("--silent"), lit("--fail"), lit("--globoff"), lit("--output"), lit("/dev/null"), lit("--max-time"),
		lit(decimal(model.Duration(timeout).Seconds())), lit("--retry"), lit(decimal(int64(limit / time.Second))), lit("--retry-delay"), lit("1"),
		lit("--retry-max-time"), lit(decimal(int64(limit / time.Second))), lit("--retry-all-errors")}
	if scheme == "https" {
		words = append(words, lit("--insecure"))
	}
	if h.HTTP.Host != "" {
		words = append(words, lit("--header"), text("Host: "+h.HTTP.Host))
	}
	words = append(words, lit("--url"), text(scheme+"://127.0.0.1:"+strconv.Itoa(h.HTTP.Port)+page))
	sv.Note("The start job lasts until the check passes, as Notify=healthy does for a container.")
	sv.Exec("ExecStartPost", "", at, words...)
	l.emulate(at, "", "the check is asked until the start has succeeded, and no more after that")
}

// signalName is a signal as systemd reads it.
func signalName(s string) string {
	if _, err := strconv.Atoi(s); err == nil || strings.HasPrefix(s, "SIG") {
		return s
	}
	return "SIG" + s
}

// nativeEnvironment writes the environment. A file read with EnvironmentFile= is over Environment= in systemd, and the
// other way round in Compose: where there is one, what environment sets stands in a file too, which is read last.
func (l *lowering) nativeEnvironment(s *service, sv *Section) {
	files := 0
	for i := range s.EnvFile {
		f, at := &s.EnvFile[i], s.Path.Key("env_file").Index(i)
		prefix := ""
		if f.Required != nil && !*f.Required {
			prefix = "-"
		}
		if file := l.envFile(f, at); file != "" {
			sv.Raw("EnvironmentFile", prefix+file, at)
			files++
		}
	}
	var data []byte
	var origins []tree.Origin
	for _, v := range l.variables(s) {
		if !isVariable(v.Key) {
			l.refuse(v.at, "use letters, digits and _", "systemd passes on no variable with the name %q", v.Key)
			continue
		}
		if files == 0 {
			sv.Assign("Environment", v.Key, v.Value, v.at)
			continue
		}
		line, err := appendEnvLine(data, v.Key, v.Value)
		if err != nil {
			sv.refuse(v.at, "Environment", v.Value, err)
			continue
		}
		data = line
		origins = append(origins, tree.Origin{Line: len(origins) + 1, From: v.at})
	}
	if len(data) > 0 {
		s.config.add(data)
		sv.Fixed("EnvironmentFile", l.generated(s.Name+"/environment", artifact.File{Data: data, Origins: origins}), s.Path.Key("environment"))
	}
}

func isVariable(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '_' && (c < '0' || c > '9' || i == 0) {
			return false
		}
	}
	return s != ""
}
