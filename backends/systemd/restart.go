package systemd

import (
	"path"
	"slices"
	"strings"

	"github.com/coreos/go-systemd/v22/unit"

	"github.com/octocompose/octocompose/compiler/artifact"
	"github.com/octocompose/octocompose/compiler/doc"
)

// Restarts are the commands that bring a machine that runs the tree old to the tree new. They are for the moment
// between "systemctl daemon-reload" and "systemctl enable --now" of APPLY.md: what is new, was stopped or has failed, the
// target starts afterwards. try-restart touches no unit that does not run, so nothing here starts a profile.
//
// A changed unit is restarted only for what takes no effect while it runs: not for its place in the start order, which
// daemon-reload reads. A network that changed is made anew, as Podman changes none that is there; a volume never is, as
// it holds data. One that needs a network or a build follows it by the Requires= that Quadlet writes.
func (*Backend) Restarts(old, new *artifact.Set) []string {
	t := turn{old: old, new: new, was: wantedUnits(old), is: wantedUnits(new)}
	for _, f := range old.Files() {
		if !strings.HasPrefix(f.Path, "etc/") {
			continue
		}
		switch now := new.Get(f.Path); {
		case now == nil:
			t.gone(f)
		case string(now.Data) != string(f.Data):
			t.changed(f, *now)
		}
	}
	for _, u := range t.was { // fewer replicas, or a profile now
		if !slices.Contains(t.is, u) {
			t.stop = append(t.stop, u)
		}
	}
	return t.commands()
}

// turn is one change of a machine.
type turn struct {
	old, new *artifact.Set
	was, is  []string // units that the project's target wants

	stop     []string // units
	networks []string // names of Podman's, to be deleted
	remove   []string // files on the machine
	restart  []string // units
	notes    []string
}

// kept are the keys of [Service] whose new value holds without a restart.
var kept = []string{
	"Restart", "RestartSec", "RestartForceExitStatus", "TimeoutStartSec", "TimeoutStopSec", "ExecCondition", "ExecStop", "ExecStopPost",
}

// gone is about a file that the new tree does not have.
func (t *turn) gone(f artifact.File) {
	t.remove = append(t.remove, "/"+f.Path)
	options, _ := readUnit(f.Data)
	switch kind := unitKind(f.Path); kind {
	case ".container", ".service":
		t.stop = append(t.stop, unitsOf(f.Path, t.was)...)
	case ".build", ".volume":
		t.stop = append(t.stop, madeBy(f.Path))
		if kind == ".volume" {
			name := option(options, "Volume", "VolumeName")
			t.notes = append(t.notes, "volume "+name+" stays; its data goes with: podman volume rm "+name)
		}
	case ".network":
		t.network(f, options)
	}
}

// changed is about a file that both trees have.
func (t *turn) changed(f, now artifact.File) {
	kind := unitKind(f.Path)
	if kind == "" {
		return // the hash in the unit that reads it changed too
	}
	before, _ := readUnit(f.Data)
	after, _ := readUnit(now.Data)
	if slices.Equal(effective(before), effective(after)) {
		return
	}
	switch kind {
	case ".container", ".service":
		if option(after, "Service", "Type") == "oneshot" && option(after, "Service", "RemainAfterExit") == "" {
			return // it ran, and runs again with the unit that wants it
		}
		t.restart = append(t.restart, unitsOf(f.Path, t.is)...)
	case ".build":
		t.restart = append(t.restart, madeBy(f.Path))
	case ".network":
		t.network(f, before)
	case ".volume":
		name := option(before, "Volume", "VolumeName")
		t.notes = append(t.notes, "volume "+name+" stays as it was made; to make it anew, save its data first: podman volume rm "+name)
	}
}

// network stops those that are on a network, so that it can be deleted.
func (t *turn) network(f artifact.File, options []*unit.UnitOption) {
	t.stop = append(t.stop, madeBy(f.Path))
	t.networks = append(t.networks, option(options, "Network", "NetworkName"))
	name := path.Base(f.Path)
	for _, u := range t.old.Files() {
		if unitKind(u.Path) != ".container" {
			continue
		}
		options, _ := readUnit(u.Data)
		if slices.ContainsFunc(options, func(o *unit.UnitOption) bool {
			return o.Section == "Container" && o.Name == "Network" && (o.Value == name || strings.HasPrefix(o.Value, name+":"))
		}) {
			t.stop = append(t.stop, unitsOf(u.Path, t.was)...)
		}
	}
}

