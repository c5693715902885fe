package diag

import "strings"

// secretWords end the names of variables whose values are secrets.
var secretWords = []string{
	"PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "SECRET_KEY", "SECRET_ACCESS_KEY", "SECRET_KEY_BASE", "TOKEN", "API_KEY", "APIKEY",
	"PRIVATE_KEY", "ENCRYPTION_KEY",
}

// SecretName reports whether the value of a variable or key of this name is a secret by the look of it: DB_PASSWORD,
// dbPassword, api-token. A message must not repeat such a value.
func SecretName(key string) bool {
	for _, w := range secretWords {
		if head := len(key) - len(w); head >= 0 && strings.EqualFold(key[head:], w) && (head == 0 || begins(key, head)) {
			return true
		}
	}
	return false
}

// begins reports whether a word of key begins at i: behind a separator, inside camel case (dbPassword), or in upper case
// behind a prefix without a separator (PGPASSWORD).
func begins(key string, i int) bool {
	before := key[i-1]
	separate := (before < '0' || before > '9') && (before < 'a' || before > 'z') && (before < 'A' || before > 'Z')
	return separate || key[i] >= 'A' && key[i] <= 'Z'
}
