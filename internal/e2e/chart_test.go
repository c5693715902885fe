package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestChart boots an application of octoctl's charts, unchanged, by the commands of APPLY.md: read through a mirror, as on
// a machine without a network.
func TestChart(t *testing.T) {
	c := &compose{}
	need(t, c)
	lock(t, c.name())
	charts, err := filepath.Abs("../../testdata/octoctl")
	if err != nil {
		t.Fatal(err)
	}
	k := &kit{platform: c, made: build(t), dir: t.TempDir()}
	text, err := os.ReadFile(filepath.Join(charts, "examples", "board.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(k.dir, "octo.yaml"), text, 0o644); err != nil {
		t.Fatal(err)
	}
	k.flags = []string{"--mirror", "https://charts.example.com/=" + charts}
	t.Cleanup(func() { c.down(t) })
	c.boot(t, k)
	k.apply(t)
	want := []string{"backend", "cache", "database", "frontend", "worker"}
	eventually(t, time.Minute, func() error {
		all := c.instances(t, k)
		for _, name := range want {
			if list := of(all, name); len(list) != 1 || !list[0].ok() {
				return fmt.Errorf("%s is not well: %v", name, list)
			}
		}
		if len(all) != len(want) {
			return fmt.Errorf("%d containers; want %v", len(all), want)
		}
		return nil
	})
	// The page of frontend holds that of backend, and the values of the user's file have come to both.
	page := k.state(t, "frontend")
	if page.Data.API == nil || page.Env["BOARD_TITLE"] != "Our board: 50% done" || page.Data.API.Env["BOARD_MAX_UPLOAD"] != "10485760" {
		t.Errorf("%+v", page)
	}
}
