package systemd

import (
	"strconv"
	"strings"

	"github.com/octocompose/octocompose/compiler/artifact"
	"github.com/octocompose/octocompose/compiler/tree"
)

// nativeService lowers a service that runs a program without a container: what brings the program, what runs before
// each start, and the program.
func (l *lowering) nativeService(s *service) {
	p, ok := l.findProgram(s)
	if !ok || !l.onlyNative(s) {
		return
	}
	s.program = p
	s.after = l.preStart(s)
	l.native(s, p)
}

// native lowers one program to a hardened unit. Where the gates and preflights ask what the sandbox would change, they
// run outside of it: "+".
func (l *lowering) native(s *service, p program) {
	file, description := s.unit, l.names.project+": "+s.title()
	if s.count > 1 {
		file, description = file+"@", description+", replica %i"
	}
	u := l.unit(nativeDir+file+".service", s.From)
	us, sv := u.Section("Unit"), u.Section("Service")
	us.Fixed("Description", description, tree.Root)
	l.forArchitectures(&p, us)
	if s.job {
		l.serviceType(s, sv)
	} else {
		sv.Fixed("Type", "exec", tree.Root)
	}
	if len(s.waits) > 0 || len(s.Preflight) > 0 {
		sv.Note("\"+\": outside of the sandbox below, which forbids to ask systemd and changes what the machine looks like.")
	}
	l.preflight(s, "+", sv)
	l.depends(s, us, sv, "+", p.maker)
	sv.note = ""
	l.nativeCommand(s, p, sv)
	l.nativeHooks(s, sv) // before the wait, as what they do may be what the check waits for
	l.nativeHealth(s, sv)
	s.endPre("+", sv)
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

// nativeCommand writes the program with its arguments. The program takes the place of the image's entry point.
func (l *lowering) nativeCommand(s *service, p program, sv *Section) {
	words := []Word{text(p.path)}
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
		sv.Fixed("EnvironmentFile", l.generated(s.place("environment"), artifact.File{Data: data, Origins: origins}), s.Path.Key("environment"))
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
