package service

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// Signals are SIGHUP, and SIGTERM and SIGINT, of this process until end is called. Hangups that come before the last one
// was looked at are one; the first two signals to stop are never lost.
func Signals() (hangup, stop <-chan os.Signal, end func()) {
	h, s := make(chan os.Signal, 1), make(chan os.Signal, 2)
	signal.Notify(h, syscall.SIGHUP)
	signal.Notify(s, syscall.SIGTERM, syscall.SIGINT)
	return h, s, func() { signal.Stop(h); signal.Stop(s) }
}

// Why a context that [Loop] gives away ended; see [context.Cause].
var (
	ErrStopped  = errors.New("the program is told to stop")
	ErrDeadline = errors.New("the time to stop in is over")
	ErrAgain    = errors.New("the program is told to stop a second time")
)

// DefaultDeadline is below DefaultTimeoutStopSec= of systemd, 90 s, and below the grace period of Kubernetes, 30 s.
const DefaultDeadline = 25 * time.Second

// Loop runs a program from ready to its end.
type Loop struct {
	Manager *Manager // nil: nobody is told
	Log     *slog.Logger
	// Hangup makes it reload, Stop makes it drain, and end at once the second time; see [Signals].
	Hangup, Stop <-chan os.Signal
	// Reload takes a new configuration, or keeps the old one and returns why. It never runs twice at a time; hangups that
	// come meanwhile are one more reload. Its context ends when the program is told to stop. nil: hangups are ignored.
	Reload func(ctx context.Context) error
	// Drain ends what runs. Its context ends after Deadline, or when the program is told a second time. nil: nothing.
	Drain    func(ctx context.Context) error
	Deadline time.Duration // 0: DefaultDeadline
	// Status is what the manager is told that the program does when it is ready; nil: nothing.
	Status func() string
}

// Run says that the program is ready, and returns when it has been drained after a signal to stop or the end of ctx:
// what Drain returned, or [ErrDeadline] or [ErrAgain], without waiting for Drain any longer.
func (l Loop) Run(ctx context.Context) error {
	if l.Manager == nil {
		l.Manager = &Manager{}
	}
	if l.Log == nil {
		l.Log = slog.New(slog.DiscardHandler)
	}
	if l.Deadline <= 0 {
		l.Deadline = DefaultDeadline
	}
	if l.Status == nil {
		l.Status = func() string { return "" }
	}
	l.told(l.Manager.Ready(l.Status()))
	running, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var reloaded chan error // nil: none runs
	again := false
	start := func() {
		reloaded, again = make(chan error, 1), false
		done := reloaded
		l.told(l.Manager.Reloading())
		go func() { done <- l.Reload(running) }()
	}
	for {
		select {
		case <-l.Hangup:
			switch {
			case l.Reload == nil:
			case reloaded != nil:
				again = true
			default:
				start()
			}
		case err := <-reloaded:
			reloaded = nil
			l.reloaded(err)
			if again {
				start()
			}
		case s := <-l.Stop:
			l.Log.Info("stopping", "signal", name(s))
			cancel(ErrStopped)
			return l.drain()
		case <-ctx.Done():
			l.Log.Info("stopping", "cause", context.Cause(ctx).Error())
			cancel(ErrStopped)
			return l.drain()
		}
	}
}

func name(s os.Signal) string {
	if s == nil { // the channel is closed
		return ""
	}
	return s.String()
}

// reloaded tells how a reload ended. Either way the program is ready: a bad configuration leaves the last one in place.
func (l Loop) reloaded(err error) {
	if err != nil {
		l.Log.Error("cannot reload", "error", err)
		l.told(l.Manager.Ready("the last reload failed: " + err.Error()))
		return
	}
	l.Log.Info("reloaded")
	l.told(l.Manager.Ready(l.Status()))
}

func (l Loop) drain() error {
	l.told(l.Manager.Stopping("stopping"))
	if l.Drain == nil {
		return nil
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	late := time.AfterFunc(l.Deadline, func() { cancel(ErrDeadline) })
	defer late.Stop()
	drained := make(chan error, 1)
	go func() { drained <- l.Drain(ctx) }()
	select {
	case err := <-drained:
		return err
	case <-ctx.Done():
	case <-l.Stop:
		cancel(ErrAgain)
	}
	return context.Cause(ctx)
}

// told logs that the manager could not be told: it will see by itself, and the program goes on.
func (l Loop) told(err error) {
	if err != nil {
		l.Log.Warn("the service manager does not hear", "error", err)
	}
}
