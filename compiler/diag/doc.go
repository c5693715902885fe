// Package diag says what is wrong with a config: where, what was expected, and what to do.
//
// In: faults that stages find. Out: [Diagnostic], [List], and printers for people ([Text]), programs
// ([JSON]) and GitHub's annotations ([GitHub]). A stage after the parser sets only Path; [List.Locate]
// fills in the positions from the tree. Mistakes of the user are diagnostics; a Go error is for I/O and
// for bugs of ours. A List is not an error, so that an empty one cannot look like a failure.
//
// Wording: "cannot use X as a Y; want Z", lower case, no full stop, %q around what the user wrote; what
// to do stands in Help. Every [Code] has a page in [Pages], which `octo explain CODE` prints.
//
//	var ds diag.List
//	ds.Error(diag.UnknownKey, path, "unknown key %q", key).OnKey().Helpf("did you mean %q?", near)
package diag
