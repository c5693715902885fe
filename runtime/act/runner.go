package act

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/octocompose/octocompose/runtime/spec"
)

// Hands are what actions are done with: [System], or fakes.
type Hands interface {
	// Restart restarts a unit or a container, and waits until it has. An [ErrLeft] says that it was not tried.
	Restart(ctx context.Context, r spec.Restart) error
	// Drain lets no new session come to a server.
	Drain(ctx context.Context, d spec.Drain) error
	// Ready takes Drain back.
	Ready(ctx context.Context, d spec.Drain) error
}

// Job is one action for one service.
type Job struct {
	Service string
	Check   string // whose failure it is about; only told
	Action  spec.Action
	Back    bool // take a drain back
}

// Restarts tells whether the job restarts the service.
func (j Job) Restarts() bool { return j.Action.Restart != nil }

// Result is how a job that was taken ended.
type Result struct {
	Job  Job
	Err  error // nil: done. Names what was acted on
	Took time.Duration
}

// Options are what a [Runner] works with.
type Options struct {
	Hands Hands
	// Done gets the result of each job that was taken, once, from the goroutine of the job. It must not block for long.
	Done func(Result)
	// Parallel is how many restarts run at most, and again so many drains. Default: 16.
	Parallel int
	// Limit is how long a restart may take. Default: 3m, more than the 90s that systemd gives a unit to stop
	// (DefaultTimeoutStopSec=) and a start of the same length behind. DrainLimit is that of a drain. Default: 5s.
	Limit      time.Duration
	DrainLimit time.Duration
}

// Runner does jobs. It is safe for concurrent use.
type Runner struct {
	o      Options
	ctx    context.Context
	cancel context.CancelFunc
	wait   sync.WaitGroup

	mu      sync.Mutex
	budget  *Budget
	busy    map[string]bool // services
	running [2]int          // drains, restarts
	closed  bool
}

// NewRunner is a runner with the default bounds. [Runner.Close] ends it.
func NewRunner(o Options) *Runner {
	if o.Parallel <= 0 {
		o.Parallel = 16
	}
	if o.Limit <= 0 {
		o.Limit = 3 * time.Minute
	}
	if o.DrainLimit <= 0 {
		o.DrainLimit = 5 * time.Second
	}
	r := &Runner{o: o, busy: map[string]bool{}, budget: NewBudget(nil, 1)}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	return r
}

// Bound sets the bounds on restarts, nil for the defaults, among so many services. Restarts before count on.
func (r *Runner) Bound(rule *spec.Restarts, services int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.budget.Set(rule, services)
}

// Request asks for a job. It does not block: where the verdict is [Taken], Options.Done gets the result later; else
// nothing happens, and the caller asks again when it still wants it.
func (r *Runner) Request(job Job) Verdict {
	r.mu.Lock()
	defer r.mu.Unlock()
	class := 0
	if job.Restarts() {
		class = 1
	}
	if r.closed || r.busy[job.Service] || r.running[class] >= r.o.Parallel {
		return Verdict{Kind: Busy}
	}
	if job.Restarts() {
		if v := r.budget.Take(job.Service, time.Now()); v.Kind != Taken {
			return v
		}
	}
	r.busy[job.Service] = true
	r.running[class]++
	r.wait.Go(func() { r.run(job, class) })
	return Verdict{Kind: Taken}
}

func (r *Runner) run(job Job, class int) {
	limit := r.o.DrainLimit
	if job.Restarts() {
		limit = r.o.Limit
	}
	begin := time.Now()
	ctx, cancel := context.WithTimeout(r.ctx, limit)
	err := r.do(ctx, job)
	cancel()
	now := time.Now()
	r.mu.Lock()
	delete(r.busy, job.Service)
	r.running[class]--
	switch {
	case !job.Restarts():
	case errors.Is(err, ErrLeft):
		r.budget.Undo(job.Service)
	default:
		r.budget.End(job.Service, now)
	}
	r.mu.Unlock()
	if r.o.Done != nil {
		r.o.Done(Result{Job: job, Err: err, Took: now.Sub(begin)})
	}
}

func (r *Runner) do(ctx context.Context, job Job) (err error) {
	defer func() {
		if ctx.Err() != nil && err != nil && !errors.Is(err, ctx.Err()) {
			err = fmt.Errorf("%w: %w", err, ctx.Err())
		}
	}()
	switch a := job.Action; {
	case a.Restart != nil:
		return r.o.Hands.Restart(ctx, *a.Restart)
	case a.Drain == nil:
		return errors.New("cannot act: the action is empty")
	case job.Back:
		return r.o.Hands.Ready(ctx, *a.Drain)
	default:
		return r.o.Hands.Drain(ctx, *a.Drain)
	}
}

// Close takes no more jobs, ends those that run, and waits for them.
func (r *Runner) Close() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.cancel()
	r.wait.Wait()
}
