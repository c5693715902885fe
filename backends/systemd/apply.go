package systemd

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/artifact"
	"github.com/octocompose/octocompose/compiler/doc"
	"github.com/octocompose/octocompose/compiler/model"
)

// apply writes APPLY.md: the native commands and the start order.
func (l *lowering) apply() artifact.File {
	var b strings.Builder
	b.WriteString("# Apply " + l.names.project + " with systemd\n\nMade from " + sanitize(strings.Join(l.p.Inputs, ", ")) + ".")
	b.WriteString(" Needs systemd 252")
	if l.hasContainers() {
		b.WriteString(", Podman 5.4")
	}
	if l.sidecar {
		b.WriteString(", `" + sidecar + "`")
	}
	if l.builds {
		b.WriteString(", git and what the commands below `source` start, in " + buildPath)
	}
	b.WriteString(".\n")
	l.applyEverywhere(&b)
	l.applyOnce(&b)
	l.applyEach(&b)
	l.applyOrder(&b)
	l.applyUse(&b)
	l.applyRemove(&b)
	return artifact.File{Path: "APPLY.md", Mode: 0o644, Data: []byte(b.String())}
}

// buildPath is where systemd looks for programs (systemd.exec(5), PATH).
const buildPath = "/usr/local/bin or /usr/bin"

// applyEverywhere names the services of which every machine runs one.
func (l *lowering) applyEverywhere(b *strings.Builder) {
	var names []string
	for _, s := range l.services {
		if s.Machines != nil && s.Machines.Mode == "every" {
			names = append(names, s.Name)
		}
	}
	if len(names) > 0 {
		b.WriteString("\nEvery machine runs " + strings.Join(names, ", ") + ": apply this tree on each.\n")
	}
}

func (l *lowering) hasContainers() bool {
	return slices.ContainsFunc(l.services, func(s *service) bool { return !s.native })
}

// line writes a command with what it does beside it.
func line(b *strings.Builder, command, note string) {
	b.WriteString(command)
	if note != "" {
		for n := len(command); n < 63; n++ {
			b.WriteByte(' ')
		}
		b.WriteString(" # " + sanitize(note))
	}
	b.WriteByte('\n')
}

// applyOnce writes what a machine needs before the first start: secrets, external things, sockets.
func (l *lowering) applyOnce(b *strings.Builder) {
	var t strings.Builder
	l.applySecrets(func(command, note string) { line(&t, command, note) })
	for _, n := range l.p.Networks {
		if name := cmp.Or(n.Name, n.Key); n.External && !slices.Contains([]string{"host", "none", "podman"}, name) {
			line(&t, "podman network create --ignore "+doc.ShellWord(name), "network "+n.Key+", which belongs to somebody else")
		}
	}
	for _, v := range l.p.Volumes {
		if v.External {
			line(&t, "podman volume create --ignore "+doc.ShellWord(cmp.Or(v.Name, v.Key)), "volume "+v.Key+", which belongs to somebody else")
		}
	}
	if l.socket {
		line(&t, "systemctl enable --now podman.socket", "a service talks to Podman")
	}
	if t.Len() > 0 {
		b.WriteString("\n## Once for each machine\n```\n" + t.String() + "```\n")
	}
}

// applyEach writes what is done after each compile.
func (l *lowering) applyEach(b *strings.Builder) {
	b.WriteString("\n## Each time\nIn this folder, as root:\n```\n")
	l.applyCopies(b)
	pulled := map[string]bool{}
	pull := func(s *model.Service) {
		full := imageName(s.Image)
		if s.Build == nil && l.built[full] == "" && !pulled[full] && s.PullPolicy != "never" {
			pulled[full] = true
			line(b, "podman pull "+doc.ShellWord(full), "")
		}
	}
	for _, s := range l.services {
		if !s.native {
			pull(s.Service)
		}
		for i, pre := range s.PreStart {
			if !s.native || l.ownImage(s, i) {
				pull(pre)
			}
		}
	}
	line(b, "cp -r etc/. /etc/", "")
	if len(l.users()) > 0 {
		line(b, "systemd-sysusers", "")
	}
	line(b, "systemctl daemon-reload", "")
	for _, s := range l.services {
		if s.native {
			line(b, "systemctl start "+s.program.maker, "brings the program, unless it is there")
		} else if s.Build != nil {
			line(b, "systemctl restart "+s.unit+"-build.service", "builds the image; after each change of its sources")
		}
	}
	line(b, "systemctl try-restart UNIT...", "after a change: what octo compile printed")
	line(b, "systemctl enable --now "+l.target, "")
	bring := "Pull and build"
	if l.programs {
		bring = "Pull, fetch and build"
	}
	b.WriteString("```\n" + bring + " first: a start then never waits for a registry. `octo compile` and `octo compile --check` print what a\n" +
		"change stops, removes and restarts; `systemctl restart " + l.target + "` restarts everything.")
	b.WriteString("\n")
	l.applyUnseen(b)
}

