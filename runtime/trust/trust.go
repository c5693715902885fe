// Package trust brings the authorities that sign certificates of the web to a machine that has no list of its own, such as
// an image made from scratch: without one no mail server and no webhook could be told from an impostor.
//
// The list is Mozilla's as Go's maintainers publish it (golang.org/x/crypto/x509roots), as old as the program. It is used
// only where the machine has none (crypto/x509.SetFallbackRoots): what an administrator trusts goes first. A verb that checks
// no certificate does not call it, as reading the list takes some milliseconds.
package trust

import (
	"crypto/x509"
	"sync"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

var once sync.Once

// Fallback has certificates checked against the list, where the machine has none. It may be called more than once.
func Fallback() { once.Do(func() { x509.SetFallbackRoots(roots()) }) }

// roots is the list. An authority that may sign only for some names, or only until a day, keeps its bounds.
func roots() *x509.CertPool {
	pool := x509.NewCertPool()
	for root := range bundle.Roots() {
		cert, err := x509.ParseCertificate(root.Certificate)
		if err != nil {
			continue // a newer form than this Go reads: one authority less
		}
		if root.Constraint == nil {
			pool.AddCert(cert)
		} else {
			pool.AddCertWithConstraint(cert, root.Constraint)
		}
	}
	return pool
}
