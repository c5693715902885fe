package probe

import (
	"context"
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/octocompose/octocompose/runtime/engine"
)

// Container runs a program in a container that runs, through the API of its engine at socket, as docker exec does: it
// works when the program ends with 0. Standard input is empty; output and errors are read together, and the first line is
// told when it fails.
//
// Only what the program says is an answer. All else is an [ErrUnasked]: an engine that is not there or answers otherwise
// than documented, and a container that is not there, stopped, paused or being restarted, also while the program runs.
// Nothing is known of a service that somebody has stopped, and nothing is to be done about it.
//
// When ctx ends, the program goes on: no engine can end it. Who asks again and again has it run by what bounds it
// (octo-sidecar probe --timeout=… exec).
func Container(ctx context.Context, socket, name, program string, args ...string) error {
	_, err := containerTold(ctx, append([]string{socket, name, program}, args...))
	return err
}

// containerTold is Container for the words SOCKET NAME PROGRAM ARG…, with the first line that the program printed, of
// 4 KiB at most.
func containerTold(ctx context.Context, words []string) (told string, err error) {
	e, name, argv := engine.Engine{Socket: words[0]}, words[1], words[2:]
	unasked := func(err error) (string, error) {
		if ctx.Err() != nil {
			err = fmt.Errorf("the engine did not answer in time: %w", ctx.Err())
		}
		return "", fmt.Errorf("cannot ask in the container %q: %w: %w", name, ErrUnasked, err)
	}
	id, err := e.Create(ctx, name, argv)
	if err != nil {
		return unasked(err)
	}
	stream, err := e.Start(ctx, id)
	if err != nil {
		return unasked(err)
	}
	defer stream.Close()
	var kept head
	err = engine.Output(&kept, stream)
	r := ran{output: kept.data}
	if err == nil {
		r.code, err = e.Wait(ctx, id)
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return "", fmt.Errorf("%s did not end in time%s: %w", argv[0], r.said(), ctx.Err())
	case err != nil:
		return unasked(err)
	case r.code == 0:
		return r.first(), nil
	}
	// Whoever stops the container ends the program too, and Docker words "not running any more" as a status of 126.
	switch state, err := e.State(ctx, name); {
	case ctx.Err() != nil: // the status is known, and a program that ends just in time must not be unknown for ever
	case err != nil:
		return unasked(err)
	case state.Why() != "":
		return unasked(errors.New(state.Why()))
	}
	if own, ok := strings.CutPrefix(r.first(), "octo-sidecar: "); ok && path.Base(argv[0]) == "octo-sidecar" {
		return r.first(), errors.New(own) // what it asks there is what is asked
	}
	return r.first(), fmt.Errorf("%s ends with %d%s", argv[0], r.code, r.said())
}

// containerName is what Docker and Podman take as a name or an ID.
var containerName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]*$`)

func parseContainer(words []string) (Func, error) {
	if len(words) < 3 || words[2] == "" {
		return nil, errWords
	}
	switch {
	case !path.IsAbs(words[0]) || strings.ContainsRune(words[0], 0):
		return nil, fmt.Errorf("cannot use %q as a socket; want an absolute path", words[0])
	case !containerName.MatchString(words[1]):
		return nil, fmt.Errorf("cannot use %q as a container; want its name", words[1])
	}
	return func(ctx context.Context) error { return Container(ctx, words[0], words[1], words[2], words[3:]...) }, nil
}
