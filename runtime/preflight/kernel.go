package preflight

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var release = regexp.MustCompile(`^[0-9]+(\.[0-9]+)*`)

func (s System) parseKernel(words []string) (Func, error) {
	if len(words) != 1 {
		return nil, errWords
	}
	want, rest := version(words[0])
	if want == nil || rest != "" {
		return nil, fmt.Errorf("cannot use %q as a version; want numbers with dots, such as 5.15", words[0])
	}
	return func(context.Context) error {
		text, err := s.Kernel()
		if err != nil {
			return fmt.Errorf("cannot ask for the version of the kernel: %w", err)
		}
		have, rest := version(text)
		if have == nil {
			return fmt.Errorf("cannot read the version %q of the kernel", text)
		}
		if slices.Compare(have, want) < 0 {
			return fmt.Errorf("kernel %s is older than %s", strings.TrimSuffix(text, rest), words[0])
		}
		return nil
	}, nil
}

// version is the numbers that text begins with, and what follows them; zeros at the end mean nothing: 5.15 is 5.15.0.
func version(text string) (numbers []int, rest string) {
	head := release.FindString(text)
	if head == "" {
		return nil, text
	}
	for part := range strings.SplitSeq(head, ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			return nil, text
		}
		numbers = append(numbers, n)
	}
	for len(numbers) > 1 && numbers[len(numbers)-1] == 0 {
		numbers = numbers[:len(numbers)-1]
	}
	return numbers, text[len(head):]
}
