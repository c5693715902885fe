// Package template renders the {{ … }} in the scalars of a tree, one scalar at a time, so that a template can never add
// structure: what comes out of a scalar is a scalar.
//
// In: a tree, and the [Data] that templates read. Out: the same tree with every template in a value replaced; nodes
// without one are shared, not copied. The syntax is that of Go's text/template, read by its own parser; what runs is
// an evaluator over trees, so that values keep their kind and their spelling, each fault has its place, and
// every step is counted. There is no define, template or block, and no function that sees a file, the network, the
// environment, the clock or chance: [Functions] are all there are.
//
//	{{ config.nats.port }}  {{ .config.nats.port }}   the same value
//	{{ index config "my-key" 0 }}                     a key that is no identifier; an item of a list
//	{{ config.port | default 80 }}                    80 where the key is missing, null or empty
//	{{ if has config "tls" }}https{{ else }}http{{ end }}://{{ config.host }}
//	{{`{{ .Name }}`}}                                 a template of another program, as it stands
//
// A scalar that is one whole {{ … }} has the kind of its value: a port stays an integer. In a longer text scalars
// stand as they are written in the config. A missing key is an error, as are mappings, lists and null in a text. A value
// that is itself a template is rendered first; a ring of them is an error. What reads a value of Kind [tree.Unknown] is Unknown, and
// nothing is said of it.
//
// The result has Derived set and the place and the Was of its scalar. Quoted stays as the author wrote it, but for a
// whole {{ … }}: there it is set where the value is meant as a text, so that "on" does not turn into a boolean.
//
// The package never changes keys, never fails without a diagnostic, and always ends: see [Options] for the bounds.
//
//	out, ds := template.Scalars(tree.Root, root, template.Data{"config": values}, template.Options{})
package template