// applyCopies writes the commands that bring the project's own files to the machine. What lies in a folder that is
// copied whole is not copied again.
func (l *lowering) applyCopies(b *strings.Builder) {
	files := slices.Clone(l.copies)
	slices.SortFunc(files, func(x, y fileCopy) int { return strings.Compare(x.to+"/", y.to+"/") })
	last := "\x00"
	for _, f := range files {
		if strings.HasPrefix(f.to+"/", last) && !f.private {
			continue
		}
		from := f.from
		if l.in.ToProject != "" && !strings.HasPrefix(from, "/") {
			from = strings.TrimSuffix(l.in.ToProject, "/") + "/" + from
		}
		if f.dir {
			last = f.to + "/"
			line(b, "install -d "+doc.ShellWord(f.to), "")
			line(b, "cp -r "+doc.ShellWord(strings.TrimSuffix(from, "/.")+"/.")+" "+doc.ShellWord(f.to+"/"), "")
			continue
		}
		if f.private {
			line(b, "install -D -m 0600 "+doc.ShellWord(from)+" "+doc.ShellWord(f.to), "")
			continue
		}
		line(b, "install -d "+doc.ShellWord(path.Dir(f.to)), "")
		line(b, "cp --preserve=mode "+doc.ShellWord(from)+" "+doc.ShellWord(f.to), "")
	}
}

// applyUnseen says what to restart when something changed that no unit shows: a secret, a file of the project's own. A
// hash of it in the unit would tell who reads the unit what a short secret is.
func (l *lowering) applyUnseen(b *strings.Builder) {
	var t strings.Builder
	for _, s := range l.p.Secrets {
		if l.secrets[s.Key] && s.Vault != nil && !s.External {
			line(&t, "systemctl restart "+l.vaultUnit(s)+".service", "reads secret "+s.Key+" from Vault again; then")
		}
	}
	if len(l.serving.secrets) > 0 {
		line(&t, "systemctl try-restart "+l.configUnit()+".service", "secret "+strings.Join(keys(l.serving.secrets), ", secret "))
	}
	if len(l.monitoring.secrets) > 0 {
		line(&t, "systemctl try-restart "+l.monitorUnit()+".service", "secret "+strings.Join(keys(l.monitoring.secrets), ", secret "))
	}
	for _, s := range l.services {
		if s.count == 0 {
			continue
		}
		if reads := l.reads(s); len(reads) > 0 {
			unit := s.unit + ".service"
			if s.count > 1 {
				unit = "'" + s.unit + "@*.service'"
			}
			line(&t, "systemctl try-restart "+unit, strings.Join(reads, ", "))
		}
	}
	if t.Len() > 0 {
		b.WriteString("\nA secret and a file of the project's own stand in no unit, so `octo` does not see it when they change. What reads them:\n```\n" + t.String() + "```\n")
	}
}

// reads are the secrets of a service, and the files of the project that it reads when it starts.
func (l *lowering) reads(s *service) []string {
	var out []string
	add := func(words ...string) {
		for _, w := range words {
			if !slices.Contains(out, w) {
				out = append(out, w)
			}
		}
	}
	for _, ref := range s.Secrets {
		add("secret " + ref.Source)
	}
	for i := range s.EnvFile {
		add(s.EnvFile[i].Path)
	}
	for i := range s.Volumes {
		if m := &s.Volumes[i]; m.Type == "bind" && !path.IsAbs(m.Source) && l.copied[l.host(m.Source)] {
			add(m.Source)
		}
	}
	return out
}

// applyOrder writes the steps of the start.
func (l *lowering) applyOrder(b *strings.Builder) {
	b.WriteString("\n## Start order\nA unit is started when what it waits for is there.\n\n| step | units | waits for |\n|---|---|---|\n")
	for i, step := range l.p.Steps {
		var units, waits []string
		for _, name := range step {
			s := l.byName[name]
			if s == nil || !l.wanted(s) {
				continue
			}
			for _, u := range s.units {
				units = append(units, strings.TrimSuffix(u, ".service"))
			}
			if l.servedTo(s) != nil && !slices.Contains(waits, l.configUnit()+" started") {
				waits = append(waits, l.configUnit()+" started")
			}
			for _, w := range s.waits {
				if word := w.on.unit + conditionWord(w.condition); !slices.Contains(waits, word) {
					waits = append(waits, word)
				}
			}
		}
		if len(units) > 0 {
			b.WriteString("| " + decimal(int64(i+1)) + " | " + strings.Join(units, ", ") + " | " + strings.Join(waits, ", ") + " |\n")
		}
	}
	if l.monitoring.plan != nil {
		b.WriteString("\n" + l.monitorUnit() + " starts after those that it asks, and nothing waits for it.\n")
	}
}

