package doc

import "strings"

// plainShell are the bytes that no shell gives a meaning within a word.
const plainShell = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=@%+,"

// ShellWord is s as one word of a command in APPLY.md, on one line whatever s holds. "~/" at its beginning stays for the
// shell, which knows whose home it is. A control character is written by its number in $'…' (POSIX 2024, 2.2.4; bash,
// zsh and busybox have it for long), so that it reaches neither the page nor the terminal that shows it.
func ShellWord(s string) string {
	home := ""
	if strings.HasPrefix(s, "~/") {
		home, s = s[:2], s[2:]
	}
	switch {
	case s == "" && home != "" || s != "" && strings.Trim(s, plainShell) == "":
		return home + s
	case strings.ContainsFunc(s, isControl):
		return home + "$'" + byNumber(s) + "'"
	}
	return home + "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// ShellWords is words as one command line, each as [ShellWord] writes it.
func ShellWords(words ...string) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = ShellWord(w)
	}
	return strings.Join(out, " ")
}

// isControl reports whether r is a control character or breaks a line somewhere.
func isControl(r rune) bool {
	return r < 0x20 || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029'
}

// byNumber is the inside of $'…'.
func byNumber(s string) string {
	const octal = "01234567"
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\'' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case isControl(r):
			for _, c := range []byte(string(r)) {
				b.Write([]byte{'\\', octal[c>>6], octal[c>>3&7], octal[c&7]})
			}
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
