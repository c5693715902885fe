//go:build linux

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// systemd is a machine with systemd and Podman.
type systemd struct{}

func (s *systemd) name() string { return "systemd" }

func (s *systemd) missing() []string {
	return []string{"ip", "quadlet-root/usr", "bin/nats-server"}
}

// project is where the machine has the project.
const project = "/root/kit"

// download is where the machine serves the test application.
const download = "http://127.0.0.1:8079/app"

func (s *systemd) boot(t *testing.T, k *kit) {
	must(t, box("systemd.sh", "up"))
	for _, file := range k.made.images {
		s.feed(t, file, "podman", "load", "-q")
	}
	for from, to := range map[string]string{"octo-sidecar": "/usr/local/bin/octo-sidecar", "app": "/app"} {
		s.feed(t, filepath.Join(k.made.dir, from), "install", "-m", "0755", "/dev/stdin", to)
	}
	must(t, s.machine("sh", "-c", "mkdir /srv/files && cp /app /srv/files/ && systemd-run --unit=files --setenv=APP_PORT=8079 /app files /srv/files"))
}

// feed runs a command of the machine with a file of ours as its standard input.
func (s *systemd) feed(t *testing.T, file string, args ...string) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cmd := s.machine(args...)
	cmd.Stdin = f
	must(t, cmd)
}

func (s *systemd) machine(args ...string) *exec.Cmd {
	return box("systemd.sh", append([]string{"exec"}, args...)...)
}

func (s *systemd) down(t *testing.T) {
	if _, err := output(box("systemd.sh", "down")); err != nil {
		t.Error(err)
	}
}

// in runs a line of shell in the folder of the output, which the machine has a copy of.
func (s *systemd) in(line string) (string, error) {
	return output(s.machine("bash", "-c", "cd "+project+"/out/systemd && eval \"$0\"", line))
}

func (s *systemd) settle(t *testing.T, k *kit, apply *page) {
	t.Helper()
	must(t, s.machine("rm", "-rf", project))
	tar := exec.Command("tar", "-C", k.dir, "-cf", "-", ".")
	pipe, err := tar.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := tar.Start(); err != nil {
		t.Fatal(err)
	}
	put := box("systemd.sh", "put", project)
	put.Stdin = pipe
	must(t, put)
	if err := tar.Wait(); err != nil {
		t.Fatal(err)
	}
	for _, section := range []string{"Once for each machine", "Each time"} {
		for _, line := range apply.commands(section) {
			if strings.HasPrefix(line, "systemctl try-restart UNIT") {
				line = apply.restarts
			}
			if _, err := s.in(line); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// container is a line of podman ps, as far as we read it.
type container struct {
	ID     string `json:"Id"`
	Pid    int
	Status string // "Up 3 seconds (healthy)"
	Labels map[string]string
}

// containers are what Podman runs, by the unit that started it.
func (s *systemd) containers(t *testing.T) map[string]container {
	t.Helper()
	var list []container
	if err := json.Unmarshal([]byte(must(t, s.machine("podman", "ps", "--format", "json"))), &list); err != nil {
		t.Fatal(err)
	}
	by := map[string]container{}
	for _, c := range list {
		by[c.Labels["PODMAN_SYSTEMD_UNIT"]] = c
	}
	return by
}

// instances are the units of the application: a service is one, or a template with one for each replica.
func (s *systemd) instances(t *testing.T, _ *kit) []instance {
	t.Helper()
	containers := s.containers(t)
	var all []instance
	out := must(t, s.machine("systemctl", "show", "kit-*.service", "--property=Id,ActiveState,InvocationID,Type,Result"))
	for block := range strings.SplitSeq(out, "\n\n") {
		unit := map[string]string{}
		for line := range strings.Lines(block) {
			k, v, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
			unit[k] = v
		}
		id, once := unit["Id"], unit["Type"] == "oneshot"
		if strings.HasSuffix(id, "-volume.service") || strings.HasSuffix(id, "-network.service") || strings.Contains(id, "-alive.") || id == "" || unit["ActiveState"] == "inactive" {
			continue
		}
		service, _, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(id, "kit-"), ".service"), "@")
		in := instance{service: service, id: id, run: unit["InvocationID"], running: unit["ActiveState"] == "active" && !once,
			done: unit["ActiveState"] == "active" && once}
		if c, ok := containers[id]; ok {
			_, state, _ := strings.Cut(c.Status, "(")
			in.health = strings.TrimSuffix(state, ")")
		}
		all = append(all, in)
	}
	return all
}

// exec runs a program beside the service: in its container, or on the machine where it is a native unit, which has the
// test application at /app as the images have.
func (s *systemd) exec(in instance, args ...string) (string, error) {
	name := strings.NewReplacer(".service", "", "@", "-").Replace(in.id)
	if _, err := output(s.machine("podman", "container", "exists", name)); err != nil {
		return output(s.machine(args...))
	}
	return output(s.machine(append([]string{"podman", "exec", name}, args...)...))
}

func (s *systemd) kill(t *testing.T, in instance) {
	t.Helper()
	pid := strings.TrimSpace(must(t, s.machine("systemctl", "show", "--value", "--property=MainPID", in.id)))
	if c, ok := s.containers(t)[in.id]; ok {
		pid = fmt.Sprint(c.Pid) // the unit's own is conmon
	}
	must(t, s.machine("sh", "-c", "kill -KILL "+pid))
}

// runs wants the first process of a unit to be a program below a folder.
func (s *systemd) runs(t *testing.T, unit, below string) {
	t.Helper()
	pid := strings.TrimSpace(must(t, s.machine("systemctl", "show", "--value", "--property=MainPID", unit)))
	if exe := must(t, s.machine("readlink", "/proc/"+pid+"/exe")); !strings.HasPrefix(exe, below) {
		t.Errorf("%s runs %s", unit, exe)
	}
}

func (s *systemd) restart(t *testing.T, _ *kit, service string) {
	t.Helper()
	must(t, s.machine("systemctl", "restart", "kit-"+service+".service"))
}

func (s *systemd) events(t *testing.T, _ *kit) []event {
	t.Helper()
	return parseEvents(must(t, s.machine("journalctl", "--no-pager", "-q", "-o", "cat")))
}

func (s *systemd) stop(t *testing.T, k *kit, apply *page) []event {
	t.Helper()
	for _, line := range apply.commands("Remove") {
		if _, err := s.in(line); err != nil {
			t.Fatal(err)
		}
	}
	return s.events(t, k)
}

func (s *systemd) logs(k *kit) string {
	script := `systemctl list-units --all --no-pager --plain --no-legend 'kit*'; podman ps -a
for s in /var/lib/kit-*/; do octo-sidecar status --state="${s%/}"; done
for u in $(systemctl list-units --all --plain --no-legend 'kit-*.service' | awk '{print $1}'); do
	echo "--- $u"; journalctl --no-pager -q -o short-precise -u "$u" |
	grep -vE ' podman\[|IGNORE_CGROUPSV1' | tail -n 50; done`
	out, err := output(s.machine("bash", "-c", script))
	if err != nil {
		out += err.Error()
	}
	return out
}

func (s *systemd) stopsInOrder() bool { return true }
