package support

import (
	"testing"

	"github.com/octocompose/octocompose/compiler/model"
)

// Targets with trees of their own: a field is not exact only where the target has it.
func TestReportOwnTrees(t *testing.T) {
	table := &Table{Backend: "k8s", Rows: []Row{
		{Field: "services.*.image"}, {Field: "services.*.tty", Level: Emulated, How: "tty"}, {Field: "services.*.ports[].host_ip", Level: Meaningless, How: "a cluster"},
		{Field: "services.*.ports"},
	}}
	common := yaml(t, "services: {web: {image: a}}")
	own := yaml(t, "services: {web: {image: a, tty: true, ports: [{target: 80}, {target: 81, host_ip: 127.0.0.1}]}, more: {tty: true}}")
	columns := []Column{
		{Target: &model.Target{Name: "one"}, Table: table, Root: common},
		{Target: &model.Target{Name: "two"}, Table: table, Root: own},
	}
	for range 2 { // whichever comes first
		sheet := Report(columns[0].Root, columns)
		if len(sheet.Lines) != 2 {
			t.Fatalf("%d lines: %v", len(sheet.Lines), sheet.Lines)
		}
		for i, want := range []struct {
			field string
			level Level
			count int
		}{{"services.*.tty", Emulated, 2}, {"services.web.ports[1].host_ip", Meaningless, 1}} {
			l := sheet.Lines[i]
			if l.Field != want.field || l.Count != want.count {
				t.Errorf("line %d is %s of %d; want %s of %d", i, l.Field, l.Count, want.field, want.count)
			}
			for j, c := range columns {
				level := Exact
				if c.Root == own {
					level = want.level
				}
				if l.Cells[j].Level != level {
					t.Errorf("%s on %s is %s; want %s", l.Field, c.Target.Name, l.Cells[j].Level, level)
				}
			}
		}
		columns[0], columns[1] = columns[1], columns[0]
	}
}
