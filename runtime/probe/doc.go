// Package probe asks once whether something works: a port, a name, a page, a gRPC service, a program, one in a container, a
// unit of systemd, a Kubernetes Job.
//
// In: what to ask, a context with a deadline. Out: nil, or an error that says what was seen. It never retries, and
// keeps no state but the count of restarts of a unit; packages wait and watch repeat it. It reads no environment and knows
// no bus: what a question needs of them comes in ([Means]).
//
// [Parse] reads a question as the command line spells it; the verbs probe, wait and watch share it.
//
//	ask, err := probe.Parse([]string{"tcp", "db:5432"}, probe.Means{})
//	err = ask(ctx)
package probe

import (
	"context"
	"errors"
	"fmt"
	"syscall"
)

// Func asks once. Its error is one of three kinds: a plain one is the answer "no"; one that is [ErrFinal] is a "no" that
// stays; one that is [ErrUnasked] is no answer.
type Func func(ctx context.Context) error

// ErrFinal is in an error that asking again cannot mend: a Job that failed, an address that is none.
var ErrFinal = errors.New("asking again does not help")

// ErrUnasked is in an error that says nothing about what was asked: the prober itself was short of something (files,
// memory, processes), or what it asks through was not there (see [Container]). As the kubelet does with such a result, who
// counts answers leaves it out.
var ErrUnasked = errors.New("the question could not be asked")

// unasked adds [ErrUnasked] to err where the machine was short of something: open files (EMFILE, ENFILE), memory
// (ENOMEM), socket buffers (ENOBUFS). EADDRNOTAVAIL is left out: it means used-up ports, but also an address family that
// the machine does not have, and the latter is an answer.
func unasked(err error) error {
	for _, short := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.ENOBUFS} {
		if errors.Is(err, short) {
			return fmt.Errorf("%w: %w", ErrUnasked, err)
		}
	}
	return err
}
