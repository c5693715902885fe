// Package model is the application as the backends see it: plain typed values, checked, with every short form
// written out, every path relative to the project's folder, every variable replaced.
//
// In: what package check decodes. Out: [Project] and what hangs from it. It holds no positions, only paths
// into the merged tree, from which a diagnostic finds its place. Field names are those of the schema in Go's
// spelling; the tag "octo" is the key. Slices that were mappings are sorted by key; slices that were lists keep
// their order, so that item i is at path.Index(i). It is the contract of the backends and never changes after
// package check has made it.
package model
