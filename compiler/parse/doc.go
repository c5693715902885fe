// Package parse reads YAML into a tree whose nodes know where they were written. It is the only reader
// of YAML in the compiler.
//
// In: the text of one file. Out: one [tree.Node] and what is wrong with the text. Kinds follow the core
// schema of YAML 1.2 (section 10.3.2), which differs from what most libraries do:
//
//   - true and false, also with a capital, are booleans, and their Text is "true" or "false"; yes, no, on
//     and off are strings;
//   - 017 and 0440 are integers that keep their text; 1_000, 22:22 and 2026-01-31 are strings;
//   - !!str, !!int, !!float, !!bool, !!null, !!map and !!seq are honoured; !reset and !override become
//     [tree.Mark]; any other tag is an error;
//   - a key is a text: 8080, true or null without quotes is an error, as in Compose, and so is a list or a mapping;
//   - merge keys (<<) are resolved: the mapping's own keys win, then earlier sources over later ones;
//   - an aliased value is the node of its anchor, with the anchor's position.
//
// A fault that leaves the structure clear (a key twice, an unknown tag, an alias that unfolds too far) is
// reported and the rest is read; one that does not (a tab, an open quote) yields no node. The package never
// reads a file, never looks at what keys mean, and never panics.
//
//	f, err := reader.Read("octo.yaml")
//	root, ds := parse.YAML(f)
package parse
