package fetch

import (
	"context"
	"errors"
	"sync"
)

// flight makes each value once, however many ask for it at the same time, and keeps it. An error is not kept.
type flight[T any] struct {
	mu    sync.Mutex
	calls map[string]*call[T]
}

type call[T any] struct {
	done  chan struct{}
	value T
	err   error
}

// do is the value of key. Whoever waits for another's call that ends because that one's context did makes a call of his own.
func (f *flight[T]) do(ctx context.Context, key string, fill func() (T, error)) (T, error) {
	for {
		f.mu.Lock()
		c := f.calls[key]
		if c == nil {
			c = &call[T]{done: make(chan struct{})}
			if f.calls == nil {
				f.calls = map[string]*call[T]{}
			}
			f.calls[key] = c
			f.mu.Unlock()
			return f.run(key, c, fill)
		}
		f.mu.Unlock()
		select {
		case <-c.done:
		case <-ctx.Done():
			var none T
			return none, ctx.Err()
		}
		if errors.Is(c.err, context.Canceled) && ctx.Err() == nil {
			continue
		}
		return c.value, c.err
	}
}

func (f *flight[T]) run(key string, c *call[T], fill func() (T, error)) (T, error) {
	c.err = errors.New("cannot fetch: the fetch was cut off") // should fill panic
	defer func() {
		if c.err != nil {
			f.mu.Lock()
			delete(f.calls, key)
			f.mu.Unlock()
		}
		close(c.done)
	}()
	c.value, c.err = fill()
	return c.value, c.err
}

// get is a value that was made.
func (f *flight[T]) get(key string) (T, bool) {
	f.mu.Lock()
	c := f.calls[key]
	f.mu.Unlock()
	var none T
	if c == nil {
		return none, false
	}
	<-c.done
	return c.value, c.err == nil
}
