package emit

import (
	"io/fs"
	"slices"
)

// Others are the folders of targets that this project was compiled for before and that are not in targets: what lies
// in them is no longer brought up to date.
func (o *Out) Others(project string, targets []string) []string {
	if o.root == nil {
		return nil
	}
	entries, err := fs.ReadDir(o.root.FS(), ".")
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range entries {
		if !e.IsDir() || slices.Contains(targets, e.Name()) {
			continue
		}
		data, err := o.root.ReadFile(e.Name() + "/" + ManifestName)
		if err != nil {
			continue
		}
		if m, err := readManifest(data); err == nil && m.Project == project && m.Target == e.Name() {
			names = append(names, e.Name())
		}
	}
	return names
}
