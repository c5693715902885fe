package emit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// scene is a change of two trees: k8s exists, compose does not.
type scene struct {
	name     string
	old, new files
}

// scenes are the ways a tree changes; each takes another way through the steps.
var scenes = []scene{
	{"fresh", nil, files{"a": "2\n", "d/b": "2\n"}},
	{"changed", files{"a": "1 long\n", "d/b": "1\n", "same": "s\n"}, files{"a": "2\n", "d/b": "2 long\n", "same": "s\n"}},
	{"added and removed", files{"a": "1\n", "gone/x": "1\n", "gone/y": "1\n"}, files{"a": "1\n", "new/deep/x": "2\n"}},
	{"file to folder", files{"a": "1\n", "b/c": "1\n"}, files{"a/x": "2\n", "b": "2\n"}},
}

func (s scene) start(t testing.TB) (out string) {
	t.Helper()
	out = filepath.Join(t.TempDir(), "out")
	if s.old != nil {
		mustCompile(t, out, s.old)
	}
	return out
}

// run is one octo compile of the scene's new state, to two targets.
func (s scene) run(t testing.TB, out string, step func(op, name string) error) error {
	o, err := open(context.Background(), out, Write, step)
	if err != nil {
		return err
	}
	defer o.Close()
	p, err := o.Plan(s.new.set(t), meta)
	if err != nil {
		return err
	}
	q, err := o.Plan(s.new.set(t), Meta{Project: "shop", Target: "compose"})
	if err != nil {
		return err
	}
	if err := errors.Join(blocked(p), blocked(q)); err != nil {
		return err
	}
	return o.Apply(context.Background(), p, q)
}

func blocked(p *Plan) error {
	if k := p.InTheWay(); len(k) > 0 {
		return fmt.Errorf("in the way: %v", kinds(p))
	}
	return nil
}

// state is which state the output folder is in: old or new, both with the right manifests; else what differs.
func (s scene) state(t testing.TB, out string) string {
	t.Helper()
	got := on(t, out)
	is := func(m files, targets ...string) bool {
		all := files{}
		for name, text := range m {
			for _, target := range targets {
				all[target+"/"+name] = text
			}
		}
		if !cmp.Equal(all, got) {
			return false
		}
		for _, target := range targets {
			want := appendManifest(nil, Meta{"shop", target, metaInputs(target)}, m.set(t).Files())
			data, _ := os.ReadFile(filepath.Join(out, target, ManifestName))
			if string(want) != string(data) {
				return false
			}
		}
		return true
	}
	switch {
	case s.old == nil && is(nil), s.old != nil && is(s.old, "k8s"):
		return "old"
	case is(s.new, "k8s", "compose"):
		return "new"
	}
	return fmt.Sprint(got)
}

func metaInputs(target string) []string {
	if target == "k8s" {
		return meta.Inputs
	}
	return nil
}

// mixed checks that each file in the trees is wholly old or wholly new, whatever happened.
func (s scene) mixed(t testing.TB, out string) {
	t.Helper()
	for _, target := range []string{"k8s", "compose"} {
		for name, text := range on(t, filepath.Join(out, target)) {
			if text != s.old[name] && text != s.new[name] {
				t.Errorf("%s/%s is torn: %q", target, name, text)
			}
		}
	}
}

// recovers checks what the next run finds, and that it ends new.
func (s scene) recovers(t testing.TB, out string, after string) {
	t.Helper()
	s.mixed(t, out)
	o, err := Open(context.Background(), out, Write)
	if err != nil {
		t.Errorf("%s: cannot recover: %v", after, err)
		return
	}
	o.Close()
	if got := s.state(t, out); got != "old" && got != "new" {
		t.Errorf("%s: want the old or the new state, got %s", after, got)
	}
	if err := s.run(t, out, noStep); err != nil {
		t.Errorf("%s: the next run: %v", after, err)
	}
	if got := s.state(t, out); got != "new" {
		t.Errorf("%s: after the next run: want the new state, got %s", after, got)
	}
}

var errInjected = errors.New("injected: no space left on device")

// Every operation on the disk fails once. Before the decisive step the old state is intact at once; after it the next
// run finishes the new one.
func TestFaults(t *testing.T) {
	for _, s := range scenes {
		t.Run(s.name, func(t *testing.T) {
			for n := 1; ; n++ {
				out := s.start(t)
				count, committed, at := 0, false, ""
				err := s.run(t, out, func(op, name string) error {
					count++
					if count == n {
						at = op + " " + name
						return errInjected
					}
					committed = committed || op == "commit"
					return nil
				})
				if count < n {
					if n < 8 {
						t.Errorf("only %d operations: the hook is not called", n)
					}
					return
				}
				if !committed {
					if !errors.Is(err, errInjected) {
						t.Errorf("%s: want the fault, got %v", at, err)
					}
					if got := s.state(t, out); got != "old" {
						t.Errorf("%s: want the old state at once, got %s", at, got)
					}
				} else if err != nil && !errors.Is(err, ErrUnfinished) {
					t.Errorf("%s: want to hear that the next run finishes, got %v", at, err)
				}
				s.recovers(t, out, at)
			}
		})
	}
}

