package parse

import "github.com/octocompose/octocompose/compiler/tree"

// plainKind is the kind of a scalar without quotes, by the core schema of YAML 1.2.
func plainKind(s string) tree.Kind {
	if s == "" {
		return tree.Null
	}
	switch c := s[0]; {
	case c >= '0' && c <= '9', c == '-', c == '+', c == '.':
		return numberKind(s)
	case c == '~':
		if len(s) == 1 {
			return tree.Null
		}
	case c == 'n' || c == 'N':
		if s == "null" || s == "Null" || s == "NULL" {
			return tree.Null
		}
	case c == 't' || c == 'T':
		if s == "true" || s == "True" || s == "TRUE" {
			return tree.Bool
		}
	case c == 'f' || c == 'F':
		if s == "false" || s == "False" || s == "FALSE" {
			return tree.Bool
		}
	}
	return tree.String
}

// numberKind is Int or Float for what the core schema reads as a number, else String.
func numberKind(s string) tree.Kind {
	if len(s) > 2 && s[0] == '0' && (s[1] == 'o' || s[1] == 'x') {
		for i := 2; i < len(s); i++ {
			c := s[i]
			octal := c >= '0' && c <= '7'
			hex := c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
			if s[1] == 'o' && !octal || s[1] == 'x' && !hex {
				return tree.String
			}
		}
		return tree.Int
	}
	switch s {
	case ".nan", ".NaN", ".NAN":
		return tree.Float
	}
	if s[0] == '-' || s[0] == '+' {
		s = s[1:]
	}
	switch s {
	case ".inf", ".Inf", ".INF":
		return tree.Float
	}
	whole, s := digits(s)
	if s == "" && whole > 0 {
		return tree.Int
	}
	fraction := 0
	if s != "" && s[0] == '.' {
		fraction, s = digits(s[1:])
	}
	if whole+fraction == 0 {
		return tree.String
	}
	if s != "" && (s[0] == 'e' || s[0] == 'E') {
		s = s[1:]
		if s != "" && (s[0] == '-' || s[0] == '+') {
			s = s[1:]
		}
		power, rest := digits(s)
		if power == 0 {
			return tree.String
		}
		s = rest
	}
	if s != "" {
		return tree.String
	}
	return tree.Float
}

// digits counts the decimal digits at the start of s and returns what follows them.
func digits(s string) (int, string) {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n, s[n:]
}

// boolText is the one spelling of a boolean, so that no later stage has to know "True".
func boolText(s string) string {
	if s[0] == 't' || s[0] == 'T' {
		return "true"
	}
	return "false"
}
