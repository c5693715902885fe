package act

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/octocompose/octocompose/runtime/spec"
)

// maxAnswer is how much is read of HAProxy's answer, in bytes.
const maxAnswer = 64 << 10

// maxStates is how much is read of a list of servers, in bytes: some 10,000 servers in one backend.
const maxStates = 4 << 20

// The administrative state of a server in the answer to "show servers state" (srv_admin_state): a mask, of which these
// are set by hand or through the socket.
const (
	forcedMaint = 0x01
	forcedDrain = 0x08
)

// Drain takes a server out with "set server BACKEND/SERVER state drain" (HAProxy management guide, 9.3): sessions that are
// there go on, new ones go elsewhere. A server that somebody has put into maintenance stays there.
func (s System) Drain(ctx context.Context, d spec.Drain) error {
	admin, err := s.admin(ctx, d)
	if err != nil || admin&(forcedMaint|forcedDrain) != 0 {
		return err
	}
	return s.setState(ctx, d, "drain")
}

// Ready brings a server back with "set server … state ready". A server that is not drained, or that somebody has put into
// maintenance, is left as it is.
func (s System) Ready(ctx context.Context, d spec.Drain) error {
	admin, err := s.admin(ctx, d)
	if err != nil || admin&forcedMaint != 0 || admin&forcedDrain == 0 {
		return err
	}
	return s.setState(ctx, d, "ready")
}

func (s System) setState(ctx context.Context, d spec.Drain, state string) error {
	answer, err := s.command(ctx, d, "set server "+d.Backend+"/"+d.Server+" state "+state, maxAnswer)
	if err != nil {
		return err
	}
	if answer = strings.TrimSpace(answer); answer != "" { // it answers an empty line where it has done it
		return fmt.Errorf("cannot set %s/%s to %s: HAProxy answers %q", d.Backend, d.Server, state, firstLine(answer))
	}
	return nil
}

// admin is the administrative state of a server: field 7 of its line in the answer to "show servers state BACKEND",
// version 1 of that format: be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state ….
func (s System) admin(ctx context.Context, d spec.Drain) (int, error) {
	answer, err := s.command(ctx, d, "show servers state "+d.Backend, maxStates)
	if err != nil {
		return 0, err
	}
	if version := firstLine(strings.TrimSpace(answer)); version != "1" {
		return 0, fmt.Errorf("cannot ask for the state of %s/%s: HAProxy answers %q; want version 1 of its list", d.Backend, d.Server, version)
	}
	for line := range strings.Lines(answer) {
		f := strings.Fields(line)
		if len(f) < 7 || f[0] == "#" || f[1] != d.Backend || f[3] != d.Server {
			continue
		}
		admin, err := strconv.Atoi(f[6])
		if err != nil {
			return 0, fmt.Errorf("cannot read the state of %s/%s: %q is no number", d.Backend, d.Server, f[6])
		}
		return admin, nil
	}
	return 0, fmt.Errorf("cannot ask for the state of %s/%s: HAProxy has no such server", d.Backend, d.Server)
}

// command sends one command over a connection of its own, which HAProxy closes behind the answer, of limit bytes at most.
func (s System) command(ctx context.Context, d spec.Drain, words string, limit int64) (string, error) {
	conn, err := s.dial(ctx, d.Socket)
	if err != nil {
		return "", fmt.Errorf("cannot reach HAProxy for %s/%s: %w", d.Backend, d.Server, err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	if _, err := io.WriteString(conn, words+"\n"); err != nil {
		return "", fmt.Errorf("cannot ask HAProxy for %s/%s: %w", d.Backend, d.Server, err)
	}
	answer, err := io.ReadAll(io.LimitReader(conn, limit+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("cannot read HAProxy's answer for %s/%s: %w", d.Backend, d.Server, err)
	case int64(len(answer)) > limit:
		return "", fmt.Errorf("cannot read HAProxy's answer for %s/%s: it has more than %d bytes", d.Backend, d.Server, limit)
	}
	return string(answer), nil
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
