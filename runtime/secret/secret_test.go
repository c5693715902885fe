package secret

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func limit(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// What is read is what stands in the field, byte by byte; and what is asked is what the API documents.
func TestVault(t *testing.T) {
	s := &server{}
	address := start(t, s)
	token := Login{Token: "token-" + canary}
	for _, c := range []struct {
		name  string
		ref   Reference
		login Login
		want  string
		asked string
	}{
		{"a token", Reference{Path: "secret/shop/db", Key: "password"}, token, canary + "\n", "GET /v1/secret/data/shop/db"},
		{"a version", Reference{Path: "secret/shop/db", Key: "password", Version: 2}, token, "older-" + canary, "GET /v1/secret/data/shop/db?version=2"},
		{"a mount with a slash", Reference{Path: "shop/db", Mount: "team/kv", Key: "password"}, token, canary + "\n", "GET /v1/team/kv/data/shop/db"},
		{"a number", Reference{Path: "secret/shop/db", Key: "port"}, token, "5432", "GET /v1/secret/data/shop/db"},
		{"a boolean", Reference{Path: "secret/shop/db", Key: "on"}, token, "true", "GET /v1/secret/data/shop/db"},
		{"a mapping", Reference{Path: "secret/shop/db", Key: "map"}, token, `{"a":"b"}`, "GET /v1/secret/data/shop/db"},
		{"a role", Reference{Path: "secret/shop/db", Key: "password"}, Login{RoleID: "role-" + canary, SecretID: "id-" + canary}, canary + "\n",
			"PUT /v1/auth/approle/login GET /v1/secret/data/shop/db"},
	} {
		s.asked = nil
		c.ref.Address = address
		got, err := Vault(limit(t, 10*time.Second), c.ref, c.login, nil)
		if err != nil || string(got) != c.want {
			t.Errorf("%s: got %q, %v; want %q", c.name, got, err, c.want)
		}
		if asked := strings.Join(s.asked, " "); asked != c.asked {
			t.Errorf("%s: asked %q; want %q", c.name, asked, c.asked)
		}
	}
	t.Setenv("VAULT_ADDR", address)
	if got, err := Vault(limit(t, 10*time.Second), Reference{Path: "secret/shop/db", Key: "on"}, token, nil); err != nil || string(got) != "true" {
		t.Errorf("by VAULT_ADDR: got %q, %v", got, err)
	}
}

// An error names the path, the status and what to do, and no value, whatever the server answers.
func TestFaults(t *testing.T) {
	s := &server{}
	address := start(t, s)
	token := Login{Token: "token-" + canary}
	for _, c := range []struct {
		name  string
		ref   Reference
		login Login
		want  []string
	}{
		{"403", Reference{Path: "secret/shop/db", Key: "password"}, Login{Token: "other-" + canary}, []string{"secret/shop/db", "status 403", "policy"}},
		{"nobody", Reference{Path: "secret/shop/db", Key: "password"}, Login{}, []string{"status 403", "nobody is logged in", "--token-file"}},
		{"404", Reference{Path: "secret/nothing", Key: "password"}, token, []string{"secret/nothing", "status 404", "without data/"}},
		{"no field", Reference{Path: "secret/shop/db", Key: "pasword"}, token, []string{"secret/shop/db", `no field "pasword"`, "vault kv get"}},
		{"null", Reference{Path: "secret/shop/db", Key: "none"}, token, []string{`"none" is null`}},
		{"deleted", Reference{Path: "secret/deleted", Key: "password"}, token, []string{"secret/deleted", "version 7", "deleted at 2026-02-03T04:05:06Z"}},
		{"destroyed", Reference{Path: "secret/destroyed", Key: "password"}, token, []string{"version 3", "destroyed"}},
		{"no role", Reference{Path: "secret/shop/db", Key: "password"}, Login{RoleID: "r-" + canary, SecretID: "s-" + canary}, []string{"log in", "status 400", "secret id"}},
		{"no JSON", Reference{Path: "secret/broken", Key: "password"}, token, []string{"secret/broken", "not one of Vault"}},
		{"endless", Reference{Path: "secret/huge", Key: "password"}, token, []string{"secret/huge", "not one of Vault"}},
		{"a path that leaves", Reference{Path: "secret/../sys", Key: "password"}, token, []string{`"secret/../sys"`, "MOUNT/PATH"}},
		{"a path with a query", Reference{Path: "secret/a?list=true", Key: "password"}, token, []string{"MOUNT/PATH"}},
		{"a mount alone", Reference{Path: "secret", Key: "password"}, token, []string{"MOUNT/PATH"}},
	} {
		c.ref.Address = address
		got, err := Vault(limit(t, 10*time.Second), c.ref, c.login, nil)
		if err == nil || got != nil {
			t.Errorf("%s: no error", c.name)
			continue
		}
		for _, w := range c.want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %q does not say %q", c.name, err, w)
			}
		}
		if strings.Contains(err.Error(), canary) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: the error shows it: %q", c.name, err)
		}
	}
}

