package fetch

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"strings"

	"github.com/octocompose/octocompose/runtime/spec"
)

// maxSums is the most that a list of sums may have, in bytes.
const maxSums = 1 << 20

// sum fetches the sum of a from the address that it names.
func (n *network) sum(ctx context.Context, a spec.Artifact) (string, error) {
	var list memory
	if _, err := n.get(ctx, a.SHA256URL, maxSums, &list); err != nil {
		return "", err
	}
	u, err := url.Parse(a.URL)
	if err != nil {
		return "", fmt.Errorf("cannot read the address: %w", cause(err))
	}
	sum, err := findSum(list.String(), path.Base(u.Path))
	if err != nil {
		return "", fmt.Errorf("cannot use %s: %w", show(a.SHA256URL), err)
	}
	return sum, nil
}

type memory struct{ bytes.Buffer }

func (m *memory) Reset() error { m.Buffer.Reset(); return nil }

var (
	bareSum = regexp.MustCompile(`^[0-9a-fA-F]{64}$`)
	gnuSum  = regexp.MustCompile(`^([0-9a-fA-F]{64}) [ *](.+)$`)
	bsdSum  = regexp.MustCompile(`^SHA256 ?\((.+)\) ?= ?([0-9a-fA-F]{64})$`)
)

// findSum is the sum of the file name in list: the only thing in it, or the line of name as sha256sum(1) prints it, with
// or without --tag. A line counts by the last element of its path; two that differ are an error.
func findSum(list, name string) (string, error) {
	if text := strings.TrimSpace(list); bareSum.MatchString(text) {
		return strings.ToLower(text), nil
	}
	found := ""
	for line := range strings.Lines(list) {
		line = strings.TrimRight(line, "\r\n")
		of, sum := "", ""
		if m := gnuSum.FindStringSubmatch(line); m != nil {
			of, sum = m[2], m[1]
		} else if m := bsdSum.FindStringSubmatch(line); m != nil {
			of, sum = m[1], m[2]
		}
		if sum == "" || path.Base(of) != name {
			continue
		}
		sum = strings.ToLower(sum)
		if found != "" && found != sum {
			return "", fmt.Errorf("it has two sums of %q", name)
		}
		found = sum
	}
	if found == "" {
		return "", fmt.Errorf("it has no sha256 of %q", name)
	}
	return found, nil
}
