package doc

import (
	"os/exec"
	"strings"
	"testing"
)

// shellWords are texts with the word that each must become.
var shellWords = []struct{ text, want string }{
	{"", "''"},
	{"a-b_c./:=@%+,9", "a-b_c./:=@%+,9"},
	{"a b", "'a b'"},
	{"it's", `'it'\''s'`},
	{"$HOME `x` \\", "'$HOME `x` \\'"},
	{"*", "'*'"},
	{"~root", "'~root'"},
	{"a~b", "'a~b'"},
	{"~/data", "~/data"},
	{"~/my data", "~/'my data'"},
	{"~/", "~/"},
	{"-n", "-n"},
	{"ä", "'ä'"},
	{"two\nlines", `$'two\012lines'`},
	{"\x1b[31mit's \\n", `$'\033[31mit\'s \\n'`},
	{"a\u2028b", `$'a\342\200\250b'`},
}

func TestShellWord(t *testing.T) {
	for _, c := range shellWords {
		if got := ShellWord(c.text); got != c.want {
			t.Errorf("%q: got %s, want %s", c.text, got, c.want)
		}
	}
}

// TestShellWordInShell asks a real shell what it makes of the words.
func TestShellWordInShell(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash is not here")
	}
	for _, c := range shellWords {
		if strings.HasPrefix(c.text, "~/") {
			continue // it is to become another
		}
		got, err := exec.Command(bash, "-c", "printf %s "+ShellWord("x"+c.text)).Output()
		if err != nil || string(got) != "x"+c.text {
			t.Errorf("%q: bash reads %q: %v", c.text, got, err)
		}
	}
}
