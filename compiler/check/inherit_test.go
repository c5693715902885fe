package check

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

// A container of pre_start is the service's own, but for what it says; one with an image of its own takes no more
// than what it works on.
func TestPreStartInherits(t *testing.T) {
	root := yaml(t, "octo.yaml", `
services:
  web:
    image: web:1
    user: "1000"
    entrypoint: [/web]
    command: [serve]
    environment: { A: "1", B: "2" }
    volumes: [{ type: volume, source: data, target: /data }]
    networks: { back: }
    ports: [{ target: 80, protocol: tcp, mode: ingress }]
    replicas: 3
    pre_start:
      - { command: [migrate], environment: { B: "3", C: "4" } }
      - { image: busybox:1, command: [chown, -R, "1000", /data], user: root, per_replica: true }
networks: { back: }
volumes: { data: }
`)
	p, ds := Project(compiled(t), root, Options{})
	if got := printed(t, ds, root); got != "" {
		t.Fatal(got)
	}
	at := tree.Of("services", "web", "pre_start")
	data := []model.Mount{{Type: "volume", Source: "data", Target: "/data"}}
	back := []model.NetworkAttachment{{Network: "back"}}
	want := []*model.Service{
		{Name: "web", Path: at.Index(0), From: []string{"octo.yaml"}, Image: "web:1", User: "1000", Entrypoint: []string{"/web"}, Command: []string{"migrate"},
			Environment: []model.Pair{{Key: "A", Value: "1"}, {Key: "B", Value: "3"}, {Key: "C", Value: "4"}}, Volumes: data, Networks: back},
		{Name: "web", Path: at.Index(1), From: []string{"octo.yaml"}, Image: "busybox:1", User: "root", Command: []string{"chown", "-R", "1000", "/data"},
			Environment: []model.Pair{{Key: "A", Value: "1"}, {Key: "B", Value: "2"}}, Volumes: data, Networks: back, PerReplica: true},
	}
	if diff := cmp.Diff(want, p.Service("web").PreStart, asText); diff != "" {
		t.Error(diff)
	}
}
