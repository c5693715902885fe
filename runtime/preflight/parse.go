package preflight

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/octocompose/octocompose/runtime/probe"
)

// Func makes one check.
type Func = probe.Func

// System is what a machine says of itself.
type System struct {
	Free   func(path string) (uint64, error)              // bytes that the user may still write below path, which exists
	Kernel func() (string, error)                         // the release of the kernel, as uname -r prints it
	Bind   func(ctx context.Context, p Port) (err error)  // binds and leaves the port; syscall errors as they are
	Held   func(p Port) (held bool, known bool)           // whether somebody holds the port, where binding is not allowed
	Exists func(path string) (exists bool, failure error) // whether there is something at path
}

// checks are what [System.Parse] knows, in the order of the help text; each gets the words behind its own.
var checks = []struct {
	name  string
	want  string // how it is written
	parse func(s System, words []string) (Func, error)
}{
	{"port", "port [ADDRESS:]PORT[/udp]", System.parsePort},
	{"disk", "disk PATH SIZE", System.parseDisk},
	{"kernel", "kernel VERSION", System.parseKernel},
	{"dns", "dns NAME", parseDNS},
	{"url", "url URL", parseURL},
	{"command", "command PROGRAM ARG…", parseCommand},
}

const (
	wantAll   = "all JSON"
	maxNested = 4
)

// errWords is answered by a parser whose words are too few or too many; Parse says what is wanted.
var errWords = errors.New("wrong number of words")

// Parse is [System.Parse] of this machine.
func Parse(words []string) (Func, error) { return Host().Parse(words) }

// Parse reads a check in the words of the command line: port [ADDRESS:]PORT[/udp], disk PATH SIZE, kernel VERSION, dns
// NAME, url URL, command PROGRAM ARG… or all JSON. An error says what was expected; nothing is looked at here. The error
// of a check wraps [probe.ErrUnasked] where the answer could not be found out.
func (s System) Parse(words []string) (Func, error) { return s.parse(words, 0) }

func (s System) parse(words []string, depth int) (Func, error) {
	if len(words) == 0 {
		return nil, errors.New("want what to check: " + strings.Join(wants(), ", "))
	}
	if words[0] == "all" {
		list := ""
		if len(words) == 2 && depth < maxNested {
			list = words[1]
		}
		return probe.ParseAll(list, func(words []string) (Func, error) { return s.parse(words, depth+1) })
	}
	for _, c := range checks {
		if c.name != words[0] {
			continue
		}
		check, err := c.parse(s, words[1:])
		if errors.Is(err, errWords) {
			return nil, errors.New("want " + c.want)
		}
		return check, err
	}
	return nil, fmt.Errorf("no check is called %q; want %s", words[0], strings.Join(wants(), ", "))
}

func wants() []string {
	var all []string
	for _, c := range checks {
		all = append(all, c.want)
	}
	return append(all, wantAll)
}

func parseDNS(_ System, words []string) (Func, error) {
	if len(words) != 1 {
		return nil, errWords
	}
	return probe.Parse(append([]string{"dns"}, words...), probe.Means{})
}

func parseURL(_ System, words []string) (Func, error) {
	if len(words) != 1 {
		return nil, errWords
	}
	if _, err := probe.Parse([]string{"http", words[0]}, probe.Means{}); err != nil {
		return nil, err
	}
	return func(ctx context.Context) error { return probe.Reach(ctx, words[0]) }, nil
}

func parseCommand(_ System, words []string) (Func, error) {
	if len(words) == 0 || words[0] == "" {
		return nil, errWords
	}
	return func(ctx context.Context) error { return probe.Exec(ctx, words[0], words[1:]...) }, nil
}
