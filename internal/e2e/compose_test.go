//go:build linux

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// compose is Docker Compose on a Docker engine.
type compose struct{}

func (c *compose) name() string { return "compose" }

func (c *compose) missing() []string {
	return []string{"dockerd", "docker", "containerd", "runc", "iptables", "ip", "bin/docker-compose", "bin/nats-server"}
}

func (c *compose) boot(t *testing.T, k *kit) {
	must(t, box("docker.sh", "up"))
	must(t, box("docker.sh", "exec", "install", filepath.Join(k.made.dir, "octo-sidecar"), "/usr/local/bin/octo-sidecar"))
	for _, file := range k.made.images {
		must(t, box("docker.sh", "exec", "docker", "load", "-q", "-i", file))
	}
}

func (c *compose) down(t *testing.T) {
	if _, err := output(box("docker.sh", "down")); err != nil {
		t.Error(err)
	}
}

// in runs a line of shell beside the engine, in the folder of the output.
func (c *compose) in(k *kit, line string) (string, error) {
	return output(box("docker.sh", "exec", "bash", "-c", `cd "$0" && eval "$1"`, k.out(), line))
}

func (c *compose) settle(t *testing.T, k *kit, apply *page) {
	for _, section := range []string{"Once for each machine", "Secrets", "Each time"} {
		for _, line := range apply.commands(section) {
			if _, err := c.in(k, line); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// inspected is what docker inspect says of a container, as far as we read it.
type inspected struct {
	ID    string `json:"Id"`
	Name  string
	State struct {
		Status    string
		StartedAt string
		Pid       int
		ExitCode  int
		Health    *struct{ Status string }
	}
	Config struct{ Labels map[string]string }
}

func (c *compose) containers(t *testing.T) []inspected {
	t.Helper()
	ids := strings.Fields(must(t, box("docker.sh", "exec", "docker", "ps", "-aq", "--filter", "label=com.docker.compose.project")))
	if len(ids) == 0 {
		return nil
	}
	var list []inspected
	out := must(t, box("docker.sh", append([]string{"exec", "docker", "inspect"}, ids...)...))
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		t.Fatal(err)
	}
	return list
}

func (c *compose) instances(t *testing.T, _ *kit) []instance {
	t.Helper()
	var all []instance
	for _, i := range c.containers(t) {
		in := instance{service: i.Config.Labels["com.docker.compose.service"], id: i.ID, run: i.ID[:12] + " " + i.State.StartedAt,
			running: i.State.Status == "running", done: i.State.Status == "exited" && i.State.ExitCode == 0}
		if i.State.Health != nil {
			in.health = i.State.Health.Status
		}
		all = append(all, in)
	}
	return all
}

func (c *compose) exec(in instance, args ...string) (string, error) {
	return output(box("docker.sh", append([]string{"exec", "docker", "exec", in.id}, args...)...))
}

// kill does not go through docker kill, which tells the engine that the container is meant to be down.
func (c *compose) kill(t *testing.T, in instance) {
	t.Helper()
	for _, i := range c.containers(t) {
		if i.ID == in.id {
			must(t, box("docker.sh", "exec", "sh", "-c", fmt.Sprintf("kill -KILL %d", i.State.Pid)))
		}
	}
}

func (c *compose) restart(t *testing.T, k *kit, service string) {
	if _, err := c.in(k, "docker compose restart "+service); err != nil {
		t.Fatal(err)
	}
}

func (c *compose) events(t *testing.T, k *kit) []event {
	t.Helper()
	log, err := c.in(k, "docker compose logs --no-color --no-log-prefix")
	if err != nil {
		t.Fatal(err)
	}
	return parseEvents(log)
}

// stop stops first what down would stop itself: down removes the containers, and their logs with them.
func (c *compose) stop(t *testing.T, k *kit, apply *page) []event {
	t.Helper()
	if _, err := c.in(k, "docker compose stop"); err != nil {
		t.Fatal(err)
	}
	events := c.events(t, k)
	for _, line := range apply.commands("Remove") {
		if _, err := c.in(k, line); err != nil {
			t.Fatal(err)
		}
	}
	return events
}

func (c *compose) logs(k *kit) string {
	if _, err := os.Stat(k.out()); err != nil {
		return "(nothing was compiled)"
	}
	out, err := c.in(k, "docker compose ps -a; docker compose logs --no-color --tail 50; tail -n 20 "+boxState("docker", "dockerd.log"))
	if err != nil {
		out += err.Error()
	}
	return out
}

func (c *compose) stopsInOrder() bool { return true }
