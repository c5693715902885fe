package act

import (
	"context"
	"errors"
	"fmt"

	"github.com/octocompose/octocompose/runtime/engine"
)

// ErrLeft is in an error of a restart that was not even tried, since it would undo what somebody does: the container is
// stopped or paused, or the engine is restarting it. It counts against no bound.
var ErrLeft = errors.New("it is left alone")

// restartContainer restarts a container that runs; one that does not is left alone ([ErrLeft]), as the engine would start
// it. The engine knows no restart on a condition, so that a container which is stopped between the question and the
// restart is started all the same; and Docker calls one that is being stopped running until it has ended.
func (s System) restartContainer(ctx context.Context, socket, name string) error {
	e := engine.Engine{Socket: socket, Dial: s.Dial}
	state, err := e.State(ctx, name)
	why := ""
	switch {
	case err != nil:
		return fmt.Errorf("cannot restart the container %q: %w", name, err)
	case state.Restarting:
		why = "the engine is restarting it already"
	case !state.Running:
		why = "it is not running; who stopped it starts it"
	case state.Paused:
		why = "it is paused; who paused it lets it go on"
	}
	if why != "" {
		return &left{fmt.Sprintf("cannot restart the container %q: %s", name, why)}
	}
	if err := e.Restart(ctx, name); err != nil {
		return fmt.Errorf("cannot restart the container %q: %w", name, err)
	}
	return nil
}

// left is an [ErrLeft] whose text says all.
type left struct{ text string }

func (l *left) Error() string        { return l.text }
func (l *left) Is(target error) bool { return target == ErrLeft }