func conditionWord(condition string) string {
	switch condition {
	case model.Healthy:
		return " healthy"
	case model.Completed:
		return " completed"
	}
	return " started"
}

func (l *lowering) applyUse(b *strings.Builder) {
	b.WriteString("\n## Use\n```\n")
	line(b, "systemctl list-units '"+l.names.project+"*'", "")
	line(b, "journalctl -fu '"+l.names.project+"-*'", "")
	l.applyStatus(b)
	for _, s := range l.services {
		if s.count > 0 && !l.wanted(s) {
			line(b, "systemctl start "+doc.ShellWord(s.units[0]), "profile "+strings.Join(s.Profiles, ", "))
		}
	}
	b.WriteString("```\n")
}

// applyStatus writes how to see what octo-sidecar sees.
func (l *lowering) applyStatus(b *strings.Builder) {
	served, plan := len(l.serving.clients) > 0, l.monitoring.plan
	if plan != nil {
		line(b, sidecar+" status --state=/var/lib/"+l.monitorUnit(), "the checks, and who was told")
	}
	if l.t.MetricsPort == 0 {
		return
	}
	if served {
		line(b, "curl http://"+l.serveStatus()+"/metrics", "of "+l.configUnit())
	}
	if plan != nil {
		line(b, "curl http://"+l.monitorStatus()+"/metrics", "of "+l.monitorUnit())
	}
}

// applyRemove writes how it all goes away. To stop a target waits for the target alone, and what is in use cannot be
// deleted: so its units are stopped by name, whichever run.
func (l *lowering) applyRemove(b *strings.Builder) {
	b.WriteString("\n## Remove\n```\n")
	line(b, "systemctl disable "+l.target, "")
	line(b, "systemctl stop "+l.target+" $(systemctl show --property ConsistsOf --value "+l.target+")", "")
	for _, v := range l.p.Volumes {
		switch {
		case v.External:
		case l.noContainer(l.mounted[v.Key]):
			line(b, "rm -rf "+doc.ShellWord("/var/lib/private/"+l.names.project+"/volumes/"+v.Key), "the data")
		case !v.PerReplica:
			line(b, "podman volume rm "+doc.ShellWord(l.resource(v.Key, v.Name)), "the data")
		}
	}
	for _, names := range l.unnamed {
		words := make([]string, len(names))
		for i, name := range names {
			words[i] = doc.ShellWord(name)
		}
		line(b, "podman volume rm "+strings.Join(words, " "), "the data")
	}
	for _, n := range l.p.Networks {
		if !n.External && !l.onlyPrograms(n) {
			line(b, "podman network rm "+doc.ShellWord(l.resource(n.Key, n.Name)), "")
		}
	}
	if l.programs {
		line(b, "rm -rf "+doc.ShellWord("/var/lib/"+l.names.project+"/bin")+" "+doc.ShellWord("/var/cache/"+l.names.project), "what was fetched and built")
	}
	for _, name := range l.stored {
		line(b, "podman secret rm "+doc.ShellWord(name), "")
	}
	for _, s := range l.p.Secrets {
		if l.secrets[s.Key] && s.Vault != nil && !s.External {
			line(b, "systemctl clean --what=runtime "+l.vaultUnit(s)+".service", "the value of secret "+s.Key)
		}
	}
	if len(l.serving.clients) > 0 {
		line(b, "systemctl clean --what=state --what=runtime "+l.configUnit()+".service", "the authority of the config server's certificate")
	}
	if l.monitoring.plan != nil {
		line(b, "systemctl clean --what=state "+l.monitorUnit()+".service", "its folder")
	}
	b.WriteString("```\nthen each file that .octo-manifest names")
	if slices.ContainsFunc(l.copies, func(f fileCopy) bool { return strings.HasPrefix(f.to, l.root+"/") }) {
		b.WriteString(", and " + sanitize(l.root) + ", which holds copies of the project's files and what the services wrote there")
	}
	b.WriteString(".\n")
}
