package probe

import "context"

// Question is what [Read] reads: what a [Func] asks, with what somebody who asks thousands of them must know.
type Question struct {
	// Ask asks once. told is the first line that a program printed, also where it works, of 4 KiB at most; for a plugin
	// with its performance data behind "|". It is "" for all that is no program. The error is that of [Func].
	Ask func(ctx context.Context) (told string, err error)
	// Forks tells whether asking starts programs, which cost far more than connections. One that an engine starts in a
	// container does too, and costs this machine more than one of ours.
	Forks bool
}

// programs are the questions of [kinds] that start a program, with what it said.
var programs = []struct {
	name string
	ask  func(ctx context.Context, words []string) (string, error)
}{{"exec", program(execTold)}, {"plugin", program(pluginTold)}, {"container", containerTold}}

// program has ask take its words as [programs] hands them over.
func program(ask func(ctx context.Context, program string, args ...string) (string, error)) func(context.Context, []string) (string, error) {
	return func(ctx context.Context, words []string) (string, error) { return ask(ctx, words[0], words[1:]...) }
}

// Read reads a question as [Parse] does.
func Read(words []string, means Means) (Question, error) {
	ask, err := Parse(words, means)
	if err != nil {
		return Question{}, err
	}
	for _, p := range programs {
		if words[0] == p.name {
			return Question{Forks: true, Ask: func(ctx context.Context) (string, error) {
				return p.ask(ctx, words[1:])
			}}, nil
		}
	}
	return Question{Forks: forks(words), Ask: func(ctx context.Context) (string, error) { return "", ask(ctx) }}, nil
}

// forks tells whether one of words, or of a list behind all, starts a program. Parse has read words before.
func forks(words []string) bool {
	for _, p := range programs {
		if words[0] == p.name {
			return true
		}
	}
	found := false
	if words[0] == "all" {
		_, _ = ParseAll(words[1], func(inner []string) (Func, error) {
			found = found || forks(inner)
			return nil, nil
		})
	}
	return found
}
