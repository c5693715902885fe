package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
)

// Exit codes.
const (
	exitDone        = 0
	exitConfig      = 1   // errors in the config
	exitUsage       = 2   // flags and arguments
	exitDiffers     = 3   // differences (--check), outputs that were edited
	exitEnvironment = 4   // I/O, a preflight check
	exitInterrupted = 130 // SIGINT, SIGTERM
)

// Of memory the collector may take more than it does in a server: the process ends in less than a second. The limit
// keeps a large config from growing without bound.
const (
	gcPercent   = 400
	memoryLimit = 1 << 30
)

func main() {
	debug.SetGCPercent(gcPercent)
	debug.SetMemoryLimit(memoryLimit)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	a := &app{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, env: os.LookupEnv}
	done := make(chan int, 1)
	go func() { done <- a.run(ctx, os.Args[1:]) }()
	select {
	case code := <-done:
		if code != exitInterrupted {
			os.Exit(code)
		}
	case <-ctx.Done():
		a.showTyping()
		stop()           // a second interrupt ends the process at once
		a.writing.Lock() // what is being written is finished or taken back first
	}
	fmt.Fprintln(os.Stderr, "octo: interrupted")
	os.Exit(exitInterrupted)
}

// app is one run of the command.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	env            func(name string) (string, bool)
	// writing is held while the output folder is changed: an interrupt waits for it.
	writing sync.Mutex
	// typing is set while a secret is typed.
	typing atomic.Pointer[typing]

	// What the flags of every command say.
	color choice
	// Directory to work in; "" is the current one.
	directory string
}

// failure is an error that knows its exit code. It was printed already when said is set.
type failure struct {
	code int
	err  error
	help string
	said bool
}

func (f *failure) Error() string {
	if f.err == nil {
		return fmt.Sprintf("exit %d", f.code)
	}
	return f.err.Error()
}

func (f *failure) Unwrap() error { return f.err }

// usage is the error of a wrong flag or argument, with what to do.
func usage(help, format string, args ...any) error {
	return &failure{code: exitUsage, err: fmt.Errorf(format, args...), help: help}
}

// silent ends the run with a code: all has been said.
func silent(code int) error { return &failure{code: code, said: true} }

// run runs one command and returns its exit code. Of an interrupt it says nothing: main does.
func (a *app) run(ctx context.Context, args []string) (code int) {
	defer func() {
		if r := recover(); r != nil {
			fmt.Fprintf(a.stderr, "octo: this is a bug of octo: %v\n%s", r, debug.Stack())
			code = exitEnvironment
		}
	}()
	err := a.execute(ctx, args)
	if err == nil {
		return exitDone
	}
	if ctx.Err() != nil {
		return exitInterrupted // main says so
	}
	f := &failure{code: exitEnvironment, err: err}
	errors.As(err, &f)
	if !f.said {
		fmt.Fprintf(a.stderr, "octo: %v\n", err)
		if f.help != "" {
			fmt.Fprintf(a.stderr, "  %s %s\n", a.paint(a.stderr, green, "help:"), f.help)
		}
	}
	return f.code
}
