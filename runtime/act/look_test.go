//go:build unix

package act

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	godbus "github.com/godbus/dbus/v5"
)

// bus is a message bus with systemd behind it, for one connection after the other. It speaks what is written in the D-Bus
// specification: the handshake, then messages.
type bus struct {
	units  []listed          // what ListUnitsByNames answers
	then   [][]listed        // and what it answers next
	values map[string]any    // properties of the service
	errors map[string]string // names of errors, by the method or property that is answered so
	hangs  string            // what is not answered: "auth", or the name of a method

	mu    sync.Mutex
	asked []string
	open  int // connections that the other side has not closed
	wg    sync.WaitGroup
}

func (b *bus) note(what string) { b.mu.Lock(); defer b.mu.Unlock(); b.asked = append(b.asked, what) }

// dial is [System.Dial].
func (b *bus) dial(_ context.Context, network, address string) (net.Conn, error) {
	b.note("dial " + network + " " + address)
	ours, theirs := net.Pipe()
	b.open++
	b.wg.Go(func() {
		defer theirs.Close()
		b.serve(theirs)
		_, _ = io.Copy(io.Discard, theirs) // until it is closed
		b.mu.Lock()
		b.open--
		b.mu.Unlock()
	})
	return ours, nil
}

func (b *bus) serve(conn net.Conn) {
	in := bufio.NewReader(conn)
	if null, _ := in.ReadByte(); null != 0 {
		b.note("no null byte")
	}
	for {
		line, err := in.ReadString('\n')
		if err != nil || b.hangs == "auth" {
			return
		}
		switch line = strings.TrimSpace(line); {
		case line == "AUTH":
			_, err = io.WriteString(conn, "REJECTED EXTERNAL\r\n")
		case line == "AUTH EXTERNAL":
			_, err = io.WriteString(conn, "DATA\r\n")
		case strings.HasPrefix(line, "DATA") && b.errors["auth"] == "":
			_, err = io.WriteString(conn, "OK 1234deadbeef\r\n")
		case line == "BEGIN":
			b.messages(conn, in)
			return
		default:
			_, err = io.WriteString(conn, "REJECTED\r\n")
		}
		if err != nil {
			return
		}
	}
}

func (b *bus) messages(conn net.Conn, in *bufio.Reader) {
	for serial := uint32(1); ; serial++ {
		msg, err := godbus.DecodeMessage(in)
		if err != nil {
			return
		}
		member := msg.Headers[godbus.FieldMember].Value().(string)
		what := member
		if member == "Get" {
			what = msg.Body[0].(string) + "." + msg.Body[1].(string)
		}
		b.note(what)
		if b.hangs == what {
			return
		}
		reply := &godbus.Message{Type: godbus.TypeMethodReply, Headers: map[godbus.HeaderField]godbus.Variant{
			godbus.FieldReplySerial: godbus.MakeVariant(msg.Serial()), godbus.FieldSender: godbus.MakeVariant(":1.1"),
		}}
		switch name := b.errors[what]; {
		case name != "":
			reply.Type = godbus.TypeError
			reply.Headers[godbus.FieldErrorName] = godbus.MakeVariant(name)
			reply.Body = []any{"refused by the test"}
		case member == "Hello":
			reply.Body = []any{":1.7"}
		case member == "ListUnitsByNames":
			if reply.Body = []any{b.units}; len(b.then) > 0 {
				b.units, b.then = b.then[0], b.then[1:]
			}
		case member == "Get" && msg.Headers[godbus.FieldPath].Value() == b.units[0].Path:
			reply.Body = []any{godbus.MakeVariant(b.values[msg.Body[1].(string)])}
		}
		if len(reply.Body) > 0 {
			reply.Headers[godbus.FieldSignature] = godbus.MakeVariant(godbus.SignatureOf(reply.Body...))
		}
		var out bytes.Buffer
		if err := reply.EncodeTo(&out, binary.LittleEndian); err != nil {
			b.note("cannot answer: " + err.Error())
			return
		}
		binary.LittleEndian.PutUint32(out.Bytes()[8:], serial) // the library gives none to what it did not send itself
		if _, err := conn.Write(out.Bytes()); err != nil {
			return
		}
	}
}

func unitOf(load, active, sub string) []listed {
	return []listed{{Name: "api.service", Load: load, Active: active, Sub: sub, Path: "/org/freedesktop/systemd1/unit/api_2eservice", JobPath: "/"}}
}

