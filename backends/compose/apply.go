package compose

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/octocompose/octocompose/compiler/doc"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/source"
)

// page is APPLY.md while it is written.
type page struct{ strings.Builder }

// say writes a line.
func (g *page) say(parts ...string) {
	for _, s := range parts {
		g.WriteString(s)
	}
	g.WriteByte('\n')
}

// section begins a section.
func (g *page) section(title string) { g.say("\n## ", title) }

// code writes commands.
func (g *page) code(lines ...string) {
	g.say("```")
	for _, s := range lines {
		g.say(s)
	}
	g.say("```")
}

// apply is APPLY.md: the commands that bring the project up, in order. It is written after the document, as it names
// what was found on the way.
func (l *lowering) apply() []byte {
	p := l.in.Project
	g := &page{}
	g.say("# Apply ", p.Name, " with Docker Compose")
	g.say()
	compose, engine := leastCompose, leastEngine
	if compose.before(l.compose) {
		compose = l.compose
	}
	if engine.before(l.engine) {
		engine = l.engine
	}
	needs := []string{"Docker Engine " + engine.String(), "Compose " + compose.String()}
	if l.hosted {
		needs = append(needs, ticks(sidecarHost))
	}
	g.say("Made from ", strings.Join(p.Inputs, ", "), ". Needs ", strings.Join(needs, ", "), ". All commands run in this folder.")
	l.once(g)
	l.bring(g)
	l.present(g)
	l.eachTime(g)
	l.startOrder(g)
	l.notDone(g)
	l.use(g)
	return []byte(g.String())
}

// command is docker compose with the options that every command of this project needs, and more files. Compose looks for .env in the
// folder of compose.yaml, and the project's lies elsewhere.
func (l *lowering) command(files ...string) string {
	s := "docker compose"
	if l.dotenv() || len(files) > 0 {
		s += " --file " + composeFile
	}
	for _, f := range files {
		s += " --file " + f
	}
	if l.dotenv() {
		s += " --env-file " + doc.ShellWord(l.onHost(".env"))
	}
	for _, name := range l.in.Project.Profiles {
		s += " --profile " + doc.ShellWord(name)
	}
	return s
}

// dotenv reports whether the project has a file .env that Compose must be told of.
func (l *lowering) dotenv() bool {
	return l.readsEnv() && l.in.Files != nil && l.in.Files.Stat(".env").Kind == source.Regular
}

// readsEnv reports whether Compose takes a value from its environment when it applies the output.
func (l *lowering) readsEnv() bool {
	reads := func(s *model.Service) bool { return len(s.EnvFile) > 0 }
	return len(l.ambient) > 0 || slices.ContainsFunc(l.in.Project.Services, reads)
}

// once is what a machine needs before the first time: credentials, and what is external.
func (l *lowering) once(g *page) {
	var lines []string
	for _, s := range l.in.Project.Secrets {
		if s.Credential == "" {
			continue
		}
		if len(lines) == 0 {
			lines = append(lines, "install -d -m 0700 "+strings.TrimSuffix(credentials, "/"))
		}
		file := doc.ShellWord(credentials + s.Credential)
		lines = append(lines, "install "+l.owner(s.Key)+" /dev/stdin "+file+"     # the value, then ctrl-d")
	}
	secret := len(lines) > 0
	for _, n := range l.in.Project.Networks {
		if n.External {
			lines = append(lines, "docker network create "+doc.ShellWord(cmp.Or(n.Name, n.Key)))
		}
	}
	for _, v := range l.in.Project.Volumes {
		if v.External {
			lines = append(lines, "docker volume create "+doc.ShellWord(cmp.Or(v.Name, v.Key)))
		}
	}
	if len(lines) == 0 {
		return
	}
	g.section("Once for each machine")
	if secret {
		g.say("A container sees the file of a secret with its owner and mode on the host.")
	}
	g.code(lines...)
}

// present lists what must be there each time: files that the project reads, and variables.
func (l *lowering) present(g *page) {
	var lines []string
	add := func(path, what string) {
		lines = append(lines, "- "+ticks(l.onHost(path))+", "+what)
	}
	for _, s := range l.in.Project.Services {
		for _, e := range s.EnvFile {
			if e.Required == nil || *e.Required {
				add(e.Path, "environment of "+s.Name)
			}
		}
	}
	for _, c := range l.in.Project.Configs {
		if c.File != "" {
			add(c.File, "config "+c.Key)
		}
	}
	for _, s := range l.in.Project.Secrets {
		if s.File != "" {
			add(s.File, "secret "+s.Key+l.readers(s.Key))
		}
		if s.Sops != nil && isMade(s) {
			add(s.Sops.File, "which sops decrypts for secret "+s.Key)
		}
	}
	if l.holdsSocket() {
		lines = append(lines, "- "+ticks(l.in.Target.EngineSocket)+", the engine's socket, with which "+monitorName+
			" asks inside of containers and restarts them: who holds it is root on the machine")
	}
	lines = append(lines, l.variables()...)
	if len(lines) == 0 {
		return
	}
	g.section("Must be there")
	for _, s := range lines {
		g.say(s)
	}
}

// variables are the names that Compose takes from its environment, sorted, each with the fields that it is for.
func (l *lowering) variables() []string {
	list := slices.Clone(l.ambient)
	slices.SortStableFunc(list, func(a, b ambient) int { return strings.Compare(a.name, b.name) })
	where := " in the environment"
	if l.dotenv() {
		where = " in the environment or in " + ticks(l.onHost(".env"))
	}
	var lines []string
	for i, a := range list {
		if i > 0 && list[i-1].name == a.name {
			lines[len(lines)-1] += ", " + oneLine(a.path.String())
			continue
		}
		lines = append(lines, "- "+ticks(a.name)+where+", for "+oneLine(a.path.String()))
	}
	return lines
}

