package preflight

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// free is f_bavail of statfs(2): the blocks for users without privileges, in units of f_frsize.
func free(path string) (uint64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(path, &s); err != nil {
		return 0, err
	}
	return s.Bavail * uint64(s.Frsize), nil
}

func kernel() (string, error) {
	var u syscall.Utsname
	if err := syscall.Uname(&u); err != nil {
		return "", err
	}
	var text []byte
	for _, c := range u.Release {
		if c == 0 {
			break
		}
		text = append(text, byte(c))
	}
	return string(text), nil
}

// held looks into the tables of the kernel (proc_pid_net(5)), which need no privilege.
func held(p Port) (bool, bool) {
	known := false
	for _, family := range []string{"", "6"} {
		data, err := os.ReadFile("/proc/self/net/" + p.Network + family)
		if errors.Is(err, fs.ErrNotExist) && family == "6" {
			continue // a machine without IPv6
		}
		if err != nil {
			return false, false
		}
		known = true
		if holds(data, p) {
			return true, true
		}
	}
	return false, known
}

// The states of a socket that holds its port: TCP_LISTEN, and TCP_CLOSE, which is what an open socket of UDP has.
var holding = map[string]string{"tcp": "0A", "udp": "07"}

// holds reads one table: a line a socket, the second word its own address in hexadecimal digits, the fourth its state.
// A wildcard clashes with every address, and one of IPv6 with IPv4, as far as the table tells: sockets are dual by default.
func holds(table []byte, p Port) bool {
	for line := range bytes.Lines(table) {
		words := strings.Fields(string(line))
		if len(words) < 4 || words[3] != holding[p.Network] {
			continue
		}
		address, port, _ := strings.Cut(words[1], ":")
		if n, err := strconv.ParseUint(port, 16, 16); err != nil || uint16(n) != p.Number {
			continue
		}
		at, ok := tableAddress(address)
		if !ok {
			continue
		}
		same := at.Is4() == p.Address.Is4()
		switch {
		case at == p.Address, same && (at.IsUnspecified() || p.Address.IsUnspecified()), !same && at.Is6() && at.IsUnspecified():
			return true
		}
	}
	return false
}

// tableAddress is an address of the table: words of 32 bits in the byte order of the machine.
func tableAddress(digits string) (netip.Addr, bool) {
	raw, err := hex.DecodeString(digits)
	if err != nil || len(raw)%4 != 0 {
		return netip.Addr{}, false
	}
	for i := 0; i < len(raw); i += 4 {
		binary.NativeEndian.PutUint32(raw[i:], binary.BigEndian.Uint32(raw[i:]))
	}
	at, ok := netip.AddrFromSlice(raw)
	return at.Unmap(), ok
}
