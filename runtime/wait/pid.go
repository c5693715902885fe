package wait

import (
	"context"
	"fmt"
	"time"
)

// Gone is the cause of a context that ended because a process did.
type Gone struct{ PID int }

func (g Gone) Error() string { return fmt.Sprintf("the process %d is gone", g.PID) }

// poll is the time between two looks for a process where the kernel cannot tell when it ends.
const poll = 200 * time.Millisecond

// While is ctx that ends with the cause [Gone] as soon as the process pid does: at once where the kernel has
// pidfd_open(2), Linux 5.3; elsewhere the process is looked for every 200 ms with signal 0. stop releases it.
func While(ctx context.Context, pid int) (context.Context, func(), error) {
	if pid <= 0 {
		return nil, nil, fmt.Errorf("cannot watch process %d; want a number above 0", pid)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	stop := func() { cancel(context.Canceled) }
	if !alive(pid) {
		cancel(Gone{pid})
		return ctx, stop, nil
	}
	p, err := openProcess(pid)
	if err != nil {
		go look(ctx, func() bool { return alive(pid) }, func() { cancel(Gone{pid}) })
		return ctx, stop, nil
	}
	context.AfterFunc(ctx, p.close)
	go func() {
		if p.wait() {
			cancel(Gone{pid})
		}
	}()
	return ctx, stop, nil
}

// look calls gone once there says no; it ends with ctx.
func look(ctx context.Context, there func() bool, gone func()) {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for there() {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
	gone()
}
