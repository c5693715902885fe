package k8s

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/octocompose/octocompose/compiler/model"
)

// hookGrace is how long a pre_stop may take, in seconds, beside what stop_grace_period gives the program: Kubernetes
// counts both as one (Pod spec.terminationGracePeriodSeconds).
const hookGrace = 30

// buildHooks lowers post_start, pre_stop and stop_signal. A command of a hook is handed on as it is: unlike in command
// and args, Kubernetes replaces nothing in it.
func (u *unit) buildHooks() {
	life := &corev1.Lifecycle{}
	if h := u.oneHook(u.s.PostStart, "post_start"); h != nil {
		life.PostStart = &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: h}}
		u.markIn("lifecycle postStart", u.at("post_start").Index(0))
	}
	stop := u.oneHook(u.s.PreStop, "pre_stop")
	if stop != nil {
		u.markIn("lifecycle preStop", u.at("pre_stop").Index(0))
		u.notes = append(u.notes, note{at: "spec terminationGracePeriodSeconds", tail: "30 s of it for preStop, which counts"})
		*u.spec().TerminationGracePeriodSeconds += hookGrace
	}
	if signal := u.stopSignal(); signal != "" {
		stop = stopLoop(signal, stop)
		u.markIn("lifecycle preStop", u.at("stop_signal"))
	}
	if stop != nil {
		life.PreStop = &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: stop}}
	}
	if life.PostStart != nil || life.PreStop != nil {
		u.c().Lifecycle = life
	}
}

// oneHook is the command of the only hook: Kubernetes has one at each point.
func (u *unit) oneHook(hooks []model.Hook, key string) []string {
	if len(hooks) == 0 {
		return nil
	}
	if len(hooks) > 1 {
		u.l.refuse(u.at(key).Index(1), "put both into one script of the image",
			"cannot run %d commands: Kubernetes has one %s hook", len(hooks), key)
	}
	return hooks[0].Command
}

// stopLoop sends a signal to the program and waits for its end, after the hook of the service. The kubelet goes on when
// it is over: with SIGTERM, when the image has no shell.
func stopLoop(signal string, before []string) []string {
	loop := "kill -" + signal + " 1; while kill -0 1; do sleep 1; done"
	if before == nil {
		return []string{"/bin/sh", "-c", loop}
	}
	return append([]string{"/bin/sh", "-c", `"$@"; ` + loop, "sh"}, before...)
}

// stopSignal lowers stop_signal: the signal to send before SIGTERM, "" for none. Kubernetes has a field for it behind a
// feature gate, and drops it where the gate is shut; a hook works everywhere.
func (u *unit) stopSignal() string {
	signal := strings.TrimPrefix(strings.ToUpper(u.s.StopSignal), "SIG")
	if signal == "" || signal == "TERM" || signal == "15" {
		return ""
	}
	for i := 0; i < len(signal); i++ {
		if c := signal[i]; !isAlnum(c) && c != '+' && c != '-' {
			u.l.refuse(u.at("stop_signal"), "want a name such as SIGINT", "cannot use %q as a signal", u.s.StopSignal)
			return ""
		}
	}
	u.l.emulate(u.at("stop_signal"), "write STOPSIGNAL in the Dockerfile, which Kubernetes follows",
		"Kubernetes sends the signal of the image: a hook sends SIG%s before, with the shell of the image", signal)
	return signal
}
