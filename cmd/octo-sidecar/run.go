package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/octocompose/octocompose/runtime/act"
	"github.com/octocompose/octocompose/runtime/notify"
	"github.com/octocompose/octocompose/runtime/observe"
	"github.com/octocompose/octocompose/runtime/probe"
	"github.com/octocompose/octocompose/runtime/schedule"
	"github.com/octocompose/octocompose/runtime/secret"
	"github.com/octocompose/octocompose/runtime/serve"
	"github.com/octocompose/octocompose/runtime/service"
	"github.com/octocompose/octocompose/runtime/spec"
	"github.com/octocompose/octocompose/runtime/trust"
)

// statusSocket is the socket in the state folder that octo-sidecar status asks.
const statusSocket = "status.sock"

// runner is one run of octo-sidecar run.
type runner struct {
	file, state string
	log         *slog.Logger
	manager     *service.Manager
	recorder    *observe.Recorder
	server      *serve.Server
	checks      *schedule.Scheduler
	notices     *notify.Notifiers

	mu   sync.Mutex
	spec spec.Run
}

func makeRun(c *call) func(context.Context, []string) error {
	file := c.flags.String("spec", "", "the file that the compiler wrote")
	state := c.flags.String("state", "", "the folder of what it makes itself; else $STATE_DIRECTORY")
	format := c.flags.String("log-format", observe.Text, "text or json")
	return func(ctx context.Context, words []string) error {
		if *file == "" || len(words) > 0 {
			return errUsage{errors.New("want run --spec=FILE [--state=DIR]")}
		}
		if *state == "" {
			*state = c.env("STATE_DIRECTORY")
		}
		if !filepath.IsAbs(*state) {
			return errUsage{errors.New("want --state=DIR with an absolute folder: there is no STATE_DIRECTORY")}
		}
		log, err := observe.NewLog(c.stderr, *format, slog.LevelInfo, isJournal(c))
		if err != nil {
			return errUsage{err}
		}
		trust.Fallback()
		manager, err := service.NewManager(c.env)
		if err != nil {
			return err
		}
		r := &runner{file: *file, state: *state, log: log, manager: manager}
		return r.run(ctx, c)
	}
}

// isJournal reports whether standard error leads to the journal.
func isJournal(c *call) bool {
	f, ok := c.stderr.(*os.File)
	return ok && observe.Journal(c.env, f)
}

// read reads the spec.
func (r *runner) read() (spec.Run, error) {
	data, err := os.ReadFile(r.file)
	if err != nil {
		return spec.Run{}, err
	}
	return spec.ParseRun(data)
}

func (r *runner) run(ctx context.Context, c *call) error {
	hangup, signalled, end := service.Signals() // first of all: a hangup that comes during the start is a reload behind it
	defer end()
	run, err := r.read()
	if err != nil {
		return err
	}
	r.spec = run
	if err := os.MkdirAll(r.state, 0o700); err != nil {
		return err
	}
	if r.recorder, err = observe.NewRecorder(run, observe.Options{Version: buildVersion(), Process: true}); err != nil {
		return err
	}
	host, _ := os.Hostname()
	r.notices, err = notify.New(run.Notify, notify.Options{
		Project: run.Project, Host: host, Log: r.log, Env: service.Environ(os.Environ()), Count: r.recorder.Notified,
	})
	if err != nil {
		return err
	}
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	ended := make(chan error, 4) // of a part that must not end
	var parts sync.WaitGroup
	start := func(name string, f func(context.Context) error) {
		parts.Go(func() {
			if err := f(work); work.Err() == nil {
				ended <- fmt.Errorf("%s ended: %w", name, err)
			}
		})
	}
	if err := r.startStatus(start); err != nil {
		return err
	}
	if err := r.startServer(c, start); err != nil {
		return err
	}
	if err := r.startChecks(c, start); err != nil {
		return err
	}
	// What ends by itself ends the program: the service manager starts it again.
	loop, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case err := <-ended:
			cancel(err)
		case <-loop.Done():
		}
	}()
	err = service.Loop{
		Manager: r.manager, Log: r.log, Hangup: hangup, Stop: signalled, Reload: r.reload, Status: r.status,
		Drain: func(ctx context.Context) error { return r.drain(ctx, stop, &parts) },
	}.Run(loop)
	if cause := context.Cause(loop); cause != nil && ctx.Err() == nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	return err
}

