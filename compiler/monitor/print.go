package monitor

import (
	"strings"

	"github.com/octocompose/octocompose/compiler/tree"
	"github.com/octocompose/octocompose/runtime/spec"
)

// Print is the spec that octo-sidecar run reads, for the project of that name, with the address of its status ("": none); and
// where each line of it comes from.
func (p *Plan) Print(project, status string) (data []byte, origins []tree.Origin, err error) {
	data, err = spec.Run{Project: project, Checks: p.Checks, Notify: p.Notify, Status: status}.Marshal()
	if err != nil {
		return nil, nil, err
	}
	var list func(i int) tree.Path // of the list that is gone through
	line, item := 0, -1
	for text := range strings.Lines(string(data)) {
		line++
		switch strings.TrimRight(text, ",\n") {
		case `  "checks": [`:
			list, item = func(i int) tree.Path { return p.from[i] }, -1
		case `  "notify": [`:
			list, item = func(i int) tree.Path { return tree.Of("notifications", p.Notify[i].Name) }, -1
		case "  ]":
			list = nil
		case "    {":
			item++
		}
		from := p.From
		if list != nil && item >= 0 {
			from = list(item)
		}
		origins = append(origins, tree.Origin{Line: line, From: from})
	}
	return data, origins, nil
}
