package shape

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/tree"
)

// orList is "a", "a or b", "a, b or c".
func orList(words []string) string {
	if n := len(words); n > 1 {
		return strings.Join(words[:n-1], ", ") + " or " + words[n-1]
	}
	return strings.Join(words, "")
}

// count is "1 item", "2 items".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// firstSentence is the first sentence of doc, without its full stop.
func firstSentence(doc string) string {
	doc, _, _ = strings.Cut(doc, "\n")
	doc, _, _ = strings.Cut(doc, ". ")
	return strings.TrimSuffix(doc, ".")
}

// inSentence is s with a small first letter, unless it is a name or an abbreviation.
func inSentence(s string) string {
	if len(s) > 1 && s[0] >= 'A' && s[0] <= 'Z' && (s[1] >= 'a' && s[1] <= 'z' || s[1] == ' ') {
		return string(s[0]+'a'-'A') + s[1:]
	}
	return s
}

// maxWritten is the length from which a message shows only the beginning of a value.
const maxWritten = 60

// written is n as a message shows it: 5, true, "80x", a list, a mapping, an empty value.
func written(n *tree.Node) string {
	switch n.Kind {
	case tree.Map:
		return "a mapping"
	case tree.List:
		return "a list"
	case tree.Null:
		return "an empty value"
	case tree.String:
		if r := []rune(n.Text); len(r) > maxWritten {
			return strconv.Quote(string(r[:maxWritten])) + "…"
		}
		return strconv.Quote(n.Text)
	}
	return n.Text
}

// want is what s takes, in words: "a string", "true or false", "1 to 100", "a list or a mapping".
func (s *Shape) want() string {
	words := s.wantScalar()
	if s.List != nil {
		words = append(words, "a list")
	}
	if s.Map != nil {
		words = append(words, "a mapping")
	}
	if len(words) == 0 {
		return "an empty value"
	}
	return orList(words)
}

// wantScalar are the scalars that s takes, in words.
func (s *Shape) wantScalar() []string {
	if s.scalars() == 0 {
		return nil
	}
	if s.Want != "" {
		return []string{s.Want}
	}
	for i := range units {
		if units[i].name == s.Unit {
			return []string{units[i].want}
		}
	}
	number := "a number"
	if s.Cast == "int" || !s.Kinds.Has(tree.Float) {
		number = "a whole number"
	}
	switch r := s.rangeWords(); {
	case s.Min != nil && s.Max != nil:
		number = r
	case r != "":
		number += ", " + r
	}
	if s.Kinds.Has(tree.Bool) && s.Kinds.Has(tree.Float) && s.Kinds.Has(tree.String) {
		return []string{"a string", "a number", "a boolean"}
	}
	var words []string
	if s.Kinds.Has(tree.Bool) {
		words = append(words, "true or false")
	}
	if s.Kinds&kindsNumber != 0 {
		words = append(words, number)
	}
	// The string of a cast is only another way to write what was named already.
	if s.Kinds.Has(tree.String) && (s.Cast == "" || s.Cast == "string" || len(words) == 0) {
		switch {
		case s.Enum != nil:
			words = append(words, s.Enum...)
		case s.Pattern != nil:
			words = append(words, fmt.Sprintf("text that matches %s", s.Pattern))
		case s.MinLen > 0:
			words = append(words, "a string that is not empty")
		default:
			words = append(words, "a string")
		}
	}
	return words
}

// rangeWords is "1 to 100", "0 or more", "100 or less", or "".
func (s *Shape) rangeWords() string {
	switch {
	case s.Min != nil && s.Max != nil:
		return formatNumber(*s.Min) + " to " + formatNumber(*s.Max)
	case s.Min != nil:
		return formatNumber(*s.Min) + " or more"
	case s.Max != nil:
		return formatNumber(*s.Max) + " or less"
	}
	return ""
}

