package secret

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Login is who asks: a token; else an AppRole; else nobody, which an agent that logs in by itself takes.
type Login struct {
	Token string
	// RoleID and SecretID are those of an AppRole, at the mount that Vault gives it: auth/approle.
	RoleID, SecretID string
}

// Files are where a login lies. An empty name is none.
type Files struct{ Token, RoleID, SecretID string }

// maxLogin is the most that a file of a login may have, in bytes.
const maxLogin = 64 << 10

// The names of the files in the folder of a unit's credentials (systemd.exec(5), CREDENTIALS_DIRECTORY).
const (
	credentialToken    = "vault-token"
	credentialRoleID   = "vault-role-id"
	credentialSecretID = "vault-secret-id"
)

// FindLogin reads the login: the files that are named; else those of the unit's credentials, vault-token, or
// vault-role-id and vault-secret-id; else VAULT_TOKEN; else the file .vault-token of the person, which vault login
// writes. None of them is no error: an agent may need none.
func FindLogin(f Files, env func(string) string) (Login, error) {
	switch {
	case f.Token != "" && (f.RoleID != "" || f.SecretID != ""):
		return Login{}, errors.New("cannot log in with a token and with a role; want one of them")
	case (f.RoleID == "") != (f.SecretID == ""):
		return Login{}, errors.New("cannot log in with half a role; want its role id and its secret id")
	case f != Files{}:
		return readLogin(f)
	}
	if dir := env("CREDENTIALS_DIRECTORY"); dir != "" {
		there := func(name string) string {
			full := filepath.Join(dir, name)
			if _, err := os.Stat(full); err != nil {
				return ""
			}
			return full
		}
		c := Files{Token: there(credentialToken), RoleID: there(credentialRoleID), SecretID: there(credentialSecretID)}
		switch {
		case c.Token != "":
			return readLogin(Files{Token: c.Token})
		case c.RoleID != "" && c.SecretID != "":
			return readLogin(c)
		case c != Files{}:
			return Login{}, fmt.Errorf("cannot log in with half a role: %s has only one of %s and %s", dir, credentialRoleID, credentialSecretID)
		}
	}
	if token := env("VAULT_TOKEN"); token != "" {
		return Login{Token: token}, nil
	}
	if home := env("HOME"); home != "" {
		token, err := readWord(filepath.Join(home, ".vault-token"))
		if err == nil || !errors.Is(err, os.ErrNotExist) && !errors.Is(err, os.ErrPermission) {
			return Login{Token: token}, err
		}
	}
	return Login{}, nil
}

func readLogin(f Files) (Login, error) {
	var l Login
	for _, x := range []struct {
		file string
		to   *string
	}{{f.Token, &l.Token}, {f.RoleID, &l.RoleID}, {f.SecretID, &l.SecretID}} {
		if x.file == "" {
			continue
		}
		word, err := readWord(x.file)
		if err != nil {
			return Login{}, err
		}
		*x.to = word
	}
	return l, nil
}

// readWord is the one word of a file.
func readWord(name string) (string, error) {
	info, err := os.Stat(name)
	if err != nil {
		return "", fmt.Errorf("cannot read the login: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxLogin {
		return "", fmt.Errorf("cannot read the login: %s is no file of a token", name)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return "", fmt.Errorf("cannot read the login: %w", err)
	}
	word := strings.TrimSpace(string(data))
	if word == "" || strings.ContainsFunc(word, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", fmt.Errorf("cannot read the login: %s does not hold one word", name)
	}
	return word, nil
}

// enter gives the client its token, by a login with the role where there is one.
func (a *asker) enter(ctx context.Context) error {
	switch {
	case a.client.Token() != "":
	case a.login.Token != "":
		a.client.SetToken(a.login.Token)
	case a.login.RoleID != "":
		got, err := a.client.Logical().WriteWithContext(ctx, "auth/approle/login",
			map[string]any{"role_id": a.login.RoleID, "secret_id": a.login.SecretID})
		if err != nil {
			return a.loginFault(ctx, err)
		}
		if got == nil || got.Auth == nil || got.Auth.ClientToken == "" {
			return &fault{text: "cannot log in to Vault at " + a.address + ": the answer holds no token"}
		}
		a.client.SetToken(got.Auth.ClientToken)
	}
	return nil
}
