package support

import "github.com/octocompose/octocompose/compiler/tree"

// Row is the row that speaks for the field at p, or nil.
func (x *Index) Row(p tree.Path) *Row {
	at := x.root
	row := at.row
	for _, s := range p.Steps() {
		if s.Index >= 0 {
			at = at.items()
		} else {
			at = at.child(s.Key)
		}
		if at == nil {
			break
		}
		if at.row != nil {
			row = at.row
		}
	}
	return row
}
