package trust

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// A machine without a list of authorities gets one, a machine that has a list keeps it.
func TestFallback(t *testing.T) {
	if what, ok := os.LookupEnv("OCTO_TRUST_CHILD"); ok {
		Fallback()
		Fallback()
		pool, err := x509.SystemCertPool()
		if err != nil {
			t.Fatal(err)
		}
		if pool.Equal(x509.NewCertPool()) || pool.Equal(roots()) != (what == "none") {
			t.Fatal("it is the wrong list")
		}
		return
	}
	for what, file := range map[string]string{"none": "/nonexistent", "some": authority(t)} {
		cmd := exec.Command(os.Args[0], "-test.run=^TestFallback$")
		cmd.Env = []string{"OCTO_TRUST_CHILD=" + what, "SSL_CERT_FILE=" + file, "SSL_CERT_DIR=/nonexistent"}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", what, err, out)
		}
	}
}

// authority is a file with one of our own.
func authority(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func BenchmarkRoots(b *testing.B) {
	for b.Loop() {
		roots()
	}
}