// drain ends the parts, and then tells who is to hear what was not told yet.
func (r *runner) drain(ctx context.Context, stop func(), parts *sync.WaitGroup) error {
	stop()
	done := make(chan struct{})
	go func() {
		parts.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
	return r.notices.Close(ctx)
}

// startStatus serves the status on the socket in the state folder, and on an address where the spec has one.
func (r *runner) startStatus(start func(string, func(context.Context) error)) error {
	socket, err := observe.ListenSocket(filepath.Join(r.state, statusSocket))
	if err != nil {
		return err
	}
	start("the status", func(ctx context.Context) error {
		return observe.Serve(ctx, &bounded{Listener: socket, max: statusConns}, r.recorder.Handler())
	})
	if r.spec.Status == "" {
		return nil
	}
	l, err := net.Listen("tcp", r.spec.Status)
	if err != nil {
		return err
	}
	start("the status at "+r.spec.Status, func(ctx context.Context) error {
		return observe.Serve(ctx, &bounded{Listener: l, max: statusConns}, r.recorder.Handler())
	})
	return nil
}

// startServer serves configs, where the spec has some.
func (r *runner) startServer(c *call, start func(string, func(context.Context) error)) error {
	if r.spec.Serve == nil {
		return nil
	}
	var err error
	r.server, err = serve.New(*r.spec.Serve, serve.Options{
		State: r.state, Log: r.log, Vault: vaultReader(c),
		Done: func(service string, status int, _ time.Duration) { r.recorder.Requested(service, status) },
	})
	if err != nil {
		return err
	}
	var l net.Listener
	if r.spec.Serve.Listen == "socket" {
		list, err := service.Listeners(c.env, os.Getpid())
		switch {
		case err != nil:
			return err
		case len(list) != 1:
			return fmt.Errorf("cannot serve: the service manager handed over %d sockets, and one is wanted", len(list))
		}
		l = list[0]
	} else if l, err = net.Listen("tcp", r.spec.Serve.Listen); err != nil {
		return err
	}
	start("the config server", func(ctx context.Context) error { return r.server.Serve(ctx, l) })
	start("the look at the config server", func(ctx context.Context) error {
		seen := &servedSeen{recorder: r.recorder, generations: map[string]uint64{}, errors: map[string]string{}, secrets: map[string]string{}}
		for {
			seen.note(r.server.Status())
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(noteEvery):
			}
		}
	})
	return nil
}

// noteEvery is the time between two looks at what the config server does, for the status and the metrics.
const noteEvery = 2 * time.Second

// servedSeen hands what changed in the config server to the recorder.
type servedSeen struct {
	recorder    *observe.Recorder
	generations map[string]uint64
	errors      map[string]string
	secrets     map[string]string
}

func (n *servedSeen) note(s serve.Status) {
	for _, v := range s.Services {
		if v.Generation != n.generations[v.Name] || v.Error != n.errors[v.Name] {
			n.generations[v.Name], n.errors[v.Name] = v.Generation, v.Error
			n.recorder.Loaded(v.Name, asError(v.Error))
		}
		for _, x := range v.Secrets {
			// A secret that can be read is read all the time; one that cannot is told once.
			if key := v.Name + "/" + x.Name; x.Error == "" || x.Error != n.secrets[key] {
				n.secrets[key] = x.Error
				n.recorder.SecretRead(v.Name, x.Name, asError(x.Error))
			}
		}
	}
}

func asError(text string) error {
	if text == "" {
		return nil
	}
	return errors.New(text)
}

// vaultReader reads secrets of configs from Vault, with one login.
func vaultReader(c *call) func(context.Context, spec.Vault) (string, time.Duration, error) {
	reader := secret.NewReader(func() (secret.Login, error) { return secret.FindLogin(secret.Files{}, c.env) }, time.Now)
	return func(ctx context.Context, v spec.Vault) (string, time.Duration, error) {
		value, life, err := reader.Read(ctx, secret.Reference{Address: v.Address, Mount: v.Mount, Path: v.Path, Key: v.Key, Version: v.Version})
		return string(value), life, err
	}
}

// startChecks asks the checks. It runs without any, too: its loop feeds the watchdog.
func (r *runner) startChecks(c *call, start func(string, func(context.Context) error)) error {
	watchdog, err := service.Watchdog(c.env, os.Getpid())
	if err != nil {
		return err
	}
	every := time.Second
	if watchdog > 0 {
		every = min(every, watchdog/2)
	}
	meter := &meter{recorder: r.recorder, log: r.log, unasked: map[string]int{}}
	r.checks, err = schedule.New(schedule.Options{
		Read:  func(words []string) (probe.Question, error) { return probe.Read(words, c.means()) },
		Act:   act.Options{Hands: act.System{}},
		Sink:  r.happened,
		Meter: meter, Lag: meter.late, BeatEvery: every, Parallel: questions(),
		Beat: func() {
			pinged := watchdog > 0 && r.manager.Ping() == nil
			r.recorder.Beat(pinged)
		},
	}, r.spec)
	if err != nil {
		return err
	}
	start("the scheduler", r.checks.Run)
	return nil
}

