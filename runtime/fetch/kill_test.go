package fetch

import (
	"flag"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/octocompose/octocompose/runtime/spec"
)

// kills is the number of seeds of TestKills: 20 in each run of the tests; the figure of 10,000 is
//
//	go test ./runtime/fetch -run TestKills -fetch.kills=6000 -timeout=2h
//
// since each seed kills up to three times.
var kills = flag.Int("fetch.kills", 20, "seeds of TestKills, each of which kills up to three times")

// firstKill is the first seed, to repeat one that failed.
var firstKill = flag.Uint64("fetch.firstkill", 1, "first seed of TestKills")

// The process is killed with SIGKILL three times in a row: before a change of the disk, when the server has sent so much,
// or after some time, whatever it does then. What is in place is whole after each, the version before stays, the part of
// a download is gone on with, and the run after it ends as if nothing had been.
func TestKills(t *testing.T) {
	random := rand.NewChaCha8([32]byte{1})
	noise := make([]byte, 200<<10)
	_, _ = random.Read(noise)
	data := zst(t, tarOf(t, entry{name: "bin/worker", mode: 0o755, content: text}, entry{name: "noise", content: string(noise)}))
	s := newRanged(t, data)
	want := []string{"drwxr-xr-x bin", "-rwxr-xr-x bin/worker " + text, "-rw-r--r-- noise " + string(noise), "link worker bin/worker"}
	ends := map[string]int{}
	o := options(t, s.Server) // one for all: each keeps its connections
	for seed := *firstKill; seed < *firstKill+uint64(*kills); seed++ {
		dir := t.TempDir()
		a := spec.Artifact{URL: s.URL + "/x", SHA256: hexSum(data), Path: "bin/worker"}
		for _, v := range []string{"/a", "/b"} {
			f := specOf(dir+v, a)
			f.Keep = 9
			if err := Run(t.Context(), f, o); err != nil {
				t.Fatal(err)
			}
		}
		f := specOf(dir+"/v1", a)
		f.Keep = 1
		r := rand.New(rand.NewPCG(seed, 0))
		for range 3 {
			end := killedOnce(t, s, f, r)
			ends[end]++
			whole(t, "seed "+strconv.FormatUint(seed, 10), dir, want)
			for _, v := range []string{"/a", "/b"} {
				if got := look(t, dir+v); !slices.Equal(got, want) && (v == "/b" || len(got) > 0) {
					t.Errorf("seed %d: the version %s is torn", seed, v)
				}
			}
			if end == "ended" { // there would be nothing to do for the next one
				if err := os.RemoveAll(f.Dest); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := Run(t.Context(), f, o); err != nil || !slices.Equal(look(t, f.Dest), want) {
			t.Errorf("seed %d: the next run: %v", seed, err)
		}
		if t.Failed() {
			return
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d runs: %v", 3**kills, ends)
	if ends["signal: killed"] < *kills {
		t.Errorf("too few were killed: %v", ends)
	}
}

// killedOnce runs a fetch in a process that is killed on some way, and returns how it ended.
func killedOnce(t *testing.T, s *ranged, f spec.Fetch, r *rand.Rand) string {
	t.Helper()
	file, err := f.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	at := 0
	var after *time.Timer
	ready := make(chan struct{})
	kill := func() { <-ready; _ = cmd.Process.Kill() }
	s.mu.Lock()
	s.then = nil
	switch r.IntN(3) {
	case 0:
		at = 1 + r.IntN(60)
	case 1:
		s.stop, s.then = r.IntN(len(s.data)), kill
	case 2:
		after = time.AfterFunc(time.Duration(r.IntN(40_000))*time.Microsecond, kill)
		defer after.Stop()
	}
	s.mu.Unlock()
	cmd.Env = append(os.Environ(), "FETCH_KILL_AT="+strconv.Itoa(at), "FETCH_SPEC="+string(file))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	close(ready)
	err = cmd.Wait()
	s.mu.Lock()
	s.then = nil
	s.mu.Unlock()
	if err != nil {
		return err.Error()
	}
	return "ended"
}