func TestLook(t *testing.T) {
	const n, r = "org.freedesktop.systemd1.Service.NRestarts", "org.freedesktop.systemd1.Service.Result"
	values := map[string]any{"NRestarts": uint32(3), "Result": "exit-code"}
	failed, restarting := unitOf("loaded", "failed", "failed"), unitOf("loaded", "activating", "auto-restart")
	for _, c := range []struct {
		why   string
		bus   *bus
		want  Unit
		asked []string // behind Hello
		err   string
	}{
		{"runs", &bus{units: unitOf("loaded", "active", "running"), values: values},
			Unit{"loaded", "active", "running", "", 3}, []string{"ListUnitsByNames", n}, ""},
		{"has failed", &bus{units: unitOf("loaded", "failed", "failed"), values: values},
			Unit{"loaded", "failed", "failed", "exit-code", 3}, []string{"ListUnitsByNames", n, r, "ListUnitsByNames"}, ""},
		{"is about to be restarted", &bus{units: unitOf("loaded", "activating", "auto-restart-queued"), values: values},
			Unit{"loaded", "activating", "auto-restart-queued", "exit-code", 3}, []string{"ListUnitsByNames", n, r, "ListUnitsByNames"}, ""},
		{"is not there", &bus{units: unitOf("not-found", "inactive", "dead"), values: map[string]any{"NRestarts": uint32(0)}},
			Unit{"not-found", "inactive", "dead", "", 0}, []string{"ListUnitsByNames", n}, ""},
		{"comes back meanwhile", &bus{units: unitOf("loaded", "activating", "auto-restart"), then: [][]listed{unitOf("loaded", "active", "running")}, values: values},
			Unit{"loaded", "active", "running", "", 3}, []string{"ListUnitsByNames", n, r, "ListUnitsByNames", n}, ""},
		{"changes all the time", &bus{units: restarting, then: [][]listed{failed, restarting, failed}, values: values},
			Unit{}, []string{"ListUnitsByNames", n, r, "ListUnitsByNames", n, r, "ListUnitsByNames", n, r, "ListUnitsByNames"}, "cannot see its state: it changes all the time"},
		{"no name", &bus{}, Unit{}, []string{"ListUnitsByNames"}, "cannot see its state: systemd tells of 0 units"},
		{"denied", &bus{errors: map[string]string{"ListUnitsByNames": "org.freedesktop.DBus.Error.AccessDenied"}},
			Unit{}, []string{"ListUnitsByNames"}, "cannot see its state: refused by the test"},
		{"property denied", &bus{units: unitOf("loaded", "active", "running"), errors: map[string]string{n: "org.freedesktop.DBus.Error.AccessDenied"}},
			Unit{}, []string{"ListUnitsByNames", n}, "cannot see NRestarts of the service: refused by the test"},
		{"another type", &bus{units: unitOf("loaded", "active", "running"), values: map[string]any{"NRestarts": "three"}},
			Unit{}, []string{"ListUnitsByNames", n}, "cannot see NRestarts of the service: "},
		{"result denied", &bus{units: unitOf("loaded", "failed", "failed"), values: values, errors: map[string]string{r: "org.freedesktop.DBus.Error.AccessDenied"}},
			Unit{}, []string{"ListUnitsByNames", n, r}, "cannot see Result of the service: refused by the test"},
	} {
		got, err := System{Dial: c.bus.dial}.Look(t.Context(), "api.service")
		c.bus.wg.Wait() // the connection is closed
		check(t, c.why, err, c.err)
		if got != c.want {
			t.Errorf("%s: got %+v; want %+v", c.why, got, c.want)
		}
		if want := append([]string{"dial unix /run/dbus/system_bus_socket", "Hello"}, c.asked...); !slices.Equal(c.bus.asked, want) {
			t.Errorf("%s: asked %q; want %q", c.why, c.bus.asked, want)
		}
	}
}

// A bus that is not there, does not let us in, or hangs: an error when the time is up, and nothing stays open.
func TestLookNoBus(t *testing.T) {
	s := System{Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no such file") }}
	_, err := s.Look(t.Context(), "api.service")
	check(t, "no bus", err, "cannot reach the system bus: no such file")
	b := &bus{errors: map[string]string{"auth": "no"}}
	_, err = System{Dial: b.dial}.Look(t.Context(), "api.service")
	check(t, "refused", err, "cannot reach the system bus: dbus: authentication failed")
	b.wg.Wait()
	for hangs, want := range map[string]string{
		"auth":             "cannot reach the system bus: ",
		"Hello":            "cannot reach the system bus: ",
		"ListUnitsByNames": "cannot see its state: ",
		"org.freedesktop.systemd1.Service.NRestarts": "cannot see NRestarts of the service: ",
	} {
		synctest.Test(t, func(t *testing.T) {
			b := &bus{hangs: hangs, units: unitOf("loaded", "active", "running")}
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() {
				_, err := System{Dial: b.dial}.Look(ctx, "api.service")
				done <- err
			}()
			synctest.Wait()
			if len(done) > 0 {
				t.Errorf("%s: it did not wait", hangs)
			}
			cancel()
			check(t, hangs, <-done, want)
			b.wg.Wait()
			if b.open != 0 {
				t.Errorf("%s: %d connections stay open", hangs, b.open)
			}
		})
	}
}