// Recovery itself fails at every operation, and the run after it recovers.
func TestFaultsInRecovery(t *testing.T) {
	for _, s := range scenes {
		t.Run(s.name, func(t *testing.T) {
			for n := 1; ; n++ {
				out := s.start(t)
				if err := s.run(t, out, failAfterCommit()); err == nil {
					t.Fatal("want the fault")
				}
				count := 0
				o, err := open(context.Background(), out, Write, func(op, name string) error {
					if count++; count == n {
						return errInjected
					}
					return nil
				})
				if err == nil {
					if !o.Recovered {
						t.Error("want Recovered to be set")
					}
					o.Close()
				}
				s.recovers(t, out, fmt.Sprint("operation ", n))
				if count < n {
					return
				}
			}
		})
	}
}

func failAfterCommit() func(op, name string) error {
	done := false
	return func(op, name string) error {
		if done {
			return errInjected
		}
		done = op == "commit"
		return nil
	}
}

// What somebody edits between the interruption and the next run is left alone, and reported.
func TestEditAfterInterruption(t *testing.T) {
	s := scenes[1]
	out := s.start(t)
	if err := s.run(t, out, failAfterCommit()); err == nil {
		t.Fatal("want the fault")
	}
	put(t, out+"/k8s/a", "mine\n")
	put(t, out+"/compose/a", "mine\n")
	o, err := Open(context.Background(), out, Read)
	if err != nil || !o.Pending {
		t.Errorf("want the interruption to be seen by a reader, got %v", err)
	}
	o.Close()
	if err := s.run(t, out, noStep); err == nil {
		t.Error("want the edits to be in the way")
	}
	got := on(t, out)
	if got["k8s/a"] != "mine\n" || got["compose/a"] != "mine\n" {
		t.Errorf("an edit was lost: %v", got)
	}
}

// A journal may come with a checkout.
func TestHostileJournal(t *testing.T) {
	for _, text := range []string{
		"", "{", `{"format":2}`,
		`{"format":1,"trees":[{"target":"..","remove":[{"path":"victim","old":"` + hashOf([]byte("v\n")) + `"}]}]}`,
		`{"format":1,"trees":[{"target":"k8s","remove":[{"path":"../../victim","old":"` + hashOf([]byte("v\n")) + `"}]}]}`,
		`{"format":1,"trees":[{"target":"k8s","put":[{"path":"../../victim"}]}]}`,
	} {
		dir := t.TempDir()
		put(t, dir+"/victim", "v\n")
		put(t, dir+"/out/"+journalName, text)
		put(t, dir+"/out/.octo-stage/victim", "x\n")
		if _, err := Open(context.Background(), dir+"/out", Write); err == nil {
			t.Errorf("want an error for the journal %s", text)
		}
		if data, _ := os.ReadFile(dir + "/victim"); string(data) != "v\n" {
			t.Errorf("a file outside was touched by the journal %s", text)
		}
	}
}

const crashEnv = "OCTO_TEST_CRASH" // scene, operation and folder of a child that is to be killed

// TestCrashChild is the child of TestCrash.
func TestCrashChild(t *testing.T) {
	var i, n int
	var out string
	if _, err := fmt.Sscanf(os.Getenv(crashEnv), "%d %d %s", &i, &n, &out); err != nil {
		return // not started by TestCrash
	}
	count := 0
	err := scenes[i].run(t, out, func(op, name string) error {
		if count++; count == n {
			p, _ := os.FindProcess(os.Getpid())
			_ = p.Kill() // SIGKILL: nothing of ours runs after it
			select {}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("not killed")
}

// A real process is killed before every operation of one scene, and before some of the others'.
func TestCrash(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range scenes {
		t.Run(s.name, func(t *testing.T) {
			for n := 1; ; n++ {
				out := s.start(t)
				cmd := exec.Command(self, "-test.run=^TestCrashChild$", "-test.v")
				cmd.Env = append(os.Environ(), crashEnv+"="+strconv.Itoa(i)+" "+strconv.Itoa(n)+" "+out)
				text, err := cmd.CombinedOutput()
				if err == nil {
					if n < 8 {
						t.Errorf("only %d operations:\n%s", n, text)
					}
					return
				}
				if cmd.ProcessState.Exited() {
					t.Fatalf("want the child to be killed:\n%s", text)
				}
				s.recovers(t, out, fmt.Sprint("killed before operation ", n))
			}
		})
	}
}
