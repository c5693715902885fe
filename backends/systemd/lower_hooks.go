package systemd

import (
	"strings"

	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/support"
	"github.com/octocompose/octocompose/compiler/tree"
)

const env = "/usr/bin/env"

// containerWord is the name of the container of a service; of a replica, with the specifier of its number.
func (l *lowering) containerWord(s *service) Word {
	switch {
	case s.count > 1:
		return lit(s.unit + "-%i")
	case s.ContainerName != "":
		return text(s.ContainerName)
	}
	return text(s.unit)
}

// hooks writes the commands in a container: after its start, whose failure stops it again, as in Compose, and before
// it is stopped. Podman's own stop, which Quadlet writes, comes after.
func (l *lowering) hooks(s *service, sv *Section) {
	if s.job && len(s.PostStart)+len(s.PreStop) > 0 {
		l.refuseJobHooks(s)
		return
	}
	name := l.containerWord(s)
	for i := range s.PostStart {
		at := s.Path.Key("post_start").Index(i)
		sv.Exec("ExecStartPost", "", at, l.inContainer(&s.PostStart[i], at, name)...)
	}
	if s.healthy && len(s.PostStart) > 0 {
		sv.Note("The start job lasts until the check passes. Notify=healthy would have the commands above wait for it too.")
		sv.Exec("ExecStartPost", "", s.Path.Key("healthcheck"), lit(podman), lit("wait"), lit("--condition=healthy"), name)
	}
	for i := range s.PreStop {
		at := s.Path.Key("pre_stop").Index(i)
		sv.Exec("ExecStop", "-", at, l.inContainer(&s.PreStop[i], at, name)...)
	}
	l.postStop(s, "-", sv)
}

func (l *lowering) refuseJobHooks(s *service) {
	for _, f := range []struct {
		key string
		set bool
	}{{"post_start", len(s.PostStart) > 0}, {"pre_stop", len(s.PreStop) > 0}} {
		if f.set {
			l.refuse(s.Path.Key(f.key), "make the command a part of the service's own", "the service runs to completion: there is no container left for the command")
		}
	}
}

// inContainer is podman-exec(1) with a hook.
func (l *lowering) inContainer(h *model.Hook, at tree.Path, name Word) []Word {
	words := []Word{lit(podman), lit("exec")}
	if h.User != "" {
		words = append(words, text("--user="+h.User))
	}
	if h.WorkingDir != "" {
		words = append(words, text("--workdir="+h.WorkingDir))
	}
	if h.Privileged {
		words = append(words, lit("--privileged"))
	}
	for _, p := range l.hookVariables(h, at) {
		words = append(words, text("--env="+p.Key+"="+p.Value))
	}
	return append(append(words, name), texts(h.Command...)...)
}

// hookVariables are the variables of a hook, each with a value.
func (l *lowering) hookVariables(h *model.Hook, at tree.Path) []model.Pair {
	out := make([]model.Pair, 0, len(h.Environment))
	var unset []tree.Path
	for _, p := range h.Environment {
		if p.Null {
			unset = append(unset, at.Keys("environment", p.Key))
			continue
		}
		out = append(out, p)
	}
	support.Unset(&l.diags, l.t, unset)
	return out
}

// nativeHooks writes the commands beside a native program: in its sandbox, unless they are privileged.
func (l *lowering) nativeHooks(s *service, sv *Section) {
	if s.job && len(s.PostStart)+len(s.PreStop) > 0 {
		l.refuseJobHooks(s)
		return
	}
	for _, list := range []struct {
		field, key, sign string
		hooks            []model.Hook
	}{{"post_start", "ExecStartPost", "", s.PostStart}, {"pre_stop", "ExecStop", "-", s.PreStop}} {
		for i := range list.hooks {
			h, at, sign := &list.hooks[i], s.Path.Key(list.field).Index(i), list.sign
			if h.User != "" && h.User != s.User {
				l.refuse(at.Key("user"), "delete the line", "a native program has one user, made for it at each start")
				continue
			}
			if h.Privileged {
				sign += "+"
			}
			l.onMachine(h, at, list.key, sign, sv)
		}
	}
	l.postStop(s, "-+", sv)
}

// postStop writes the commands on the machine after each stop, and after a start that failed.
func (l *lowering) postStop(s *service, sign string, sv *Section) {
	if s.Hooks == nil {
		return
	}
	for i := range s.Hooks.PostStop {
		h, at := &s.Hooks.PostStop[i], s.Path.Keys("hooks", "post_stop").Index(i)
		if h.User != "" && h.User != "root" && h.User != "0" {
			continue // the table refuses it
		}
		l.onMachine(h, at, "ExecStopPost", sign, sv)
	}
}

// onMachine writes a hook as a command of the machine. env(1) looks for a program that has no path, and gives it
// variables and a folder.
func (l *lowering) onMachine(h *model.Hook, at tree.Path, key, sign string, sv *Section) {
	if len(h.Command) == 0 {
		return
	}
	program := h.Command[0]
	variables := l.hookVariables(h, at)
	if strings.HasPrefix(program, "/") && len(variables) == 0 && h.WorkingDir == "" && !strings.Contains(program, "=") {
		sv.Exec(key, sign, at, texts(h.Command...)...)
		return
	}
	if strings.Contains(program, "=") || strings.HasPrefix(program, "-") {
		l.refuse(at.Key("command"), "give the program another name", "env would not take %q for a program", program)
		return
	}
	words := []Word{lit(env)}
	if h.WorkingDir != "" {
		words = append(words, text("--chdir="+h.WorkingDir))
	}
	for _, p := range variables {
		words = append(words, text(p.Key+"="+p.Value))
	}
	sv.Exec(key, sign, at, append(words, texts(h.Command...)...)...)
}
