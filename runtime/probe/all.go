package probe

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"sync"
)

// All asks all at the same time, so that their times do not add up. It holds when each does; else the error is the
// [Join] of what was seen, in the order of asks.
func All(asks ...Func) Func {
	return func(ctx context.Context) error {
		seen := make([]error, len(asks))
		var wg sync.WaitGroup
		for i, ask := range asks {
			wg.Go(func() { seen[i] = ask(ctx) })
		}
		wg.Wait()
		return Join(seen)
	}
}

// Join is all errors of seen on one line, nil where there is none. Where one is an answer, those that are none
// ([ErrUnasked]) are left out: the answer stands.
func Join(seen []error) error {
	var answers, others joined
	for _, err := range seen {
		switch {
		case err == nil:
		case errors.Is(err, ErrUnasked):
			others = append(others, err)
		default:
			answers = append(answers, err)
		}
	}
	switch {
	case len(answers) == 1:
		return answers[0]
	case len(answers) > 1:
		return answers
	case len(others) > 0:
		return others
	}
	return nil
}

type joined []error

func (j joined) Error() string {
	parts := make([]string, len(j))
	for i, err := range j {
		parts[i] = err.Error()
	}
	return strings.Join(parts, "; ")
}

func (j joined) Unwrap() []error { return j }

// maxNested is how deep all may stand in all.
const maxNested = 4

var errAll = errors.New(`want a JSON list of lists of words: all '[["tcp","127.0.0.1:80"],["dns","db"]]'`)

// ParseAll reads what stands behind the word all, a JSON list of questions as lists of words, each of which parse reads.
func ParseAll(list string, parse func(words []string) (Func, error)) (Func, error) {
	var each [][]string
	dec := json.NewDecoder(bytes.NewReader([]byte(list)))
	if err := dec.Decode(&each); err != nil || len(each) == 0 {
		return nil, errAll
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errAll
	}
	var asks []Func
	for _, words := range each {
		ask, err := parse(words)
		if err != nil {
			return nil, err
		}
		asks = append(asks, ask)
	}
	return All(asks...), nil
}