// wrongKind reports that n is of a kind that s does not take.
func (c *checker) wrongKind(s *Shape, n *tree.Node) {
	for i := range units {
		if u := &units[i]; u.name == s.Unit && n.Kind.IsScalar() && n.Kind != tree.Null {
			c.unitFault(diag.Type, i, n)
			return
		}
	}
	d := c.fault(diag.Type, s, n)
	if help := c.misplaced(s, n); help != "" {
		d.Help = help
	} else if help := s.kindHelp(n); help != "" {
		d.Help = help
	}
}

// misplaced is what to do about an entry that has the name of a field of the entries beside it: services.image, for
// services.web.image. It is not indented enough.
func (c *checker) misplaced(s *Shape, n *tree.Node) string {
	steps := c.path().Steps()
	if len(steps) < 2 || s.Map == nil || n.Kind == tree.Null || steps[len(steps)-1].Index >= 0 {
		return ""
	}
	name := steps[len(steps)-1].Key
	if s.Map.Field(name) == nil {
		return ""
	}
	return fmt.Sprintf("%s is a key of one of the %s: indent it more, below the name of one", name, steps[len(steps)-2].Key)
}

// kindHelp is what to write in place of n.
func (s *Shape) kindHelp(n *tree.Node) string {
	switch {
	case n.Kind == tree.Null && s.Map != nil && s.scalars() == 0 && s.List == nil:
		return "indent what belongs to it more than the key itself, or delete the key"
	case n.Kind == tree.Null:
		return "give it a value, or delete the key"
	case n.Kind.IsScalar() && s.Kinds.Has(tree.String) && s.Enum == nil && s.Cast == "":
		return fmt.Sprintf("write %q", n.Text)
	case n.Kind == tree.String && s.Kinds.Has(tree.Bool):
		if v, _, ok := ParseBool(n.Text); ok {
			return fmt.Sprintf("write %t", v)
		}
	case n.Kind == tree.String && s.Kinds&kindsNumber != 0 && isNumber(n.Text):
		return "write " + n.Text + " without quotes"
	case n.Kind == tree.Float && s.Kinds.Has(tree.Int) && !s.Kinds.Has(tree.Float):
		if x, ok := numberOf(n); ok && x == float64(int64(x)) {
			return "write " + formatNumber(x)
		}
	case n.Kind.IsScalar() && s.Kinds&^(1<<tree.Null) == kindsList && s.List.Elem != nil && s.List.Elem.Kinds.Has(n.Kind):
		return "write [" + flowWord(n) + "]"
	case n.Kind == tree.Map && s.List != nil && s.Map == nil:
		return `write a list: each item starts with "- "`
	case n.Kind == tree.List && s.Map != nil && s.List == nil:
		return `write a mapping: KEY: VALUE, without "- " before it`
	}
	return ""
}

// flowWord is n as it is written in a list in brackets.
func flowWord(n *tree.Node) string {
	if n.Kind == tree.String && (n.Quoted || strings.ContainsAny(n.Text, " ,:[]{}#&*!|>'\"%@`")) {
		return strconv.Quote(n.Text)
	}
	return n.Text
}

// fault reports that s does not take n, with what it takes.
func (c *checker) fault(code diag.Code, s *Shape, n *tree.Node) *diag.Diagnostic {
	d := c.found.Error(code, c.path(), "cannot use %s; want %s", written(n), s.want())
	if c.field != nil && n.Kind.IsScalar() && s.scalars() != 0 && c.field.Doc != c.field.Value.Doc {
		d.Helpf("%q", firstSentence(c.field.Doc))
	}
	return d
}

// notIn reports a string that is none of words.
func (c *checker) notIn(words []string, want string, n *tree.Node) {
	if want == "" {
		want = orList(words)
	}
	d := c.found.Error(diag.Enum, c.path(), "cannot use %s; want %s", written(n), want)
	if near := diag.Near(n.Text, words); near != "" {
		d.Helpf("did you mean %q?", near)
	}
}

