package template

import (
	"regexp"
	"strconv"
	"strings"
)

// literalHelp says how to write a template that is not ours.
const literalHelp = "a text for another program stands between {{` and `}}: {{`{{ .Name }}`}}"

// The errors of the parser whose help depends on what is written.
const (
	badCharacter = "bad character"
	badOperand   = "in operand"
	tooDeep      = "max expression depth exceeded"
)

// parserErrors are the errors of package text/template/parse in our words: the first row whose text is contained in the
// error holds.
var parserErrors = []struct{ has, say, help string }{
	{tooDeep, "its parentheses are too deep", "split it into values that read each other"},
	{"unclosed left paren", `")" is missing`, "close the parenthesis before }}"},
	{"unexpected right paren", `")" without "("`, "delete it, or open the parenthesis"},
	{"comment ends before closing delimiter", "a comment is alone between {{ and }}", "write {{/* … */}}"},
	{"unclosed comment", `"*/}}" is missing`, "write {{/* … */}}"},
	{"unterminated", "a quote does not end", "close the string before }}"},
	{"expected :=", `":" stands alone`, "a variable is set by {{ $x := value }}; values are read by dots: config.port"},
	{badCharacter, "a character that no template has", "keys with other characters than letters, digits and _ are read by index: index config \"my-key\""},
	{"unrecognized character", "a character that no template has", literalHelp},
	{"bad number syntax", "a number that cannot be read", "quote it, or write it in digits"},
	{"illegal number syntax", "a number that cannot be read", "quote it, or write it in digits"},
	{"unexpected {{end}}", "{{ end }} without if, with or range", "delete it"},
	{"unexpected {{else", "{{ else }} without if, with or range", "delete it"},
	{"{{break}} outside", "{{ break }} outside of range", "delete it"},
	{"{{continue}} outside", "{{ continue }} outside of range", "delete it"},
	{"missing value for", "a value is missing", literalHelp},
	{"empty command", "a value is missing", literalHelp},
	{"undefined variable", "a variable that is not set", "set it before, in the same text: {{ $x := config.port }}; in a text for another program write it as {{`{{ $x }}`}}"},
	{"non executable command", "a value takes nothing from a pipe", "behind | stands a function: {{ config.name | lower }}"},
	{"unexpected . after term", "a literal has no keys", "put the path first: config.name"},
	{"too many declarations", "too many variables", "only range sets two: {{ range $key, $value := config.map }}"},
	{"range can only initialize", "range sets its variables with :=", "write {{ range $key, $value := config.map }}"},
	{"invalid syntax", "a string with an escape that is not known", "write a backslash as \\\\, or the string between back quotes"},
	{badOperand, "two things stand together that do not belong together", "separate values by spaces"},
	{"unexpected", "words that do not belong together", literalHelp},
}

// dashed is a path with a key that is no identifier.
var dashed = regexp.MustCompile(`[A-Za-z_.$][A-Za-z0-9_$]*(\.[A-Za-z0-9_-]+)+`)

// pathHelp says how to read a path of said with a key that is no identifier, such as config.my-key or config.list.0.
func pathHelp(said, otherwise string) string {
	for _, path := range dashed.FindAllString(said, 8) {
		var words []string
		special := false
		for i, w := range strings.Split(strings.Trim(path, "."), ".") {
			_, err := strconv.Atoi(w)
			switch {
			case i == 0:
				words = append(words, w)
			case err == nil:
				words, special = append(words, w), true
			default:
				words, special = append(words, quote(w)), special || strings.Contains(w, "-")
			}
		}
		if special {
			return "a key that is no identifier is read by index: {{ index " + strings.Join(words, " ") + " }}"
		}
	}
	return otherwise
}

// quote is s in double quotes, as messages show it.
func quote(s string) string { return strconv.Quote(s) }
