// Command octo-sidecar is the small runtime that stands beside services where a platform lacks something: it asks
// whether they work, waits for them, watches them, checks a machine, fetches programs, and reads secrets.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/pflag"
)

const usage = `octo-sidecar stands beside services where a platform lacks something.

  octo-sidecar run --spec=FILE [--state=DIR] [--log-format=text|json]
      serve configs and ask checks, as FILE says, until told to stop; SIGHUP reads FILE again
  octo-sidecar status [--state=DIR] [--json]
      show what the one that runs in DIR does
  octo-sidecar probe [--timeout=2s] WHAT
      ask once
  octo-sidecar wait [--timeout=10m] [--interval=1s] [--pid=PID] WHAT
      ask until it answers; give up when the time is up or the process PID is gone
  octo-sidecar watch [--interval=30s] [--timeout=30s] [--failures=3] [--successes=1] [--start-period=0s] [--pid=PID] WHAT
      ask for ever; end with 1 once WHAT has failed so many times in a row, with 0 when told to stop or PID is gone
  octo-sidecar preflight [--timeout=30s] CHECK
      check this machine
  octo-sidecar fetch --spec=FILE
      download, verify, unpack and put in place the program that FILE names
  octo-sidecar secret vault --path=MOUNT/PATH --key=FIELD [--mount=MOUNT] [--version=N] [--address=URL] [--out=FILE]
               [--timeout=30s] [--token-file=FILE | --role-id-file=FILE --secret-id-file=FILE]
      read a value from a KV engine (version 2) of Vault; into FILE, mode 0600, or to stdout
  octo-sidecar install DIR
      copy this program to DIR/octo-sidecar
  octo-sidecar version

WHAT is one of:
  tcp HOST:PORT…           one of the addresses accepts a connection
  dns NAME                 the name has an address
  http [--host=NAME] URL   the page answers with a status from 200 to 399; certificates are not checked
  grpc HOST:PORT [SERVICE] grpc.health.v1.Health/Check answers SERVING, in plain text
  exec PROGRAM ARG…        the program ends with 0
  plugin PROGRAM ARG…      a Nagios plugin: 0 and 1 work, 2, 3 and others do not
  unit NAME.service        the unit of systemd runs, and systemd has not restarted it since it was asked last
  k8s-job NAME             the Kubernetes Job has completed; token, ca.crt and namespace lie in /run/octo/kube
  all JSON                 all of a list hold: '[["tcp","127.0.0.1:80"],["http","http://127.0.0.1/"]]'

CHECK is one of:
  port [ADDRESS:]PORT[/udp]  nobody holds the port
  disk PATH SIZE             so much is free for this user: 10Gi, 500M or a number of bytes
  kernel VERSION             the kernel is this one or newer
  dns NAME                   the name has an address
  url URL                    the page answers with a status below 400; certificates are not checked
  command PROGRAM ARG…       the program ends with 0
  all JSON                   all of a list hold

Flags stand before WHAT and CHECK; what stands behind PROGRAM belongs to the program.
Exit status: 0 yes or done, 1 no or failed, 2 wrong usage, 130 interrupted.
`

// version is stamped by the linker.
var version = ""

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr, os.Getenv)
	stop()
	os.Exit(code)
}

// The exit codes.
const (
	done        = 0
	failed      = 1
	misused     = 2
	interrupted = 130
)

// call is one run of a verb.
type call struct {
	flags  *pflag.FlagSet
	stdout io.Writer
	stderr io.Writer
	env    func(string) string
}

func (c *call) say(line string) { fmt.Fprintln(c.stderr, "octo-sidecar:", line) }

// errUsage is in an error of somebody who wrote the command; the rest of its text says what was expected.
type errUsage struct{ error }

func (e errUsage) Unwrap() error { return e.error }

// verbs in the order of the help text. Each declares its flags, and gets the words behind them.
var verbs = []struct {
	name string
	make func(c *call) func(ctx context.Context, words []string) error
}{
	{"run", makeRun}, {"status", makeStatus}, {"probe", makeProbe}, {"wait", makeWait}, {"watch", makeWatch}, {"preflight", makePreflight}, {"fetch", makeFetch}, {"secret", makeSecret},
	{"install", makeInstall},
}

// run is main without the process.
func run(ctx context.Context, args []string, stdout, stderr io.Writer, env func(string) string) int {
	verb := ""
	if len(args) > 0 {
		verb = args[0]
	}
	switch verb {
	case "version", "--version":
		fmt.Fprintln(stdout, "octo-sidecar", buildVersion())
		return done
	case "", "help", "-h", "--help":
		fmt.Fprint(stdout, usage)
		return done
	}
	var names []string
	for _, v := range verbs {
		if v.name != verb {
			names = append(names, v.name)
			continue
		}
		c := &call{flags: pflag.NewFlagSet(verb, pflag.ContinueOnError), stdout: stdout, stderr: stderr, env: env}
		c.flags.SetOutput(io.Discard)
		c.flags.SetInterspersed(false) // what stands behind the first word belongs to it
		do := v.make(c)
		err := c.flags.Parse(args[1:])
		if errors.Is(err, pflag.ErrHelp) {
			fmt.Fprint(stdout, usage)
			return done
		}
		if err != nil {
			err = errUsage{err}
		} else {
			err = do(ctx, c.flags.Args())
		}
		return c.end(ctx, err)
	}
	fmt.Fprintf(stderr, "octo-sidecar: no verb is called %q; want %s or version\n", verb, strings.Join(names, ", "))
	return misused
}

// end tells an error and returns the exit code.
func (c *call) end(ctx context.Context, err error) int {
	if err == nil {
		return done
	}
	if _, usage := errors.AsType[errUsage](err); usage {
		c.say(err.Error())
		return misused
	}
	if ctx.Err() != nil {
		c.say("interrupted")
		return interrupted
	}
	c.say(err.Error())
	return failed
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
