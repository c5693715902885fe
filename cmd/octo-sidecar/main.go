// Command octo-sidecar is the small runtime that stands beside services where a platform lacks something. This
// version has the one-shot verbs: probe asks once whether a service answers, wait asks until it does.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/spf13/pflag"

	"github.com/octocompose/octocompose/runtime/probe"
	"github.com/octocompose/octocompose/runtime/wait"
)

const usage = `octo-sidecar stands beside services where a platform lacks something.

  octo-sidecar probe [--timeout=2s] WHAT                  ask once; exit 0 when it answers, 1 when not
  octo-sidecar wait [--timeout=10m] [--interval=1s] WHAT  ask until it answers; exit 1 when the time is up
  octo-sidecar version

WHAT is one of:
  tcp HOST:PORT        a connection is accepted
  dns NAME             the name has an address
  http URL             the page answers with a status from 200 to 399
  k8s-job NAME         the Kubernetes Job has completed; token, ca.crt and namespace lie in /run/octo/kube

The config server, the scheduler of checks and fetch come with a later version.
`

// version is stamped by the linker.
var version = ""

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr, os.Getenv)
	stop()
	os.Exit(code)
}

// run is main without the process. Exit codes: 0 done; 1 no answer; 2 usage; 130 interrupted.
func run(ctx context.Context, args []string, stdout, stderr io.Writer, env func(string) string) int {
	verb := ""
	if len(args) > 0 {
		verb = args[0]
	}
	switch verb {
	case "probe", "wait":
		return ask(ctx, verb, args[1:], stderr, env)
	case "version", "--version":
		fmt.Fprintln(stdout, "octo-sidecar", buildVersion())
		return 0
	case "", "help", "-h", "--help":
		fmt.Fprint(stdout, usage)
		return 0
	}
	fmt.Fprintf(stderr, "octo-sidecar: no verb is called %q; want probe, wait or version\n", verb)
	return 2
}

func ask(ctx context.Context, verb string, args []string, stderr io.Writer, env func(string) string) int {
	flags := pflag.NewFlagSet(verb, pflag.ContinueOnError)
	flags.SetOutput(io.Discard)
	limit := map[string]time.Duration{"probe": 2 * time.Second, "wait": 10 * time.Minute}[verb]
	timeout := flags.Duration("timeout", limit, "give up after this time")
	interval := flags.Duration("interval", time.Second, "time between two questions")
	fail := func(err error, code int) int {
		fmt.Fprintf(stderr, "octo-sidecar: %v\n", err)
		return code
	}
	if err := flags.Parse(args); err != nil {
		return fail(err, 2)
	}
	if *interval <= 0 || *timeout <= 0 {
		return fail(errors.New("--timeout and --interval must be more than 0"), 2)
	}
	question, err := what(flags.Args(), env)
	if err != nil {
		return fail(err, 2)
	}
	limited, cancel := context.WithTimeout(ctx, *timeout)
	defer cancel()
	if verb == "probe" {
		err = question(limited)
	} else {
		err = wait.Until(limited, *interval, question)
	}
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil:
		return fail(errors.New("interrupted"), 130)
	}
	return fail(err, 1)
}

// kubeDir is where a projected volume of the gate holds token, ca.crt and namespace.
const kubeDir = "/run/octo/kube"

func what(args []string, env func(string) string) (probe.Func, error) {
	if len(args) != 2 {
		return nil, errors.New("want a kind and what to ask: tcp HOST:PORT, dns NAME, http URL or k8s-job NAME")
	}
	switch kind, arg := args[0], args[1]; kind {
	case "tcp":
		return func(ctx context.Context) error { return probe.TCP(ctx, arg) }, nil
	case "dns":
		return func(ctx context.Context) error { return probe.DNS(ctx, arg) }, nil
	case "http":
		return func(ctx context.Context) error { return probe.HTTP(ctx, arg) }, nil
	case "k8s-job":
		host, port := env("KUBERNETES_SERVICE_HOST"), env("KUBERNETES_SERVICE_PORT_HTTPS")
		if host == "" {
			host, port = "kubernetes.default.svc", "443"
		}
		if port == "" {
			port = "443"
		}
		k := probe.Kube{Server: "https://" + net.JoinHostPort(host, port), Dir: kubeDir}
		return func(ctx context.Context) error { return k.Job(ctx, arg) }, nil
	default:
		return nil, fmt.Errorf("no kind is called %q; want tcp, dns, http or k8s-job", kind)
	}
}

func buildVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
