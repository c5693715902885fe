package main

import (
	"os"
	"strings"
	"testing"

	"github.com/octocompose/octocompose/runtime/preflight"
	"github.com/octocompose/octocompose/runtime/probe"
	"github.com/octocompose/octocompose/runtime/spec"
)

// The page of the sidecar shows the verbs as the help text does, a spec that can be read, and commands that can be run.
func TestPage(t *testing.T) {
	data, err := os.ReadFile("../../docs/sidecar.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(data)
	for line := range strings.Lines(usage) {
		if strings.HasPrefix(line, "  octo-sidecar ") && !strings.Contains(page, line) {
			t.Errorf("the page lacks %q", line)
		}
	}
	_, block, _ := strings.Cut(page, "```json\n")
	block, _, _ = strings.Cut(block, "```")
	if _, err := spec.ParseFetch([]byte(block)); err != nil {
		t.Errorf("the spec on the page: %v", err)
	}
	shown := 0
	for _, block := range strings.Split(page, "```sh\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		for line := range strings.Lines(block) {
			words := strings.Fields(strings.ReplaceAll(line, "'", ""))
			for len(words) > 2 && strings.HasPrefix(words[2], "--") {
				words = append(words[:2], words[3:]...)
			}
			switch words[1] {
			case "preflight":
				_, err = preflight.Parse(words[2:])
			default:
				_, err = probe.Parse(words[2:], (&call{env: noEnv}).means())
			}
			if err != nil {
				t.Errorf("%s: %v", strings.TrimSpace(line), err)
			}
			shown++
		}
	}
	if shown < 5 {
		t.Errorf("the page shows %d commands", shown)
	}
}
