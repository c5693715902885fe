package k8s

import "strings"

// literal writes s so that Kubernetes hands it on as it is. In command, args, the value of an environment variable and
// the command of a probe it replaces $(NAME) and makes one dollar of two; so a dollar before a dollar or a bracket
// stands twice.
func literal(s string) string {
	if strings.IndexByte(s, '$') < 0 {
		return s
	}
	b := make([]byte, 0, len(s)+4)
	for i := 0; i < len(s); i++ {
		b = append(b, s[i])
		if s[i] == '$' && i+1 < len(s) && (s[i+1] == '$' || s[i+1] == '(') {
			b = append(b, '$')
		}
	}
	return string(b)
}

// literals is literal for each of list; nil stays nil.
func literals(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = literal(s)
	}
	return out
}
