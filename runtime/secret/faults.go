package secret

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"

	"github.com/hashicorp/vault/api"
)

// fault is what Vault, or the way to it, said. Its text is ours alone: an answer of a server may hold anything.
type fault struct {
	text    string
	passing bool // it may be gone when it is asked again
	status  int  // of the answer; 0: none
}

func (f *fault) Error() string { return f.text }

// statuses say what to do about an answer, by its status (https://developer.hashicorp.com/vault/api-docs, HTTP status
// codes).
var statuses = []struct {
	status int
	help   string
}{
	{http.StatusBadRequest, "Vault did not understand the request: is the mount a KV engine of version 2?"},
	{http.StatusForbidden, "the token has run out, or its policy does not let it read there: it needs the capability read on MOUNT/data/PATH"},
	{http.StatusMethodNotAllowed, "is the mount a KV engine of version 2?"},
	{http.StatusTooManyRequests, "Vault is too busy"},
	{http.StatusBadGateway, "what stands before Vault does not reach it"},
	{http.StatusServiceUnavailable, "Vault is sealed or in maintenance: vault operator unseal"},
}

// answered is the fault of an answer with a status.
func answered(what string, status int, help string) *fault {
	for _, s := range statuses {
		if s.status == status && help == "" {
			help = s.help
		}
	}
	text := fmt.Sprintf("%s: status %d", what, status)
	if help != "" {
		text += ": " + help
	}
	return &fault{text: text, status: status, passing: status == http.StatusTooManyRequests || status >= http.StatusInternalServerError}
}

// readFault is the fault of a read.
func (a *asker) readFault(ctx context.Context, err error) error {
	what := "cannot read " + a.full()
	if a.ref.Version > 0 {
		what = fmt.Sprintf("cannot read version %d of %s", a.ref.Version, a.full())
	}
	what += " from Vault at " + a.address
	if errors.Is(err, api.ErrSecretNotFound) {
		return answered(what, http.StatusNotFound, "no secret lies there; the path is what vault kv get takes, without data/")
	}
	if r, ok := errors.AsType[*api.ResponseError](err); ok {
		if r.StatusCode == http.StatusForbidden && a.client.Token() == "" {
			return answered(what, r.StatusCode, "nobody is logged in: want --token-file, or --role-id-file and --secret-id-file, or VAULT_TOKEN")
		}
		return answered(what, r.StatusCode, "")
	}
	return unanswered(ctx, what, err)
}

// loginFault is the fault of a login.
func (a *asker) loginFault(ctx context.Context, err error) error {
	what := "cannot log in to Vault at " + a.address + " with the role"
	if r, ok := errors.AsType[*api.ResponseError](err); ok {
		help := ""
		switch r.StatusCode {
		case http.StatusBadRequest, http.StatusForbidden:
			help = "the role id or the secret id is wrong, or the secret id has run out"
		case http.StatusNotFound:
			help = "approle is not switched on: vault auth enable approle"
		}
		return answered(what, r.StatusCode, help)
	}
	return unanswered(ctx, what, err)
}

// goneFault is about a version whose data is no more.
func (a *asker) goneFault(got *api.KVSecret) error {
	version, how := "the newest version", "deleted"
	if got != nil && got.VersionMetadata != nil {
		version = fmt.Sprintf("version %d", got.VersionMetadata.Version)
		if got.VersionMetadata.Destroyed {
			how = "destroyed"
		} else if t := got.VersionMetadata.DeletionTime; !t.IsZero() {
			how += " at " + t.UTC().Format(time.RFC3339)
		}
	}
	return &fault{text: fmt.Sprintf("cannot read %s from Vault at %s: %s was %s; write a new one, or name another version", a.full(), a.address, version, how)}
}

// keyFault is about a field that is not there. Those that are there are not named: a name may say much.
func (a *asker) keyFault() error {
	return &fault{text: fmt.Sprintf("cannot read %s from Vault at %s: the secret has no field %q; vault kv get %s lists those it has",
		a.full(), a.address, a.ref.Key, a.full())}
}

// unanswered is about a way to Vault that does not work. Errors of the client may show what was sent or received, so
// only what is known to be harmless is passed on.
func unanswered(ctx context.Context, what string, err error) error {
	var (
		dns       *net.DNSError
		op        *net.OpError
		verify    *tls.CertificateVerificationError
		authority x509.UnknownAuthorityError
	)
	switch {
	case errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(ctx.Err(), context.DeadlineExceeded):
		return &fault{text: what + ": no answer in time", passing: true}
	case ctx.Err() != nil:
		return &fault{text: what + ": interrupted", passing: true}
	case errors.As(err, &authority):
		return &fault{text: what + ": its certificate is from nobody that this machine trusts: name the CA with VAULT_CACERT"}
	case errors.As(err, &verify):
		return &fault{text: what + ": " + verify.Error()}
	case errors.As(err, &dns):
		return &fault{text: what + ": " + dns.Error(), passing: true}
	case errors.As(err, &op) && (op.Op == "remote error" || op.Op == "local error"): // an alert (crypto/tls)
		return &fault{text: what + ": the TLS handshake failed: " + op.Err.Error() + "; want TLS 1.2 or later"}
	case errors.As(err, &op):
		if errno, ok := errors.AsType[syscall.Errno](op); ok {
			return &fault{text: what + ": " + op.Op + ": " + errno.Error(), passing: true}
		}
		return &fault{text: what + ": the connection failed (" + op.Op + ")", passing: true}
	}
	return &fault{text: what + ": the answer is not one of Vault"}
}
