//go:build unix

package act

import (
	"context"
	"os"
	"syscall"
	"testing"
	"time"

	godbus "github.com/godbus/dbus/v5"
)

// cpu is what this process has used.
func cpu(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// What it costs to ask systemd how a unit is: on a connection of its own, as Look does, and on one that is kept. It asks
// the machine that it runs on, for a unit that every one has on which systemd has a bus.
func BenchmarkLook(b *testing.B) {
	const unit = "dbus.service"
	if _, err := os.Stat(busSocket); err != nil {
		b.Skip("this machine has no system bus")
	}
	if _, err := (System{}).Look(b.Context(), unit); err != nil {
		b.Skip("systemd does not answer here: ", err)
	}
	run := func(name string, ask func(context.Context, *godbus.Conn) error) {
		b.Run(name, func(b *testing.B) {
			conn, err := System{}.openBus(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			defer conn.Close()
			before := cpu(b)
			for b.Loop() {
				if err := ask(b.Context(), conn); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64((cpu(b)-before).Microseconds())/float64(b.N), "cpu-µs/op")
		})
	}
	run("opened", func(ctx context.Context, _ *godbus.Conn) error { _, err := System{}.Look(ctx, unit); return err })
	run("kept", func(ctx context.Context, conn *godbus.Conn) error { _, err := look(ctx, conn, unit); return err })
}
