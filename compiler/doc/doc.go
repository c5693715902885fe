// Package doc is a document to be printed: values with their comments and where they came from, and the
// deterministic printers that make YAML and JSON of it.
//
// In: values built by a backend. Out: bytes, and for each line the path in the config that it came from. The
// printers only append: no sorting, no reflection, no second pass, so the same document is the same bytes.
// What YAML prints reads back as the same value in any YAML 1.1 or 1.2 reader; a test holds it to that.
//
//	m := doc.NewMap()
//	m.Set("image", doc.Str("nginx").From(path))
//	out := doc.YAML(m)
package doc