// length reports a string that is too short or too long.
func (c *checker) length(s *Shape, n *tree.Node, l int) {
	switch {
	case l == 0:
		c.found.Error(diag.Range, c.path(), "cannot use an empty string; want at least %s", count(s.MinLen, "character"))
	case l < s.MinLen:
		c.found.Error(diag.Range, c.path(), "cannot use %s; want at least %s", written(n), count(s.MinLen, "character"))
	default:
		c.found.Error(diag.Range, c.path(), "cannot use %s; want at most %s", written(n), count(s.MaxLen, "character"))
	}
}

// numberWords are small numbers as a sentence has them.
var numberWords = [...]string{"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"}

// unitFault reports a scalar that does not read in units[i].
func (c *checker) unitFault(code diag.Code, i int, n *tree.Node) {
	u := &units[i]
	d := c.found.Error(code, c.path(), "cannot use %s as %s; want %s", written(n), u.as, u.want)
	d.Help = u.help
	switch {
	case u.name == "duration" && isDigits(n.Text):
		d.Help = "write " + n.Text + "s for " + spell(n.Text, "second")
	case u.name == "duration":
		if text := nearDuration(n.Text); text != "" {
			d.Help = "write " + text
		}
	case u.name == "bytes" && n.Kind == tree.Int && isDigits(n.Text):
		d.Help = fmt.Sprintf("write %q for %s", n.Text+"b", spell(n.Text, "byte"))
	case u.name == "bytes" && code == diag.Type:
		if _, binary, ok := parseBytes(n.Text); ok && binary {
			d.Help = "Compose writes " + strings.ToLower(strings.TrimRight(n.Text, "i"))
		}
	}
}

// nearDuration is the duration that was meant by one with a space, or without its last unit; "" when it cannot be told.
func nearDuration(text string) string {
	text = strings.ReplaceAll(text, " ", "")
	if _, ok := ParseDuration(text); ok {
		return text
	}
	units := []string{"h", "m", "s"}
	for i, u := range units[:len(units)-1] {
		if _, last, found := strings.Cut(text, u); found && isDigits(last) {
			text += units[i+1]
			if _, ok := ParseDuration(text); ok {
				return text
			}
		}
	}
	return ""
}

// spell is a number of things in words: five seconds.
func spell(digits, noun string) string {
	if n, err := strconv.Atoi(digits); err == nil && n >= 0 {
		if n < len(numberWords) {
			digits = numberWords[n]
		}
		if n == 1 {
			return digits + " " + noun
		}
	}
	return digits + " " + noun + "s"
}

// duplicate reports that item i is item first again.
func (c *checker) duplicate(n *tree.Node, first, i int, f *Field) {
	p := c.path()
	it := n.Items[i]
	var d *diag.Diagnostic
	if f != nil && (f.Merge.Verb == "unique" || f.Merge.Verb == "kv") {
		d = c.found.Warn(diag.Duplicate, p.Index(i), "%s stands here twice; the second changes nothing", written(it))
	} else {
		d = c.found.Error(diag.Duplicate, p.Index(i), "cannot use %s twice in one list", written(it))
	}
	if !it.At.IsZero() {
		d.AtSpan(it.At)
	}
	if at := n.Items[first].At; !at.IsZero() {
		d.SeeSpan(at, "first here")
	}
	d.Helpf("delete one of the two")
}

// excludes reports two fields that must not stand together.
func (c *checker) excludes(a, b string) {
	p := c.path()
	c.found.Error(diag.Exclusive, p.Key(a), "%s and %s rule each other out", a, b).OnKey().
		See(p.Key(b), "%s stands here", b).Helpf("delete one of the two")
}

// reserved reports a field that is not to be had yet; the field is the last step.
func (c *checker) reserved(f *Field) {
	c.found.Error(diag.NotYet, c.path(), "cannot use %q yet: it is kept for %s", f.Name, f.Reserved).OnKey().
		Helpf("delete it: this version would do nothing with it")
}
