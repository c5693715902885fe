// Package source holds the text of inputs and places in it.
//
// In: names of files. Out: [File], the text with its name; [Pos] and [Span], places in it that a
// diagnostic can show. [Reader] is the only door to the disk: [Disk] reads a folder, [Mem] is a
// folder in memory for tests. The package never interprets the text.
//
//	f, err := source.Disk{Dir: "."}.Read("octo.yaml")
//	fmt.Println(source.Pos{File: f, Line: 3, Col: 5}) // octo.yaml:3:5
package source
