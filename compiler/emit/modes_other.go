//go:build windows || plan9 || js || wasip1

package emit

// hasModes: the file system keeps no x bit.
const hasModes = false
