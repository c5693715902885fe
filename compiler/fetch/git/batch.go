package git

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
)

// batch is a run of git-cat-file(1) --batch, which gives one blob after the other: a run for each costs more than all that
// it does. It starts with the first blob, and anew after an error.
type batch struct {
	mu     sync.Mutex
	cmd    *exec.Cmd
	end    context.CancelFunc
	in     io.WriteCloser
	out    *bufio.Reader
	closed bool
}

func (b *batch) read(ctx context.Context, t *Tree, what blob) ([]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case b.closed:
		return nil, errors.New("the client is closed")
	case b.cmd == nil:
		if err := b.start(t); err != nil {
			return nil, err
		}
	}
	stop := context.AfterFunc(ctx, b.end)
	defer stop()
	data, err := b.exchange(what)
	if err != nil {
		b.stop()
		if ctx.Err() != nil {
			err = ctx.Err()
		}
	}
	return data, err
}

func (b *batch) start(t *Tree) error {
	ctx, end := context.WithCancel(context.Background()) // it outlives the one who reads first
	cmd := t.program.command(ctx, t.env, "cat-file", "--batch")
	in, err := cmd.StdinPipe()
	if err == nil {
		var out io.ReadCloser
		if out, err = cmd.StdoutPipe(); err == nil {
			b.out = bufio.NewReader(out)
			err = cmd.Start()
		}
	}
	if err != nil {
		end()
		return err
	}
	b.cmd, b.end, b.in = cmd, end, in
	return nil
}

// exchange asks for a blob: OBJECT LF there, OBJECT TYPE SIZE LF CONTENT LF back.
func (b *batch) exchange(what blob) ([]byte, error) {
	if _, err := io.WriteString(b.in, what.id+"\n"); err != nil {
		return nil, err
	}
	head, err := b.out.ReadString('\n')
	if err != nil {
		return nil, err
	}
	if want := fmt.Sprintf("%s blob %d", what.id, what.size); strings.TrimSpace(head) != want {
		return nil, fmt.Errorf("git gives %q; want %q", strings.TrimSpace(head), want)
	}
	data := make([]byte, what.size+1) // with the LF
	if _, err := io.ReadFull(b.out, data); err != nil {
		return nil, err
	}
	return data[:what.size:what.size], nil
}

// stop ends the run; the lock is held.
func (b *batch) stop() {
	if b.cmd != nil {
		b.end()
		_ = b.in.Close()
		_ = b.cmd.Wait()
		b.cmd = nil
	}
}

func (b *batch) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	b.stop()
}
