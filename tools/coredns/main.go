// Command coredns is CoreDNS with what the cluster of internal/e2e needs of it: the names of Services.
package main

import (
	_ "github.com/coredns/coredns/core/dnsserver" // the server type
	"github.com/coredns/coredns/coremain"
	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/kubernetes"
)

func main() { coremain.Run() }
