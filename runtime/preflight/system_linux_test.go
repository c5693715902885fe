package preflight

import (
	"net"
	"strings"
	"testing"
)

// The kernel's own table, as a little-endian machine prints it, and this machine's, of a socket that is open.
func TestHeld(t *testing.T) {
	table := []byte(`  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1
   1: 00000000:01BB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1
   2: 0100007F:0016 0100007F:C0DE 01 00000000:00000000 00:00000000 00000000     0        0 1 1
   3: 00000000000000000000000000000000:0019 00000000000000000000000000000000:0000 0A 00000000:00000000
   4: nonsense:0050 x 0A
`)
	if at, ok := tableAddress("0100007F"); !ok || at.String() != "127.0.0.1" {
		t.Skipf("the table is one of a little-endian machine, and this is none: %s", at)
	}
	for word, want := range map[string]bool{
		"127.0.0.1:80": true, "0.0.0.0:80": true, "127.0.0.2:80": false, "127.0.0.1:443": true, "[::1]:443": false,
		"127.0.0.1:22": false, "127.0.0.1:25": true, "[::]:25": true, "127.0.0.1:81": false, "127.0.0.1:80/udp": false,
	} {
		p, err := ParsePort(word)
		if err != nil {
			t.Fatal(err)
		}
		if got := holds(table, p); got != want {
			t.Errorf("%s: held %v, want %v", word, got, want)
		}
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	packets, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer packets.Close()
	for _, word := range []string{l.Addr().String(), packets.LocalAddr().String() + "/udp"} {
		p, err := ParsePort(word)
		if err != nil {
			t.Fatal(err)
		}
		if held, known := held(p); !held || !known {
			t.Errorf("%s is open: held %v, known %v", word, held, known)
		}
	}
	if text, err := kernel(); err != nil || !strings.Contains(text, ".") {
		t.Errorf("the kernel is %q, %v", text, err)
	}
}
