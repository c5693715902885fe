package engine

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// How long [Engine.Wait] pauses before it asks again; it doubles. A program is seen to have ended some milliseconds after
// its output ends.
const (
	firstPause = 10 * time.Millisecond
	lastPause  = 500 * time.Millisecond
)

// Create prepares a program in a container, without a terminal and without input: POST /containers/NAME/exec. It answers
// with the ID for [Engine.Start]. A container that is not there is a [Refusal] of 404, one that is stopped, paused or being
// restarted one of 409.
func (e Engine) Create(ctx context.Context, name string, argv []string) (id string, err error) {
	ask := struct {
		AttachStdout, AttachStderr, Tty bool
		Cmd                             []string
	}{AttachStdout: true, AttachStderr: true, Cmd: argv}
	var answer struct{ ID string }
	if err := e.ask(ctx, http.MethodPost, containerPath(name, "exec"), ask, http.StatusCreated, maxExec, &answer); err != nil {
		return "", err
	}
	if answer.ID == "" {
		return "", errors.New("cannot read the engine's answer: it has no ID")
	}
	return answer.ID, nil
}

// Start starts what [Engine.Create] prepared: POST /exec/ID/start. It answers with the stream of its output, for [Output],
// which ends when the program has ended, or has closed it; the caller closes it. Closing it does not end the program:
// the engine has no way to.
func (e Engine) Start(ctx context.Context, id string) (io.ReadCloser, error) {
	ask := struct{ Detach, Tty bool }{}
	return e.call(ctx, http.MethodPost, "/exec/"+url.PathEscape(id)+"/start", ask, http.StatusOK)
}

// Output writes what a program printed to w, output and errors together, from the stream of [Engine.Start]: frames, each
// a header of 8 bytes with the number of the stream, three zeros and the length of what follows, big-endian
// (ContainerAttach, "Stream format"). Frames may be as long as they like: none is held in memory.
func Output(w io.Writer, stream io.Reader) error {
	for {
		var head [8]byte
		switch n, err := io.ReadFull(stream, head[:]); {
		case n == 0 && errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("cannot read the output: %w", err)
		}
		size := int64(binary.BigEndian.Uint32(head[4:]))
		switch kind := binary.BigEndian.Uint32(head[:4]); kind {
		case 1 << 24, 2 << 24: // output, errors
			if _, err := io.CopyN(w, stream, size); err != nil {
				return fmt.Errorf("cannot read the output: it ends within a frame: %w", err)
			}
		case 3 << 24: // what the engine itself has to say (Systemerr of moby's stdcopy)
			said, _ := io.ReadAll(io.LimitReader(stream, min(size, maxMessage)))
			return fmt.Errorf("the engine says within the output: %s", oneLine(string(said)))
		default:
			return fmt.Errorf("cannot read the output: a frame begins with %x; want 01000000 or 02000000", head[:4])
		}
	}
}

// Wait asks until what [Engine.Start] started has ended, and answers with its exit status: GET /exec/ID/json. Docker gives
// 126 or 127 to a program that could not be started.
func (e Engine) Wait(ctx context.Context, id string) (code int, err error) {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		var answer struct {
			Running  *bool
			ExitCode *int
		}
		if err := e.ask(ctx, http.MethodGet, "/exec/"+url.PathEscape(id)+"/json", nil, http.StatusOK, maxExec, &answer); err != nil {
			return 0, err
		}
		switch {
		case answer.Running == nil:
			return 0, errors.New("cannot read the engine's answer: it does not say whether the program runs")
		case !*answer.Running && answer.ExitCode == nil:
			return 0, errors.New("the engine says that the program does not run, and has no exit status: it was not started")
		case !*answer.Running:
			return *answer.ExitCode, nil
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}
