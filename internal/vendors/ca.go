package vendors

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// CA is an authority that signs certificates of servers.
type CA struct {
	dir  string
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

// Fault is what is wrong with the certificate of a server.
type Fault int

// The faults.
const (
	Sound     Fault = iota
	Expired         // since yesterday
	WrongName       // for vendor.example only
	Stranger        // signed by an authority that File does not have
)

// NewCA makes an authority and writes its certificate to dir.
func NewCA(dir string) (*CA, error) {
	ca, err := newAuthority()
	if err != nil {
		return nil, err
	}
	ca.dir = dir
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.cert.Raw})
	return ca, os.WriteFile(ca.File(), block, 0o644)
}

// File is the authority's certificate in PEM, for SSL_CERT_FILE.
func (ca *CA) File() string { return filepath.Join(ca.dir, "ca.pem") }

func newAuthority() (*CA, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority of tests"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(48 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return &CA{key: key, cert: cert}, err
}

// Certificate is one for 127.0.0.1 and localhost, or with that fault.
func (ca *CA) Certificate(f Fault) (tls.Certificate, error) {
	signer := ca
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "server of tests"},
		NotBefore: time.Now().Add(-47 * time.Hour), NotAfter: time.Now().Add(47 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"}}
	switch f {
	case Expired:
		template.NotAfter = time.Now().Add(-24 * time.Hour)
	case WrongName:
		template.IPAddresses, template.DNSNames = nil, []string{"vendor.example"}
	case Stranger:
		if signer, err = newAuthority(); err != nil {
			return tls.Certificate{}, err
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, signer.cert, key.Public(), signer.key)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}
