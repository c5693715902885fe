package diag

import (
	"fmt"
	"strings"
)

// Summary is the last line of a run: "8 errors in octo.yaml", "1 error and 2 warnings in 3 files", and "" when there
// is neither an error nor a warning. The file is named when all of them stand in one. What several targets say alike
// counts once; a flag and standard input, which are named with a dash, are no files.
func Summary(l List) string {
	var counts []string
	all := perTarget(l)
	for _, s := range []Severity{Error, Warning} {
		n := 0
		for _, f := range all {
			if f.Severity == s {
				n++
			}
		}
		switch n {
		case 0:
		case 1:
			counts = append(counts, "1 "+s.String())
		default:
			counts = append(counts, fmt.Sprintf("%d %ss", n, s))
		}
	}
	if len(counts) == 0 {
		return ""
	}
	text := strings.Join(counts, " and ")
	files, one := map[string]bool{}, ""
	for _, d := range l {
		if d.Severity != Note && d.At.File != nil && !strings.HasPrefix(d.At.File.Name, "-") {
			one = d.At.File.Name
			files[one] = true
		}
	}
	switch len(files) {
	case 0:
		return text
	case 1:
		return text + " in " + one
	}
	return fmt.Sprintf("%s in %d files", text, len(files))
}
