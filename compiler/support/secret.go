package support

import (
	"strings"

	"github.com/octocompose/octocompose/compiler/doc"
	"github.com/octocompose/octocompose/compiler/model"
)

// SopsCommand is the line of APPLY.md that decrypts the value of s, in the file of that path, into out, which is text
// for a shell: a word or "$f". It writes out as a whole and only when sops has succeeded, so that no empty value takes
// the place of a good one.
func SopsCommand(s *model.Sops, file, out string) string {
	if strings.HasPrefix(file, "-") {
		file = "./" + file // no option
	}
	return doc.ShellWords(s.Words()...) + " --output " + out + " " + doc.ShellWord(file)
}
