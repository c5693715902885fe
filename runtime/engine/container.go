package engine

import (
	"context"
	"errors"
	"net/http"
	"net/url"
)

// State is how a container is: fields of State of ContainerInspect. While the engine restarts a container by its policy,
// Docker sets both Running and Restarting.
type State struct{ Running, Paused, Restarting bool }

// Why says why nothing in the container answers, "" where something should.
func (s State) Why() string {
	switch {
	case s.Restarting:
		return "the engine is restarting it"
	case !s.Running:
		return "it is not running"
	case s.Paused:
		return "it is paused"
	}
	return ""
}

// State asks how the container is: GET /containers/NAME/json. A container that is not there is a [Refusal] of 404.
func (e Engine) State(ctx context.Context, name string) (State, error) {
	var answer struct {
		State *struct {
			Running            *bool
			Paused, Restarting bool
		}
	}
	if err := e.ask(ctx, http.MethodGet, containerPath(name, "json"), nil, http.StatusOK, maxContainer, &answer); err != nil {
		return State{}, err
	}
	if answer.State == nil || answer.State.Running == nil {
		return State{}, errors.New("cannot read the engine's answer: it does not say whether the container runs")
	}
	return State{Running: *answer.State.Running, Paused: answer.State.Paused, Restarting: answer.State.Restarting}, nil
}

// Restart restarts the container, and waits until it has: POST /containers/NAME/restart. One that is not running is
// started. Without the parameter t the engine gives the container the time to stop that it was made with (StopTimeout,
// which stop_grace_period of a Compose file sets).
func (e Engine) Restart(ctx context.Context, name string) error {
	body, err := e.call(ctx, http.MethodPost, containerPath(name, "restart"), nil, http.StatusNoContent)
	if err != nil {
		return err
	}
	return body.Close()
}

func containerPath(name, what string) string {
	return "/containers/" + url.PathEscape(name) + "/" + what
}
