//go:build !unix

package serve

// maxFiles is how many files this process may have open.
func maxFiles() int { return 1 << 20 }