// eachTime are the commands that apply a version.
func (l *lowering) eachTime(g *page) {
	p := l.in.Project
	g.section("Each time")
	builds, pulls := 0, 0
	var jobs, awaited []string // awaited: made here, and always waited for
	if len(l.carried) > 0 {
		pulls++
		awaited = append(awaited, sidecarName)
	}
	if l.serves() || l.asker != nil {
		pulls++
	}
	for _, s := range p.Services {
		switch {
		case s.Build != nil:
			builds++
		case s.Image != "":
			pulls++
		}
		if !s.InProfile(p.Profiles) {
			continue
		}
		for _, o := range l.again[s.Name] {
			awaited = append(awaited, o.name)
		}
		if p.IsJob(s) {
			jobs = append(jobs, s.Name)
		}
	}
	run := l.command()
	var lines []string
	switch {
	case pulls > 0 && builds > 0:
		lines = append(lines, run+" pull --ignore-buildable")
	case pulls > 0:
		lines = append(lines, run+" pull")
	}
	if builds > 0 {
		lines = append(lines, run+" build")
	}
	up := run + " up --detach --wait --wait-timeout 180 --remove-orphans"
	if slices.ContainsFunc(jobs, func(name string) bool { return !l.awaited(name) }) {
		up = run + " up --detach --remove-orphans"
	}
	g.code(append(lines, up)...)
	if again := append(awaited, jobs...); len(again) > 0 {
		slices.Sort(again)
		g.say("`up` runs ", strings.Join(again, ", "), " again each time.")
	}
	l.sidecarRuns(g)
	if l.rotated {
		g.say("Where the config names no logging, Docker keeps the last 30 MB of a container's log, whatever the machine's default is.")
	}
	l.changed(g)
}

// sidecarRuns are a few lines on the services that octo-sidecar run is.
func (l *lowering) sidecarRuns(g *page) {
	var names []string
	if l.serves() {
		g.say("A changed config that ", configName, " serves recreates ", configName, " alone: the services ask it again.")
		names = append(names, configName)
	}
	if l.asker != nil {
		g.say(monitorName, " ", oneLine(l.monitorDoes()), ". A change of what it asks or tells recreates it alone.")
		names = append(names, monitorName)
	}
	if len(names) == 0 {
		return
	}
	all, run, serve := strings.Join(names, " and "), " runs ", " serves "
	if len(names) > 1 {
		run, serve = " run ", " serve "
	}
	if l.in.Target.Sidecar == "" {
		g.say(all, run, ticks(defaultSidecar), ": pin it with `targets.", l.in.Target.Name, ".sidecar`.")
	}
	if port := l.in.Target.MetricsPort; port != 0 {
		g.say(all, serve, "/metrics and /status on port ", strconv.Itoa(port), ", to all who are in a network with it, without a password.")
	}
}

// awaited reports whether up starts a service that waits for the end of the job. The end of any other container is a
// failure to up --wait, whatever it ended with.
func (l *lowering) awaited(job string) bool {
	for _, s := range l.in.Project.Services {
		if !s.InProfile(l.in.Project.Profiles) {
			continue
		}
		for _, d := range s.DependsOn {
			if d.Service == job && d.Condition == model.Completed {
				return true
			}
		}
	}
	return false
}

// startOrder is one line: what waits for what.
func (l *lowering) startOrder(g *page) {
	p := l.in.Project
	var steps []string
	if l.serverRuns() {
		steps = append(steps, configName)
	}
	for _, step := range p.Steps {
		var names, before []string
		for _, name := range step {
			s := p.Service(name)
			if s == nil || !s.InProfile(p.Profiles) {
				continue
			}
			for _, o := range l.again[name] {
				before = append(before, o.name)
			}
			if n := s.Count(); n != 1 {
				name += " (" + strconv.Itoa(n) + ")"
			}
			names = append(names, name)
		}
		if len(before) > 0 {
			steps = append(steps, strings.Join(before, ", "))
		}
		if len(names) > 0 {
			steps = append(steps, strings.Join(names, ", "))
		}
	}
	if l.monitorRuns() {
		steps = append(steps, monitorName)
	}
	if len(steps) > 1 {
		g.section("Start order")
		g.say(strings.Join(steps, " → "), ".")
	}
}

// use are the commands of every day, and the one that takes everything away.
func (l *lowering) use(g *page) {
	p := l.in.Project
	run := l.command()
	lines := []string{run + " ps", run + " logs --follow"}
	for _, name := range idle(p) {
		lines = append(lines, run+" --profile "+doc.ShellWord(name)+" up --detach     # what waits for this profile")
	}
	if len(l.devs) > 0 {
		lines = append(lines, l.command(devFile)+" watch     # on the machine of a developer: follow changes of files")
	}
	g.section("Use")
	g.code(lines...)
	g.section("Remove")
	down := run + " down"
	if len(p.Volumes) > 0 {
		down += "              # --volumes removes the data too"
	}
	g.code(down)
}

// idle are the profiles of services that up does not start, sorted.
func idle(p *model.Project) []string {
	var out []string
	for _, s := range p.Services {
		if !s.InProfile(p.Profiles) {
			out = append(out, s.Profiles...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// ticks is s as code in a line of Markdown.
func ticks(s string) string { return "`" + strings.ReplaceAll(oneLine(s), "`", "'") + "`" }

// oneLine is s without what would end the line or move the cursor.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f {
			return '?'
		}
		return r
	}, s)
}
