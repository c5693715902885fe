package main

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/octocompose/octocompose/runtime/act"
	"github.com/octocompose/octocompose/runtime/preflight"
	"github.com/octocompose/octocompose/runtime/probe"
	"github.com/octocompose/octocompose/runtime/wait"
	"github.com/octocompose/octocompose/runtime/watch"
)

func makeProbe(c *call) func(context.Context, []string) error {
	timeout := c.flags.Duration("timeout", 2*time.Second, "how long it may take")
	return func(ctx context.Context, words []string) error {
		ask, err := c.what(words, *timeout)
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(ctx, *timeout)
		defer cancel()
		return ask(ctx)
	}
}

func makeWait(c *call) func(context.Context, []string) error {
	timeout := c.flags.Duration("timeout", 10*time.Minute, "give up after this time")
	interval := c.flags.Duration("interval", time.Second, "time between two questions")
	pid := c.flags.Int("pid", 0, "give up when this process is gone")
	return func(ctx context.Context, words []string) error {
		ask, err := c.what(words, *timeout, *interval)
		if err != nil {
			return err
		}
		ctx, stop, err := c.while(ctx, *pid)
		if err != nil {
			return err
		}
		defer stop()
		ctx, cancel := context.WithTimeout(ctx, *timeout)
		defer cancel()
		return wait.Until(ctx, *interval, ask)
	}
}

func makeWatch(c *call) func(context.Context, []string) error {
	var r watch.Rule
	c.flags.DurationVar(&r.Interval, "interval", 30*time.Second, "from start to start of two questions")
	c.flags.DurationVar(&r.Timeout, "timeout", 30*time.Second, "how long one question may take")
	c.flags.DurationVar(&r.StartPeriod, "start-period", 0, "failures do not count so long, or until the first success")
	c.flags.IntVar(&r.Failures, "failures", 3, "so many in a row are the end")
	c.flags.IntVar(&r.Successes, "successes", 1, "so many in a row clear the failures before")
	pid := c.flags.Int("pid", 0, "end when this process is gone")
	return func(ctx context.Context, words []string) error {
		ask, err := c.what(words)
		if err != nil {
			return err
		}
		if err := r.Check(); err != nil {
			return errUsage{err}
		}
		ctx, stop, err := c.while(ctx, *pid)
		if err != nil {
			return err
		}
		defer stop()
		err = watch.Run(ctx, r, ask, c.say)
		if gone, ok := errors.AsType[wait.Gone](context.Cause(ctx)); err == nil && ok {
			c.say(gone.Error())
		}
		return err
	}
}

func makePreflight(c *call) func(context.Context, []string) error {
	timeout := c.flags.Duration("timeout", 30*time.Second, "how long it may take")
	return func(ctx context.Context, words []string) error {
		if *timeout <= 0 {
			return errUsage{errTimes}
		}
		check, err := preflight.Parse(words)
		if err != nil {
			return errUsage{err}
		}
		ctx, cancel := context.WithTimeout(ctx, *timeout)
		defer cancel()
		return check(ctx)
	}
}

var errTimes = errors.New("--timeout and --interval must be more than 0")

// what reads a question, and refuses times that are none.
func (c *call) what(words []string, times ...time.Duration) (probe.Func, error) {
	for _, t := range times {
		if t <= 0 {
			return nil, errUsage{errTimes}
		}
	}
	ask, err := probe.Parse(words, c.means())
	if err != nil {
		return nil, errUsage{err}
	}
	return ask, nil
}

// while is ctx, which ends with the process pid where one is given.
func (c *call) while(ctx context.Context, pid int) (context.Context, func(), error) {
	if !c.flags.Changed("pid") {
		return ctx, func() {}, nil
	}
	ctx, stop, err := wait.While(ctx, pid)
	if err != nil {
		return nil, nil, errUsage{err}
	}
	return ctx, stop, nil
}

// means is what questions need from outside: the API server, and systemd over the system bus.
func (c *call) means() probe.Means {
	return probe.Means{Kube: c.kube(), Units: func(ctx context.Context, name string) (probe.Unit, error) {
		is, err := act.System{}.Look(ctx, name)
		return probe.Unit(is), err
	}}
}

// kubeDir is where a projected volume of the gate holds token, ca.crt and namespace.
const kubeDir = "/run/octo/kube"

// kube is the API server, by the variables that Kubernetes gives to each pod.
func (c *call) kube() probe.Kube {
	host, port := c.env("KUBERNETES_SERVICE_HOST"), c.env("KUBERNETES_SERVICE_PORT_HTTPS")
	if host == "" {
		host, port = "kubernetes.default.svc", "443"
	}
	if port == "" {
		port = "443"
	}
	return probe.Kube{Server: "https://" + net.JoinHostPort(host, port), Dir: kubeDir}
}
