package support

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

const shop = `services:
  api:
    image: a
    depends_on:
      db: {condition: service_healthy}
    checks:
      alive: {http: {port: 8080, path: /healthz}}
    target:
      k8s: {deployment: {spec: {x: 1}}}
  web:
    image: b
    depends_on:
      api: {condition: service_healthy}
    ports:
      - {target: 80, published: "8088", host_ip: 127.0.0.1}
    healthcheck: {http: {port: 80}, interval: 5s}
    restart: "no"
networks:
  back: {internal: true}
targets:
  compose: {accept: [services.api.checks.alive]}
`

// shopColumns are three targets that cut their rows at different depths.
func shopColumns() []Column {
	common := []Row{{Field: "services.*.image"}, {Field: "services.*.depends_on"}, {Field: "services.*.ports"}, {Field: "services.*.restart"}, {Field: "targets"}}
	table := func(name string, rows ...Row) *Table { return &Table{Backend: name, Rows: append(rows, common...)} }
	systemd := table("systemd",
		Row{Field: "services.*.depends_on.*.condition", Level: Emulated, How: "start gates"},
		Row{Field: "services.*.checks"}, Row{Field: "services.*.target.systemd"},
		Row{Field: "services.*.target.*", Level: Meaningless},
		Row{Field: "services.*.healthcheck", Level: Emulated, How: "probed until the start holds"},
		Row{Field: "networks"})
	compose := table("compose",
		Row{Field: "services.*.depends_on.*.condition"},
		Row{Field: "services.*.checks.*", Level: Unsupported, How: "use healthcheck"},
		Row{Field: "services.*.target.compose"}, Row{Field: "services.*.target.*", Level: Meaningless},
		Row{Field: "services.*.healthcheck.interval"}, Row{Field: "services.*.healthcheck.http"},
		Row{Field: "networks.*.internal"})
	k8s := table("k8s",
		Row{Field: "services.*.depends_on.*.condition", Level: Emulated, How: "init containers; one ready replica is enough"},
		Row{Field: "services.*.checks"}, Row{Field: "services.*.target.k8s"}, Row{Field: "services.*.target.*", Level: Meaningless},
		Row{Field: "services.*.healthcheck"},
		Row{Field: "services.*.ports[].host_ip", Level: Meaningless, How: "a loopback port in a cluster"},
		Row{Field: "networks.*.internal", Level: Emulated, How: "NetworkPolicy"})
	var found diag.List
	found.Warn(diag.Emulated, tree.Of("services", "web", "restart"), "a Deployment restarts always")
	found.Warn(diag.Exposed, tree.Of("services", "web", "image"), "not for the report")
	return []Column{
		{Target: &model.Target{Name: "systemd", Path: tree.Of("targets", "systemd")}, Table: systemd},
		{Target: &model.Target{Name: "compose", Path: tree.Of("targets", "compose"), Accept: []string{"services.api.checks.alive"}}, Table: compose},
		{Target: &model.Target{Name: "k8s", Path: tree.Of("targets", "k8s")}, Table: k8s, Found: found},
	}
}