// commands are the steps in the order in which they work.
func (t *turn) commands() []string {
	slices.Sort(t.stop)
	slices.Sort(t.restart)
	stop := slices.Compact(t.stop)
	restart := slices.DeleteFunc(slices.Compact(t.restart), func(u string) bool {
		_, stopped := slices.BinarySearch(stop, u)
		_, runs := slices.BinarySearch(t.was, u)
		added := !runs && slices.Contains(t.is, u)
		return stopped || added
	})
	if all := t.everything(restart); all != "" {
		restart = []string{all}
	}
	var out []string
	add := func(command string, words []string) {
		if len(words) > 0 {
			out = append(out, command+" "+strings.Join(words, " "))
		}
	}
	quoted := func(words []string) []string {
		for i, w := range words {
			words[i] = doc.ShellWord(w)
		}
		return words
	}
	add("systemctl stop", quoted(stop))
	add("podman network rm", quoted(t.networks))
	add("rm", quoted(t.remove))
	if len(t.remove) > 0 {
		out = append(out, "systemctl daemon-reload")
	}
	add("systemctl try-restart", quoted(restart))
	for _, n := range t.notes {
		out = append(out, "# "+n)
	}
	return out
}

// everything is the project's target, of which all units are a part, when every unit that it wants is restarted and
// they are many; else "".
func (t *turn) everything(restart []string) string {
	const many = 8
	if len(restart) < many || !slices.Equal(restart, t.is) {
		return ""
	}
	for _, f := range t.new.Files() {
		if unitKind(f.Path) == ".target" {
			return path.Base(f.Path)
		}
	}
	return ""
}

// unitKind is the ending of the name of a unit of systemd's or Quadlet's, "" for any other file.
func unitKind(p string) string {
	if dir := path.Dir(p) + "/"; dir == quadletDir || dir == nativeDir {
		return path.Ext(p)
	}
	return ""
}

// unitsOf are the .service units of the file of a service. Of a template they are the instances that the target wants;
// of one that it does not want, whichever run.
func unitsOf(p string, wanted []string) []string {
	name := strings.TrimSuffix(path.Base(p), path.Ext(p))
	if !strings.HasSuffix(name, "@") {
		return []string{name + ".service"}
	}
	var out []string
	for _, u := range wanted {
		if strings.HasPrefix(u, name) {
			out = append(out, u)
		}
	}
	if len(out) == 0 {
		return []string{name + "*.service"}
	}
	return out
}

// madeBy is the .service unit that Quadlet makes of X.network, X.volume and X.build.
func madeBy(p string) string {
	kind := path.Ext(p)
	return strings.TrimSuffix(path.Base(p), kind) + "-" + kind[1:] + ".service"
}

// wantedUnits are the units that the project's target starts, sorted.
func wantedUnits(set *artifact.Set) []string {
	var out []string
	for _, f := range set.Files() {
		if unitKind(f.Path) != ".target" {
			continue
		}
		options, _ := readUnit(f.Data)
		for _, o := range options {
			if o.Section == "Unit" && o.Name == "Wants" {
				out = append(out, strings.Fields(o.Value)...)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// effective are the options that a running unit does not see change: without comments, and without what daemon-reload
// is enough for.
func effective(options []*unit.UnitOption) []unit.UnitOption {
	out := make([]unit.UnitOption, 0, len(options))
	for _, o := range options {
		switch {
		case o.Section == "Unit" && o.Name != "X-Octo-Config", o.Section == "Install":
		case o.Section == "Service" && contains(kept, o.Name):
		case o.Section == "Service" && o.Name == "ExecStartPre" && strings.HasPrefix(strings.TrimPrefix(o.Value, "+"), systemctl+" is-active "):
		default:
			out = append(out, *o)
		}
	}
	return out
}

// option is the value of the first option of this name.
func option(options []*unit.UnitOption, section, name string) string {
	for _, o := range options {
		if o.Section == section && o.Name == name {
			return o.Value
		}
	}
	return ""
}
