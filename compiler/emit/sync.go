package emit

import "io/fs"

// syncEach makes the staged files durable one by one.
func (o *Out) syncEach() error {
	return fs.WalkDir(o.root.FS(), stageName, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		f, err := o.root.OpenFile(name, syncFlags, 0)
		if err != nil {
			return err
		}
		defer f.Close()
		return f.Sync()
	})
}
