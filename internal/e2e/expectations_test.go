//go:build linux

package e2e

import "testing"

// expectation is one thing that must be seen, whatever the platform.
type expectation struct {
	name  string
	check func(t *testing.T, k *kit)
	on    []string // the platforms that it is about; nil: all
}

// expectations are looked at in this order, on one application: each leaves it healthy. The first one starts it, the
// last one takes it away.
var expectations = []expectation{
	{name: "boots by the commands of APPLY.md", check: boots},
	{name: "starts in order", check: startOrder},
	{name: "config and secret are delivered", check: delivered},
	{name: "configs are served over HTTPS", check: configServed},
	{name: "replicas are counted", check: replicas},
	{name: "services find each other by name", check: names},
	{name: "nats is reached", check: natsReached},
	{name: "a rude image runs", check: rudeRuns},
	{name: "a fetched program runs", check: fetched},
	{name: "hooks, named checks and preflight", check: life},
	{name: "data survives a restart", check: dataSurvives},
	{name: "a killed process comes back", check: killed},
	{name: "an unhealthy one is noticed", check: unhealthy},
	{name: "a changed config restarts what reads it", check: changedConfig},
	{name: "one replica more", check: scaled},
	{name: "an alive check restarts", check: wedged},
	{name: "failures and recoveries are told", check: told},
	{name: "the sidecar restarts over D-Bus", check: overBus, on: []string{"systemd"}},
	{name: "nothing is left to apply", check: noDiff, on: []string{"k8s"}},
	{name: "declared users pass restricted", check: restricted, on: []string{"k8s"}},
	{name: "a stop honours the grace period", check: stops},
}

// counts are the services of the fixture that stay up, with their instances.
var counts = []struct {
	service string
	n       int
}{{"db", 1}, {"api", 2}, {"web", 1}, {"nats", 1}, {"worker", 1}, {"rude", 1}, {"agent", 1}, {"life", 1}, {"alerts", 1}}
