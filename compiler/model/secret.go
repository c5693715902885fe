package model

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Vault is where a secret lies in a KV engine of version 2 of HashiCorp Vault.
type Vault struct {
	Path    string `octo:"path"`    // MOUNT/PATH; below Mount where that is given
	Key     string `octo:"key"`     // the field
	Version *int   `octo:"version"` // nil: the newest
	Mount   string `octo:"mount"`   // "": the first part of Path
	Address string `octo:"address"` // "": VAULT_ADDR where it is read
}

// Full is the path with the mount, as "vault kv get" takes it.
func (v *Vault) Full() string {
	if v.Mount == "" {
		return v.Path
	}
	return v.Mount + "/" + v.Path
}

// Words are what octo-sidecar reads it by, from the verb on. No word is a value of a secret.
func (v *Vault) Words() []string {
	out := []string{"secret", "vault", "--path=" + v.Path, "--key=" + v.Key}
	if v.Mount != "" {
		out = append(out, "--mount="+v.Mount)
	}
	if v.Version != nil {
		out = append(out, "--version="+strconv.Itoa(*v.Version))
	}
	if v.Address != "" {
		out = append(out, "--address="+v.Address)
	}
	return out
}

// Sops is where a secret lies in a file that sops encrypted. Nobody reads the file here.
type Sops struct {
	File string `octo:"file"` // relative to the project's folder, or absolute
	Key  string `octo:"key"`  // "": the whole file
}

// extracts is a path as sops writes it (sops decrypt --help, --extract).
var extracts = regexp.MustCompile(`^(\["[^"\\\x00-\x1f\x7f]+"\]|\[[0-9]+\])+$`)

// Extract is the value of --extract of "sops decrypt": ["db"]["users"][0]. It is "" for the whole file.
func (s *Sops) Extract() (string, error) {
	if s.Key == "" {
		return "", nil
	}
	out := s.Key
	if !strings.HasPrefix(s.Key, "[") {
		var b strings.Builder
		for part := range strings.SplitSeq(s.Key, ".") {
			if _, err := strconv.ParseUint(part, 10, 31); err == nil {
				b.WriteString("[" + part + "]")
			} else {
				b.WriteString(`["` + part + `"]`)
			}
		}
		out = b.String()
	}
	if !extracts.MatchString(out) {
		return "", fmt.Errorf("cannot use %q as the place of a value", s.Key)
	}
	return out, nil
}

// Words are the command that decrypts it, without --output and the file. Source: sops decrypt --help. Extract must have
// found nothing wrong.
func (s *Sops) Words() []string {
	words := []string{"sops", "decrypt"}
	if extract, _ := s.Extract(); extract != "" {
		words = append(words, "--extract", extract)
	}
	return words
}

// Question is what a person is asked for the secret; ok is false where it is not asked for.
func (s *Secret) Question() (question string, ok bool) {
	switch {
	case s.Prompt == "":
		return "", false
	case strings.EqualFold(s.Prompt, "true"):
		return "Secret " + s.Key, true
	}
	return s.Prompt, true
}
