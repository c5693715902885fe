package serve

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// The times of what is made. An authority is followed by another when it has less than two lives of a leaf left.
const (
	authorityLife = 10 * 365 * 24 * time.Hour
	leafLife      = 90 * 24 * time.Hour
	leafRenewal   = leafLife * 2 / 3 // after this
	backdate      = 24 * time.Hour   // a clock of a client may be behind
)

// authorityFile holds the key and the certificate of the authority, in the state folder, mode 0600. They are one file, so
// that no fault can part them.
const authorityFile = "authority.pem"

// authority signs the certificate of a server that was given none. It can sign for the names of that server alone.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// openAuthority is the authority of the state folder, where it still serves for names at now; a new one otherwise. again is
// why one that is there is not used.
func openAuthority(d disk, state string, names []string, now time.Time) (a *authority, again string, err error) {
	name := filepath.Join(state, authorityFile)
	data, err := os.ReadFile(name)
	switch {
	case err == nil:
		a, err = parseAuthority(data)
		if err != nil {
			again = err.Error()
		} else if again = a.unfit(names, now); again == "" {
			return a, "", nil
		}
	case !errors.Is(err, fs.ErrNotExist):
		return nil, "", fmt.Errorf("cannot read the authority: %w", err)
	}
	if err := d.makeDir(state); err != nil {
		return nil, "", err
	}
	a, data, err = newAuthority(names, now)
	if err != nil {
		return nil, "", fmt.Errorf("cannot make an authority: %w", err)
	}
	return a, again, d.replace(name, data, 0o600)
}

func parseAuthority(data []byte) (*authority, error) {
	pair, err := tls.X509KeyPair(data, data)
	if err != nil {
		return nil, errors.New("it is no key with its certificate")
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok || !pair.Leaf.IsCA {
		return nil, errors.New("it is no authority")
	}
	return &authority{cert: pair.Leaf, key: key}, nil
}

// unfit says why a cannot sign for names at now; "": it can.
func (a *authority) unfit(names []string, now time.Time) string {
	if now.Before(a.cert.NotBefore) || now.Add(2*leafLife).After(a.cert.NotAfter) {
		return "it ends, or has not begun, by the clock of this machine"
	}
	leaf, err := a.sign(names, now)
	if err == nil {
		err = a.verify(leaf.Leaf, names, now)
	}
	if err != nil {
		return "it may not sign for the names of now"
	}
	return ""
}

// verify asks as a client will.
func (a *authority) verify(leaf *x509.Certificate, names []string, now time.Time) error {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	for _, n := range names {
		if _, err := leaf.Verify(x509.VerifyOptions{Roots: pool, DNSName: n, CurrentTime: now}); err != nil {
			return err
		}
	}
	return nil
}

// newAuthority makes one, and its file. Its name constraints (RFC 5280, 4.2.1.10) keep whoever has its key from standing
// for anything but names.
func newAuthority(names []string, now time.Time) (*authority, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	mark := make([]byte, 4)
	_, _ = rand.Read(mark) // never fails (crypto/rand)
	t := &x509.Certificate{
		Subject:   pkix.Name{CommonName: "octo-sidecar " + hex.EncodeToString(mark)}, // each another one: clients find theirs by it
		NotBefore: now.Add(-backdate), NotAfter: now.Add(authorityLife),
		KeyUsage: x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		PermittedDNSDomainsCritical: true,
	}
	var ips []net.IP
	t.PermittedDNSDomains, ips = sort(names)
	for _, ip := range ips {
		bits := 8 * len(ip)
		t.PermittedIPRanges = append(t.PermittedIPRanges, &net.IPNet{IP: ip, Mask: net.CIDRMask(bits, bits)})
	}
	// What no constraint speaks of is free.
	if len(t.PermittedDNSDomains) == 0 {
		t.ExcludedDNSDomains = []string{""}
	}
	if len(ips) == 0 {
		t.ExcludedIPRanges = []*net.IPNet{{IP: net.IPv4zero.To4(), Mask: net.CIDRMask(0, 32)}, {IP: net.IPv6zero, Mask: net.CIDRMask(0, 128)}}
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		return nil, nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, nil, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, err
	}
	file := append(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), encodeCert(der)...)
	return &authority{cert: cert, key: key}, file, nil
}

func encodeCert(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// sort parts names into DNS names and IP addresses.
func sort(names []string) (dns []string, ips []net.IP) {
	for _, n := range names {
		if ip := net.ParseIP(strings.Trim(n, "[]")); ip == nil {
			dns = append(dns, strings.TrimSuffix(n, "."))
		} else if short := ip.To4(); short != nil {
			ips = append(ips, short)
		} else {
			ips = append(ips, ip)
		}
	}
	return dns, ips
}

// sign makes a certificate for names, with a key of its own that no disk sees.
func (a *authority) sign(names []string, now time.Time) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	t := &x509.Certificate{
		Subject:   pkix.Name{CommonName: "octo-sidecar"},
		NotBefore: now.Add(-backdate), NotAfter: now.Add(leafLife),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	t.DNSNames, t.IPAddresses = sort(names)
	der, err := x509.CreateCertificate(rand.Reader, t, a.cert, key.Public(), a.key)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, nil
}

// publish writes the certificate of a for clients, where the file holds another one.
func (a *authority) publish(d disk, name string) error {
	data := encodeCert(a.cert.Raw)
	if old, err := os.ReadFile(name); err == nil && bytes.Equal(old, data) {
		if info, err := os.Stat(name); err == nil && info.Mode().Perm() == 0o644 {
			return nil
		}
	}
	return d.replace(name, data, 0o644)
}
