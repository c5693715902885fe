//go:build linux

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/octocompose/octocompose/internal/gates"
)

// kit is the application on one platform while it is being looked at.
type kit struct {
	platform
	made *made    // programs and images
	dir  string   // of the project: a copy of testdata/app
	sets []string // PATH=VALUE that have been laid over it so far
	// flags are more flags of octo compile.
	flags []string
}

func TestSystemd(t *testing.T)    { conform(t, &systemd{}) }
func TestCompose(t *testing.T)    { conform(t, &compose{}) }
func TestKubernetes(t *testing.T) { conform(t, &kubernetes{}) }

// conform boots the application and holds it to the table, line by line.
func conform(t *testing.T, p platform) {
	need(t, p)
	lock(t, p.name())
	k := &kit{platform: p, made: build(t), dir: t.TempDir()}
	k.sets = binary(t, k.made)
	if err := os.CopyFS(k.dir, os.DirFS("testdata/app")); err != nil {
		t.Fatal(err)
	}
	var report strings.Builder
	begin := time.Now()
	took := func(name string, since time.Time, state string) {
		fmt.Fprintf(&report, "| %-44s | %6.1f | %s |\n", name, time.Since(since).Seconds(), state)
	}
	t.Cleanup(func() {
		k.down(t)
		took("all", begin, "")
		text := fmt.Sprintf("| %-44s | %6s | |\n|---|---|---|\n%s", p.name(), "s", report.String())
		t.Log("\n" + text)
		if err := os.WriteFile(filepath.Join(gates.Dir(), "run", p.name()+".txt"), []byte(text), 0o644); err != nil {
			t.Error(err)
		}
	})
	k.boot(t, k)
	took("(box and images)", begin, "")
	for i, e := range expectations {
		if e.on != nil && !slices.Contains(e.on, p.name()) {
			continue
		}
		start, ran := time.Now(), false
		ok := t.Run(e.name, func(t *testing.T) { ran = true; e.check(t, k) })
		if !ran {
			continue // not asked for by -run
		}
		took(e.name, start, map[bool]string{true: "yes", false: "NO"}[ok])
		if !ok {
			t.Log("the logs of the services end so:\n" + k.logs(k))
		}
		if !ok && i == 0 {
			return // nothing runs
		}
	}
}

// need skips what cannot run here; where all gates are wanted that is a failure.
func need(t *testing.T, p platform) {
	t.Helper()
	if os.Getenv("OCTO_GATES") == "none" {
		t.Skip("OCTO_GATES=none: nothing is booted")
	}
	var why []string
	if os.Geteuid() != 0 {
		why = append(why, "not root")
	}
	for _, m := range p.missing() {
		if strings.Contains(m, "/") {
			if _, err := os.Stat(filepath.Join(gates.Dir(), m)); err != nil {
				why = append(why, "no "+filepath.Join(gates.Dir(), m))
			}
		} else if found, _ := filepath.Glob("/usr/*bin/" + m); found == nil {
			why = append(why, "no program "+m)
		}
	}
	switch {
	case why == nil:
	case os.Getenv("OCTO_GATES") == "all":
		t.Fatalf("%s cannot be booted here: %s (tools/install brings what it needs)", p.name(), strings.Join(why, ", "))
	default:
		t.Skipf("%s cannot be booted here: %s (tools/install brings what it needs)", p.name(), strings.Join(why, ", "))
	}
}

// lock keeps a second run of the same platform out of the box: there is one of each on a machine.
func lock(t *testing.T, name string) {
	t.Helper()
	dir := filepath.Join(gates.Dir(), "run")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(filepath.Join(dir, name+".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
}

// apply compiles the project with more laid over it, and brings the output to the platform.
func (k *kit) apply(t *testing.T, sets ...string) {
	t.Helper()
	k.sets = append(k.sets, sets...)
	k.settle(t, k, k.again(t))
}

// out is the folder of the target's output.
func (k *kit) out() string { return filepath.Join(k.dir, "out", k.name()) }

// again compiles the project as it stands.
func (k *kit) again(t *testing.T) *page {
	t.Helper()
	return k.compile(t, k.dir, k.sets)
}

// compile runs octo as a person does, and reads the APPLY.md that it has written.
func (k *kit) compile(t *testing.T, dir string, sets []string) *page {
	t.Helper()
	args := append([]string{"compile", "-C", dir, "--target", k.name()}, k.flags...)
	for _, s := range sets {
		args = append(args, "--set", s)
	}
	cmd := exec.Command(k.made.octo, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if out, err := cmd.Output(); err != nil {
		t.Fatalf("octo compile: %v\n%s%s", err, out, stderr.Bytes())
	}
	text, err := os.ReadFile(filepath.Join(dir, "out", k.name(), "APPLY.md"))
	if err != nil {
		t.Fatal(err)
	}
	return &page{text: string(text), restarts: restarts(stderr.String())}
}

// page is APPLY.md, and what octo compile said beside it.
type page struct {
	text     string
	restarts string // a script: what a change restarts
}

// restarts are the commands that octo compile prints below "restart: for TARGET, …": the lines that are set in.
func restarts(text string) string {
	var b strings.Builder
	on := false
	for line := range strings.Lines(text) {
		switch {
		case strings.HasPrefix(line, "restart: for "):
			on = true
		case !strings.HasPrefix(line, "  "):
			on = false
		case on:
			b.WriteString(line)
		}
	}
	return b.String()
}

// commands are the lines of the first block of a section; what follows it is for cases. No such section is no command.
func (p *page) commands(section string) []string {
	_, text, _ := strings.Cut(p.text, "\n## "+section+"\n")
	text, _, _ = strings.Cut(text, "\n## ")
	_, text, _ = strings.Cut(text, "```\n")
	text, _, _ = strings.Cut(text, "```")
	return strings.FieldsFunc(text, func(r rune) bool { return r == '\n' })
}

// box is a run of a script of box/.
func box(script string, args ...string) *exec.Cmd {
	cmd := exec.Command("box/"+script, args...)
	cmd.Env = append(os.Environ(), "OCTO_TOOLS="+gates.Dir())
	return cmd
}

// output is what a command prints on stdout; its stderr is a part of the error.
func output(cmd *exec.Cmd) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.String(), fmt.Errorf("%s: %w\n%s%s", strings.Join(cmd.Args, " "), err, stdout.Bytes(), stderr.Bytes())
	}
	return stdout.String(), nil
}

// must is output that ends the test when the command fails.
func must(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	out, err := output(cmd)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// parseEvents are the events among the lines of a log.
func parseEvents(log string) []event {
	var events []event
	for line := range strings.Lines(log) {
		var e event
		if strings.HasPrefix(line, `{"event":`) && json.Unmarshal([]byte(line), &e) == nil {
			events = append(events, e)
		}
	}
	slices.SortStableFunc(events, func(a, b event) int { return int(min(1, max(-1, a.Time-b.Time))) })
	return events
}
