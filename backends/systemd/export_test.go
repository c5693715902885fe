package systemd

import "github.com/octocompose/octocompose/compiler/tree"

// Hostile are words that each reader gives a meaning.
var Hostile = hostile

// ReadExec reads a command line as systemd does.
var ReadExec = execStart

// ContainerWith is a .container unit with these arguments, printed.
func ContainerWith(words []string) []byte {
	u := &Unit{fault: func(_ tree.Path, _, _ string, err error) { panic(err) }}
	u.Section("Container").Fixed("Image", "img", tree.Root)
	u.Section("Container").Fixed("ContainerName", "x", tree.Root)
	u.Section("Container").Words("Exec", tree.Root, texts(words...)...)
	return u.Print().Data
}

// ServiceWith is a .service unit that runs a program with these arguments, printed.
func ServiceWith(program string, words []string) []byte {
	u := &Unit{fault: func(_ tree.Path, _, _ string, err error) { panic(err) }}
	u.Section("Service").Exec("ExecStart", "", tree.Root, append([]Word{text(program)}, texts(words...)...)...)
	return u.Print().Data
}
