// Package edit changes the text of a YAML file at places that its tree names, and nothing else in it: comments, order,
// quoting, indentation, line endings and a byte order mark stay as they are.
//
// In: a file and a list of edits, whose paths are those of the file as it is. Out: the new text, or the reasons why a
// person has to make the change, with the place and what to do; then nothing is changed. The package looks for the ends
// of what the tree gives the starts of (layout), replaces ranges of bytes, reads the result with package parse and
// compares it with the same change made to the tree: a difference is reported as a bug, and never returned as a text.
// It reads and writes no file, and it does not know what keys mean.
//
// What is refused: an edit of an aliased value, of an anchored one that is used elsewhere, of what a merge key (<<)
// brings in, of a value with a tag of YAML (!!str), a move of several lines into a mapping in braces; and files with
// directives, keys after "?", keys with anchors, and pairs in brackets ([a: b]).
//
// Comments are never lost. A moved field takes along the comment lines directly above it and those inside it; the
// comments of a removed one stay where it was. A mapping or a list that loses its last entry becomes {} or [].
//
//	text, ds := edit.Apply(f,
//		edit.Set(tree.Of("include").Index(0).Key("ref"), "v2.0.0"),
//		edit.Rename(tree.Of("services", "web", "environment", "DB_URL"), "DATABASE_URL"))
package edit