// happened is an event of a check: logged, counted and told. A failure or a recovery of one that is flapping is not told:
// that it flaps was.
func (r *runner) happened(e schedule.Event) {
	level := slog.LevelWarn
	if e.Kind == spec.EventRecovered || e.Kind == spec.EventRestarted {
		level = slog.LevelInfo
	}
	r.log.Log(context.Background(), level, "check "+string(e.Kind), "service", e.Service, "check", e.Check, "level", string(e.Level), "seen", e.Seen)
	switch {
	case e.Kind == spec.EventRestarted:
		r.recorder.Restarted(e.Service, "done")
	case e.Kind == spec.EventGivenUp:
		r.recorder.Restarted(e.Service, "held_back")
	case e.ActionFailed:
		r.recorder.Restarted(e.Service, "failed")
	}
	if e.Flapping && (e.Kind == spec.EventFailed || e.Kind == spec.EventRecovered) {
		return
	}
	r.notices.Tell(notify.Event{Kind: e.Kind, Service: e.Service, Check: e.Check, Level: e.Level, Message: e.Seen, Time: e.At})
}

// reload takes the spec as it is now. What listens stays: another address takes a restart.
func (r *runner) reload(ctx context.Context) error {
	run, err := r.read()
	if err == nil {
		err = r.use(ctx, run)
	}
	r.recorder.Erred(err)
	return err
}

func (r *runner) use(ctx context.Context, run spec.Run) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case (run.Serve == nil) != (r.spec.Serve == nil) || run.Serve != nil && run.Serve.Listen != r.spec.Serve.Listen || run.Status != r.spec.Status:
		return errors.New("another address takes a restart")
	case len(run.Notify) != len(r.spec.Notify):
		return errors.New("other notifiers take a restart")
	}
	if run.Serve != nil {
		if err := r.server.Reload(*run.Serve); err != nil {
			return err
		}
	}
	if err := r.checks.Reload(ctx, run); err != nil {
		return err
	}
	r.recorder.Use(run)
	r.spec = run
	return nil
}

// status is what the service manager shows.
func (r *runner) status() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	if r.spec.Serve != nil {
		n = len(r.spec.Serve.Services)
	}
	return "serves " + count(n, "config") + ", asks " + count(len(r.spec.Checks), "check")
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprint(n, " ", noun, "s")
}

// meter hands what a scheduler counts to the recorder. All its methods are called from the loop of the scheduler.
type meter struct {
	recorder *observe.Recorder
	log      *slog.Logger
	unasked  map[string]int // questions in a row that could not be asked, by check
	lag      time.Duration  // of the question that started last
}

func (m *meter) late(d time.Duration) { m.lag = d }

// Asked is an answer.
func (m *meter) Asked(service, check string, a schedule.Answer, took time.Duration, seen string) {
	result := map[schedule.Answer]observe.Result{schedule.Works: observe.Success, schedule.Fails: observe.Failure, schedule.Unknown: observe.Unasked}[a]
	m.recorder.Checked(service, check, result, time.Now().Add(-took), m.lag, took, seen)
	m.note(service, check, a == schedule.Unknown, seen)
}

// blindAfter is how many questions in a row that could not be asked are told in the log, once: such a check says nothing, and
// neither fails nor works.
const blindAfter = 3

func (m *meter) note(service, check string, unasked bool, seen string) {
	key := service + "/" + check
	n := m.unasked[key]
	switch {
	case unasked:
		m.unasked[key] = n + 1
		if n+1 == blindAfter {
			m.log.Warn("check cannot be asked", "service", service, "check", check, "seen", seen)
		}
	case n > 0:
		delete(m.unasked, key)
		if n >= blindAfter {
			m.log.Info("check can be asked again", "service", service, "check", check)
		}
	}
}

// State is what a check has come to.
func (m *meter) State(service, check string, s schedule.State) {
	to := map[schedule.State]observe.State{schedule.Starting: observe.Unknown, schedule.Passed: observe.Works, schedule.Failed: observe.Failed}[s]
	m.recorder.Turned(service, check, to, false)
}

// Gone is a check that the spec has no more. The recorder hears of the new spec itself.
func (m *meter) Gone(service, check string) { delete(m.unasked, service+"/"+check) }
