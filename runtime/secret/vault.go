package secret

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/vault/api"
)

// Reference is where a value lies in a KV engine of version 2.
type Reference struct {
	// Path is MOUNT/PATH, as "vault kv get" takes it, without the data/ of the API; below Mount where that is given.
	Path string
	// Key is the field of the secret.
	Key string
	// Mount is the engine where its name has a slash; "" is the first part of Path.
	Mount string
	// Version is that of the secret; 0 is the newest.
	Version int
	// Address is that of the server, or unix:///SOCKET of an agent; "" is VAULT_ADDR, else https://127.0.0.1:8200.
	Address string
}

// maxAnswer is the most that an answer of the server may have, in bytes. Vault itself keeps entries below 1 MiB
// (https://developer.hashicorp.com/vault/docs/internals/limits).
const maxAnswer = 4 << 20

// pause is the time between two tries.
const pause = 2 * time.Second

// place is r with its mount and the path below that, checked.
func (r *Reference) place() (mount, path string, err error) {
	full := r.Path
	mount, path = r.Mount, r.Path
	if mount == "" {
		mount, path, _ = strings.Cut(r.Path, "/")
	} else {
		full = mount + "/" + path
	}
	parts := strings.Split(full, "/")
	bad := func(s string) bool { return s == "" || s == "." || s == ".." || strings.ContainsAny(s, "?#%\\") }
	switch {
	case mount == "" || path == "" || slices.ContainsFunc(parts, bad):
		return "", "", fmt.Errorf("cannot use %q as a path of Vault; want MOUNT/PATH, such as secret/shop/db", full)
	case r.Key == "":
		return "", "", fmt.Errorf("cannot read %s: no field is named", full)
	case r.Version < 0:
		return "", "", fmt.Errorf("cannot read version %d of %s; want 1 or more", r.Version, full)
	}
	return mount, path, nil
}

// Vault reads the value. While nobody answers, or Vault is sealed or too busy (429 and 5xx), it asks again every two
// seconds until the deadline of ctx, which there must be; say, where it is not nil, is told why it waits, once.
func Vault(ctx context.Context, r Reference, login Login, say func(string)) ([]byte, error) {
	if _, ok := ctx.Deadline(); !ok {
		return nil, errors.New("cannot ask Vault without a deadline")
	}
	mount, path, err := r.place()
	if err != nil {
		return nil, err
	}
	a := asker{ref: r, mount: mount, path: path, login: login}
	if err := a.connect(); err != nil {
		return nil, err
	}
	var value []byte
	err = retry(ctx, say, func() error {
		value, err = a.ask(ctx)
		return err
	})
	return value, err
}

// retry calls ask until it succeeds, or fails with what does not pass, or the time of ctx is up.
func retry(ctx context.Context, say func(string), ask func() error) error {
	for told := false; ; told = true {
		err := ask()
		f, ok := errors.AsType[*fault](err)
		if err == nil || !ok || !f.passing {
			return err
		}
		if !told && say != nil && ctx.Err() == nil {
			say(err.Error() + "; trying again until the time is up")
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
	}
}

// asker is one run.
type asker struct {
	ref         Reference
	mount, path string
	login       Login
	client      *api.Client
	address     string
	ttl         time.Duration // of the value that was read; 0: not said
}

// full is the path that messages show.
func (a *asker) full() string { return a.mount + "/" + a.path }

// connect makes the client.
func (a *asker) connect() error {
	config := api.DefaultConfig()
	if config.Error != nil {
		// It names a variable and perhaps a file; no value of VAULT_TOKEN is read here.
		return fmt.Errorf("cannot set up the connection to Vault: %w", config.Error)
	}
	if a.ref.Address != "" {
		config.Address, config.AgentAddress = a.ref.Address, ""
	}
	a.address = config.Address
	if config.AgentAddress != "" {
		a.address = config.AgentAddress
	}
	config.MaxRetries = 0 // Vault asks again itself, until the deadline
	config.Timeout = 0    // the deadline is that of the caller
	if err := a.safe(config); err != nil {
		return err
	}
	client, err := api.NewClient(config)
	if err != nil {
		return fmt.Errorf("cannot set up the connection to Vault: %w", err)
	}
	client.ClearToken() // login decides
	a.client = client.WithResponseCallbacks(func(resp *api.Response) {
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(resp.Body, maxAnswer), resp.Body}
	})
	return nil
}

// safe refuses a way on which others could read the token or the value.
func (a *asker) safe(config *api.Config) error {
	u, err := url.Parse(a.address)
	if err != nil || u.Host == "" && u.Scheme != "unix" {
		return fmt.Errorf("cannot use %q as the address of Vault; want one such as https://vault.example.com:8200", a.address)
	}
	if u.User != nil {
		return errors.New("cannot use an address of Vault with a user name in it")
	}
	switch u.Scheme {
	case "https":
		if t, ok := config.HttpClient.Transport.(*http.Transport); !ok || t.TLSClientConfig.InsecureSkipVerify {
			return errors.New("cannot trust a server that nobody checks: VAULT_SKIP_VERIFY is set; name its CA with VAULT_CACERT in its place")
		}
	case "unix":
	case "http":
		host := u.Hostname()
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return fmt.Errorf("cannot send a token to %s in plain text; want an address with https", a.address)
		}
	default:
		return fmt.Errorf("cannot use %q as the address of Vault; want https://HOST:PORT or unix:///SOCKET", a.address)
	}
	return nil
}

// ask logs in where it must, and reads once.
func (a *asker) ask(ctx context.Context) ([]byte, error) {
	if err := a.enter(ctx); err != nil {
		return nil, err
	}
	return a.read(ctx)
}

// read reads once.
func (a *asker) read(ctx context.Context) ([]byte, error) {
	kv := a.client.KVv2(a.mount)
	var got *api.KVSecret
	var err error
	if a.ref.Version > 0 {
		got, err = kv.GetVersion(ctx, a.path, a.ref.Version)
	} else {
		got, err = kv.Get(ctx, a.path)
	}
	if err != nil {
		return nil, a.readFault(ctx, err)
	}
	if got == nil || got.Data == nil {
		return nil, a.goneFault(got)
	}
	if got.Raw != nil {
		a.ttl = time.Duration(got.Raw.LeaseDuration) * time.Second
	}
	v, ok := got.Data[a.ref.Key]
	if !ok {
		return nil, a.keyFault()
	}
	switch v := v.(type) {
	case string:
		return []byte(v), nil
	case json.Number:
		return []byte(v.String()), nil
	case bool:
		return fmt.Appendf(nil, "%t", v), nil
	case nil:
		return nil, &fault{text: fmt.Sprintf("cannot read %s: its field %q is null", a.full(), a.ref.Key)}
	}
	data, err := json.Marshal(v) // a mapping or a list, as vault kv get -field prints it
	if err != nil {
		return nil, &fault{text: fmt.Sprintf("cannot read %s: its field %q is no value", a.full(), a.ref.Key)}
	}
	return data, nil
}
