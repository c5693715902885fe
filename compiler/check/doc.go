// Package check turns the merged tree into the model, and checks what one value alone cannot show.
//
// In: the merged canonical tree and the schema. Out: [github.com/octocompose/octocompose/compiler/model.Project] and
// diagnostics. First the tree is held against the canonical form of the schema; then one generic decoder, driven by
// the tags of the model, makes the structs; then what Compose implies is written out (the default network, the
// dependencies that links and shared namespaces make); then the rules across fields run, each a small function with
// its code in a table (rules.go). What refers to something else is checked by package resolve.
//
// It never reads a file, never changes the tree, and never stops at a fault: a value that is wrong decodes to zero,
// and a rule says nothing about a value that was reported already.
//
//	project, ds := check.Project(schema, merged, check.Options{Name: "shop"})
//
// # The tags of the model
//
// `octo:"key"` is the field of the schema. `octo:"key,key=Name"` makes a slice of structs from a mapping, sorted by
// key, with the key in the field Name; with value=Single a value that is not a mapping goes whole into the field
// Single. `octo:"-"` is not in the tree. A field of type tree.Path gets the address of its struct (but a tag "-"), one
// of type []model.Extension the x- keys.
package check
