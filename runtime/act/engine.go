package act

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
)

// maxAnswer is how much is read of an engine's or HAProxy's answer, in bytes.
const maxAnswer = 64 << 10

// maxStates is how much is read of a list of servers, in bytes: some 10,000 servers in one backend.
const maxStates = 4 << 20

// restartContainer posts to /containers/NAME/restart of the engine API, which Docker and Podman speak, without a version,
// so that the engine takes its own. Without the parameter t the engine gives the container the time to stop that the
// container was made with (StopTimeout, which stop_grace_period of a Compose file sets). 204 is success.
func (s System) restartContainer(ctx context.Context, socket, name string) error {
	client := http.Client{
		Transport: &http.Transport{
			DisableKeepAlives:      true,
			MaxResponseHeaderBytes: maxAnswer,
			DialContext:            func(ctx context.Context, _, _ string) (net.Conn, error) { return s.dial(ctx, socket) },
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	page := "http://engine/containers/" + url.PathEscape(name) + "/restart"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, page, nil)
	if err != nil {
		return fmt.Errorf("cannot restart the container %q: %w", name, err)
	}
	resp, err := client.Do(req)
	if err != nil {
		if wrapped, ok := errors.AsType[*url.Error](err); ok {
			err = wrapped.Err
		}
		return fmt.Errorf("cannot restart the container %q: %w", name, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNoContent {
		return nil
	}
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer)) // what is there of it explains the status
	var said struct{ Message string }
	if json.Unmarshal(body, &said) == nil && said.Message != "" {
		return fmt.Errorf("cannot restart the container %q: the engine answers %s: %s", name, resp.Status, said.Message)
	}
	return fmt.Errorf("cannot restart the container %q: the engine answers %s; want 204", name, resp.Status)
}

var _ Hands = System{}
