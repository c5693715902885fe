package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/octocompose/octocompose/runtime/observe"
	"github.com/octocompose/octocompose/runtime/schedule"
	"github.com/octocompose/octocompose/runtime/spec"
)

// A check that cannot be asked says nothing to anybody: the log says it, once, and when that is over.
func TestBlind(t *testing.T) {
	recorder, err := observe.NewRecorder(spec.Run{Project: "x"}, observe.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	m := &meter{recorder: recorder, log: slog.New(slog.NewTextHandler(&log, nil)), unasked: map[string]int{}}
	ask := func(answers ...schedule.Answer) string {
		log.Reset()
		for _, a := range answers {
			m.Asked("api", "running", a, 0, "no bus")
		}
		return log.String()
	}
	const u, w = schedule.Unknown, schedule.Works
	if got := ask(u, u, w, u, u); got != "" {
		t.Errorf("two in a row: %s", got)
	}
	if got := ask(u, u, u); strings.Count(got, "check cannot be asked") != 1 || !strings.Contains(got, "service=api check=running seen=\"no bus\"") {
		t.Errorf("five in a row: %s", got)
	}
	if got := ask(w, w); strings.Count(got, "check can be asked again") != 1 || strings.Contains(got, "cannot") {
		t.Errorf("and then it works: %s", got)
	}
	ask(u, u, u)
	if m.Gone("api", "running"); ask(w) != "" {
		t.Error("another check of that name is told of the one before")
	}
}