func TestReportText(t *testing.T) {
	var b strings.Builder
	if err := Report(yaml(t, shop), shopColumns()).Text(&b); err != nil {
		t.Fatal(err)
	}
	want := `field                              systemd                                 compose                                   k8s                                           written at
networks.back.internal             exact                                   exact                                     emulated: NetworkPolicy                       octo.yaml:19:10
services.*.depends_on.*.condition  emulated: start gates                   exact                                     emulated: init containers; one ready replica  octo.yaml:5:12
                                                                                                                       is enough
services.api.checks.alive          exact                                   unsupported, accepted at octo.yaml:21:22  exact                                         octo.yaml:7:7
services.api.target.k8s            -                                       -                                         exact                                         octo.yaml:9:7
services.web.healthcheck           emulated: probed until the start holds  exact                                     exact                                         octo.yaml:16:5
services.web.ports[0].host_ip      exact                                   exact                                     meaningless: a loopback port in a cluster     octo.yaml:15:41
services.web.restart               exact                                   exact                                     emulated: a Deployment restarts always        octo.yaml:17:5

Every other field is exact on the three targets. "-": another field of the same service takes its place.
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}

func TestReportJSONAndMarkdown(t *testing.T) {
	root := yaml(t, "networks: {back: {internal: true}}\nservices: {web: {image: \"a|b\"}}")
	var b strings.Builder
	sheet := Report(root, shopColumns()[1:])
	if err := sheet.JSON(&b); err != nil {
		t.Fatal(err)
	}
	want := `{
  "lines": [
    {
      "field": "networks.back.internal",
      "count": 1,
      "written_at": "octo.yaml:1:19",
      "targets": [
        {
          "target": "compose",
          "level": "exact"
        },
        {
          "target": "k8s",
          "level": "emulated",
          "how": "NetworkPolicy"
        }
      ]
    },
    {
      "field": "services.web.restart",
      "count": 1,
      "written_at": "octo.yaml:2:12",
      "targets": [
        {
          "target": "compose",
          "level": "exact"
        },
        {
          "target": "k8s",
          "level": "emulated",
          "how": "a Deployment restarts always"
        }
      ]
    }
  ],
  "exact": 1
}
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
	b.Reset()
	if err := sheet.Markdown(&b); err != nil {
		t.Fatal(err)
	}
	want = "| field | compose | k8s | written at |\n|---|---|---|---|\n" +
		"| `networks.back.internal` | exact | emulated: NetworkPolicy | octo.yaml:1:19 |\n" +
		"| `services.web.restart` | exact | emulated: a Deployment restarts always | octo.yaml:2:12 |\n" +
		"\nEvery other field is exact on the two targets.\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}

func TestReportOfNothing(t *testing.T) {
	var b strings.Builder
	if err := Report(yaml(t, "services: {web: {image: a}}"), shopColumns()[:1]).Text(&b); err != nil {
		t.Fatal(err)
	}
	if b.String() != "Every field is exact.\n" {
		t.Errorf("%q", b.String())
	}
	if sheet := Report(nil, shopColumns()[:2]); len(sheet.Lines) != 0 {
		t.Errorf("no tree has lines: %v", sheet.Lines)
	}
}

// What is not accepted, and has no row, shows.
func TestReportOfLoss(t *testing.T) {
	columns := shopColumns()[1:2]
	columns[0].Target.Accept = nil
	sheet := Report(yaml(t, "services: {web: {checks: {a: {x: 1}, b: {x: 1}}, hocus: 1}}"), columns)
	var got []string
	for _, l := range sheet.Lines {
		got = append(got, l.Field+" "+l.Cells[0].String())
	}
	want := []string{"services.*.checks.* unsupported", "services.web.hocus unsupported"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// What a lowering says about one value stands in the line of the field, or takes the field out of its group; the other
// targets' cells are those of their tables.
func TestReportOverrides(t *testing.T) {
	columns := shopColumns()
	root := yaml(t, "services: {a: {healthcheck: {http: 1}, restart: x}, b: {healthcheck: {http: 1}, checks: {x: {y: 1}}}}\nnetworks: {back: {internal: true}}")
	found := &columns[2].Found
	*found = nil
	found.Warn(diag.Emulated, tree.Of("services", "b", "healthcheck"), "one probe")
	found.Warn(diag.Emulated, tree.Of("services", "a", "restart"), "always")
	found.Warn(diag.Emulated, tree.Of("services", "a", "restart"), "told twice")
	found.Error(diag.Unsupported, tree.Of("networks", "back"), "no")
	columns[1].Found.Error(diag.Unsupported, tree.Of("networks", "back", "internal"), "no")
	var got []string
	for _, l := range Report(root, columns).Lines {
		line := l.Field
		for _, c := range l.Cells {
			line += " | " + c.String()
		}
		got = append(got, line)
	}
	want := []string{
		"networks.back | exact | exact | unsupported",
		"networks.back.internal | exact | unsupported | emulated: NetworkPolicy",
		"services.a.healthcheck | emulated: probed until the start holds | exact | exact",
		"services.a.restart | exact | exact | emulated: always",
		"services.b.checks.x | exact | unsupported | exact",
		"services.b.healthcheck | emulated: probed until the start holds | exact | emulated: one probe",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