// A Vault that is sealed, slow or not there ends with the deadline; one that is unsealed before it answers.
func TestDeadline(t *testing.T) {
	token := Login{Token: "token-" + canary}
	t.Run("sealed", func(t *testing.T) {
		address := start(t, &server{sealed: 1 << 20})
		_, err := Vault(limit(t, 100*time.Millisecond), Reference{Path: "secret/shop/db", Key: "on", Address: address}, token, nil)
		if err == nil || !strings.Contains(err.Error(), "status 503: Vault is sealed") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("slow", func(t *testing.T) {
		s := &server{block: make(chan struct{})}
		address := start(t, s)
		defer close(s.block)
		_, err := Vault(limit(t, 100*time.Millisecond), Reference{Path: "secret/shop/db", Key: "on", Address: address}, token, nil)
		if err == nil || !strings.Contains(err.Error(), "secret/shop/db") || !strings.Contains(err.Error(), "no answer in time") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("not there", func(t *testing.T) {
		clean(t)
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		address := "http://" + l.Addr().String()
		l.Close()
		_, err = Vault(limit(t, 100*time.Millisecond), Reference{Path: "secret/shop/db", Key: "on", Address: address}, token, nil)
		if err == nil || !strings.Contains(err.Error(), "connection refused") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("no deadline", func(t *testing.T) {
		clean(t)
		if _, err := Vault(t.Context(), Reference{Path: "a/b", Key: "c"}, token, nil); err == nil {
			t.Error("it may wait for ever")
		}
	})
}

// A Vault that is unsealed in time answers in the end, and the reason for waiting is told once.
func TestUnsealed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries, told := 0, []string{}
		err := retry(limit(t, time.Minute), func(s string) { told = append(told, s) }, func() error {
			if tries++; tries < 4 {
				return &fault{text: "status 503: Vault is sealed", passing: true}
			}
			return nil
		})
		if err != nil || tries != 4 || len(told) != 1 || !strings.HasSuffix(told[0], "trying again until the time is up") {
			t.Errorf("got %v after %d tries, told %q", err, tries, told)
		}
	})
}

// The token goes over no way on which others can read it, and to no server that nobody checks.
func TestWays(t *testing.T) {
	token := Login{Token: "token-" + canary}
	ref := Reference{Path: "secret/shop/db", Key: "on"}
	read := func(t *testing.T, address string) error {
		t.Helper()
		r := ref
		r.Address = address
		_, err := Vault(limit(t, 5*time.Second), r, token, nil)
		return err
	}
	clean(t)
	for address, want := range map[string]string{
		"http://vault.example.com:8200": "plain text",
		"http://192.0.2.1:8200":         "plain text",
		"https://user:pw@vault.example": "user name",
		"vault.example.com:8200":        "as the address of Vault",
		"file:///etc/passwd":            "as the address of Vault",
		"https://":                      "as the address of Vault",
	} {
		if err := read(t, address); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v; want %q", address, err, want)
		}
	}
	s := &server{t: t, token: "token-" + canary}
	secure := httptest.NewUnstartedServer(s)
	secure.Config.ErrorLog = nil
	secure.StartTLS()
	defer secure.Close()
	if err := read(t, secure.URL); err == nil || !strings.Contains(err.Error(), "VAULT_CACERT") {
		t.Errorf("a certificate of nobody: got %v", err)
	}
	t.Setenv("VAULT_SKIP_VERIFY", "true")
	if err := read(t, secure.URL); err == nil || !strings.Contains(err.Error(), "VAULT_SKIP_VERIFY") {
		t.Errorf("without a check: got %v", err)
	}
	t.Setenv("VAULT_SKIP_VERIFY", "")
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("VAULT_CACERT", ca)
	if err := read(t, secure.URL); err != nil {
		t.Errorf("with VAULT_CACERT: %v", err)
	}
	old := httptest.NewUnstartedServer(s)
	old.TLS = &tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
	old.StartTLS()
	defer old.Close()
	asked := len(s.asked)
	if err := read(t, old.URL); err == nil || !strings.Contains(err.Error(), "TLS 1.2") || len(s.asked) != asked {
		t.Errorf("TLS 1.1: got %v", err)
	}
}

// An agent on a socket logs in by itself.
func TestAgent(t *testing.T) {
	clean(t)
	socket := filepath.Join(t.TempDir(), "agent.sock")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewUnstartedServer(&server{t: t, token: ""})
	h.Listener.Close()
	h.Listener = l
	h.Start()
	defer h.Close()
	got, err := Vault(limit(t, 5*time.Second), Reference{Path: "secret/shop/db", Key: "on", Address: "unix://" + socket}, Login{}, nil)
	if err != nil || string(got) != "true" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestFindLogin(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string) string {
		full := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return full
	}
	file, role, id := put("t", "one\n"), put("r", "role\n"), put("i", "id")
	put("both/vault-token", "of-unit\n")
	put("both/vault-role-id", "role")
	put("role/vault-role-id", "role")
	put("role/vault-secret-id", "id\n")
	put("half/vault-role-id", "role")
	put("home/.vault-token", "of-home")
	if err := os.Mkdir(filepath.Join(dir, "none"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		files Files
		env   map[string]string
		want  Login
		fault string
	}{
		{"a file", Files{Token: file}, map[string]string{"VAULT_TOKEN": "x"}, Login{Token: "one"}, ""},
		{"a role", Files{RoleID: role, SecretID: id}, nil, Login{RoleID: "role", SecretID: "id"}, ""},
		{"both", Files{Token: file, RoleID: role, SecretID: id}, nil, Login{}, "one of them"},
		{"half", Files{RoleID: role}, nil, Login{}, "half a role"},
		{"two words", Files{Token: put("w", canary+" "+canary)}, nil, Login{}, "one word"},
		{"empty", Files{Token: put("e", "\n")}, nil, Login{}, "one word"},
		{"no file", Files{Token: filepath.Join(dir, "not")}, nil, Login{}, "no such file"},
		{"a folder", Files{Token: dir}, nil, Login{}, "no file of a token"},
		{"a unit's token", Files{}, map[string]string{"CREDENTIALS_DIRECTORY": dir + "/both", "VAULT_TOKEN": "x"}, Login{Token: "of-unit"}, ""},
		{"a unit's role", Files{}, map[string]string{"CREDENTIALS_DIRECTORY": dir + "/role"}, Login{RoleID: "role", SecretID: "id"}, ""},
		{"half of a unit's role", Files{}, map[string]string{"CREDENTIALS_DIRECTORY": dir + "/half"}, Login{}, "half a role"},
		{"a unit without", Files{}, map[string]string{"CREDENTIALS_DIRECTORY": dir + "/none", "VAULT_TOKEN": "of-env"}, Login{Token: "of-env"}, ""},
		{"a home", Files{}, map[string]string{"HOME": dir + "/home"}, Login{Token: "of-home"}, ""},
		{"nobody", Files{}, map[string]string{"HOME": dir + "/none"}, Login{}, ""},
	} {
		got, err := FindLogin(c.files, func(k string) string { return c.env[k] })
		if got != c.want || (err == nil) != (c.fault == "") || err != nil && !strings.Contains(err.Error(), c.fault) {
			t.Errorf("%s: got %+v, %v", c.name, got, err)
		}
		if err != nil && strings.Contains(err.Error(), canary) {
			t.Errorf("%s: the error shows it: %v", c.name, err)
		}
	}
}

// A value is there as a whole, for nobody else; where writing fails, the old one stays, and nothing is left beside it.
func TestWrite(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "value")
	if err := os.WriteFile(file, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Write(file, []byte("new")); err != nil {
		t.Fatal(err)
	}
	got, _ := os.ReadFile(file)
	info, err := os.Stat(file)
	if err != nil || string(got) != "new" || info.Mode() != 0o600 {
		t.Errorf("got %q, %v, %v", got, info.Mode(), err)
	}
	folder := filepath.Join(dir, "folder")
	if err := os.MkdirAll(filepath.Join(folder, "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Write(folder, []byte(canary)); err == nil || strings.Contains(err.Error(), canary) {
		t.Errorf("over a folder: got %v", err)
	}
	if err := Write(filepath.Join(dir, "not", "there"), []byte(canary)); err == nil {
		t.Error("into a folder that is not there: no error")
	}
	list, _ := os.ReadDir(dir)
	if len(list) != 2 {
		t.Errorf("files are left: %v", list)
	}
}
