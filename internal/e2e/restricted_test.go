//go:build linux

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// noDiff wants kubectl diff to find nothing after an apply: the API server changes nothing of what we say.
func noDiff(t *testing.T, k *kit) {
	c := k.platform.(*kubernetes)
	c.same(t, k.out(), k.again(t))
}

func (c *kubernetes) same(t *testing.T, dir string, apply *page) {
	t.Helper()
	for _, line := range apply.commands("Each time") {
		if strings.Contains(line, " diff ") {
			if out, err := c.in(dir, line); err != nil || out != "" {
				t.Errorf("there is a difference: %v\n%s", err, out)
			}
			return
		}
	}
	t.Error("APPLY.md has no diff")
}

// restricted applies an application that says who its users are into a namespace that enforces the restricted
// profile of Pod Security; a warning is a failure.
func restricted(t *testing.T, k *kit) {
	c := k.platform.(*kubernetes)
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/declared")); err != nil {
		t.Fatal(err)
	}
	apply := k.compile(t, dir, nil)
	must(t, c.cluster("kubectl", "create", "namespace", "declared"))
	must(t, c.cluster("kubectl", "label", "namespace", "declared", "pod-security.kubernetes.io/enforce=restricted",
		"pod-security.kubernetes.io/warn=restricted"))
	strict := *apply
	strict.text = strings.ReplaceAll(apply.text, " apply --server-side", " apply --warnings-as-errors --server-side")
	c.commands(t, filepath.Join(dir, "out", "k8s"), &strict)
	c.same(t, filepath.Join(dir, "out", "k8s"), apply)
	// The autoscaler makes the second api: a Deployment without a number begins with one.
	eventually(t, time.Minute, func() error {
		out := must(t, c.cluster("kubectl", "-n", "declared", "get", "pods", "--no-headers"))
		if strings.Count(out, " 1/1 ") != 3 {
			return fmt.Errorf("these run:\n%s", out)
		}
		return nil
	})
	must(t, c.cluster("kubectl", "delete", "namespace", "declared", "--wait=false"))
}
