//go:build !windows && !plan9 && !js && !wasip1

package emit

// hasModes: the file system keeps the x bit. Of a mode only that bit is compared, as git does: the others are those of
// whoever checked the tree out.
const hasModes = true
