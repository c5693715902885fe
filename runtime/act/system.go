package act

import (
	"context"
	"fmt"
	"net"

	"github.com/coreos/go-systemd/v22/dbus"

	"github.com/octocompose/octocompose/runtime/spec"
)

// System acts on the machine. The zero value uses the system bus and the sockets that the spec names.
type System struct {
	// Bus opens a connection to systemd; nil: over the system bus.
	Bus func(ctx context.Context) (Units, error)
	// Dial opens the socket at a path; nil: a [net.Dialer].
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Units is what is asked of systemd; [dbus.Conn] has it.
type Units interface {
	// Subscribe asks for signals, without which no result comes.
	Subscribe() error
	// GetUnitPropertyContext is a property of the unit (org.freedesktop.systemd1(5)).
	GetUnitPropertyContext(ctx context.Context, unit, property string) (*dbus.Property, error)
	// RestartUnitContext puts a restart job into systemd's queue; the channel gets its result.
	RestartUnitContext(ctx context.Context, name, mode string, result chan<- string) (int, error)
	Close()
}

// Restart restarts a unit of systemd or a container.
func (s System) Restart(ctx context.Context, r spec.Restart) error {
	if r.Unit != "" {
		return s.restartUnit(ctx, r.Unit)
	}
	return s.restartContainer(ctx, r.Socket, r.Container)
}

// restartUnit calls RestartUnit of org.freedesktop.systemd1.Manager with the mode "replace", and waits for the job.
// Results are those of org.freedesktop.systemd1(5), JobRemoved; only "done" is success. A unit that somebody has stopped, or is
// stopping, is left alone ([ErrLeft]); one that has failed is started. The user needs the right to
// manage the unit (polkit action org.freedesktop.systemd1.manage-units).
func (s System) restartUnit(ctx context.Context, unit string) error {
	open := s.Bus
	if open == nil {
		open = func(ctx context.Context) (Units, error) { return dbus.NewSystemConnectionContext(ctx) }
	}
	bus, err := open(ctx)
	if err != nil {
		return fmt.Errorf("cannot restart %s: cannot reach systemd over D-Bus: %w", unit, err)
	}
	defer bus.Close()
	if err := bus.Subscribe(); err != nil {
		return fmt.Errorf("cannot restart %s: cannot hear of the result: %w", unit, err)
	}
	switch state, err := bus.GetUnitPropertyContext(ctx, unit, "ActiveState"); {
	case err != nil:
		return fmt.Errorf("cannot restart %s: cannot see its state: %w", unit, err)
	case state.Value.Value() == "inactive" || state.Value.Value() == "deactivating":
		return &left{fmt.Sprintf("cannot restart %s: it is %v; who stopped it starts it", unit, state.Value.Value())}
	}
	result := make(chan string, 1)
	if _, err := bus.RestartUnitContext(ctx, unit, "replace", result); err != nil {
		return fmt.Errorf("cannot restart %s: %w", unit, err)
	}
	select {
	case got := <-result:
		if got != "done" {
			return fmt.Errorf("cannot restart %s: the job of systemd ended with %q; want \"done\"", unit, got)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("cannot restart %s: the job of systemd did not end in time: %w", unit, ctx.Err())
	}
}

func (s System) dial(ctx context.Context, path string) (net.Conn, error) {
	dial := s.Dial
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	return dial(ctx, "unix", path)
}
