package emit

import (
	"context"
	"fmt"
	"os"
	"time"
)

const (
	lockWait = 30 * time.Second      // how long to wait for another octo; it writes for less than a second
	lockPoll = 20 * time.Millisecond // how often to look
	// lockName is the file that stands for the lock where a folder itself cannot be locked.
	lockName = ".octo-lock"
)

// lock is held until release. The system gives it up when the process ends, however it ends, except for the last
// resort of [exclusiveFile].
type lock struct{ release func() }

// poll tries until it has the lock, ctx is done or [lockWait] has passed.
func poll(ctx context.Context, dir, help string, try func() (held bool, err error)) error {
	deadline := time.NewTimer(lockWait)
	defer deadline.Stop()
	tick := time.NewTicker(lockPoll)
	defer tick.Stop()
	for {
		held, err := try()
		if err != nil {
			return fmt.Errorf("cannot lock the output folder %s: %w", dir, cause(err))
		}
		if held {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-deadline.C:
			return fmt.Errorf("cannot lock the output folder %s: another octo has been writing to it for %s%s", dir, lockWait, help)
		case <-tick.C:
		}
	}
}

// exclusiveFile locks by a file that only one can make, for file systems that have no locks. A killed process leaves
// it behind, which the message says.
func exclusiveFile(ctx context.Context, root *os.Root, dir string) (*lock, error) {
	help := "; delete " + lockName + " in it if none is running"
	err := poll(ctx, dir, help, func() (bool, error) {
		f, err := root.OpenFile(lockName, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if os.IsExist(err) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		return true, f.Close()
	})
	if err != nil {
		return nil, err
	}
	return &lock{release: func() { _ = root.Remove(lockName) }}, nil
}
