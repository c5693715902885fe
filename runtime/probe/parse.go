package probe

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// kinds are the questions that [Parse] knows, in the order of the help text. parse gets the words behind the kind's own.
var kinds = []struct {
	name  string
	want  string // how it is written
	parse func(words []string) (Func, error)
}{
	{"tcp", "tcp HOST:PORT…", parseTCP},
	{"dns", "dns NAME", parseDNS},
	{"http", "http [--host=NAME] URL", parseHTTP},
	{"grpc", "grpc HOST:PORT [SERVICE]", parseGRPC},
	{"exec", "exec PROGRAM ARG…", parseProgram(Exec)},
	{"plugin", "plugin PROGRAM ARG…", parseProgram(Plugin)},
	{"container", "container SOCKET NAME PROGRAM ARG…", parseContainer},
}

const (
	wantUnit = "unit NAME.service"
	wantJob  = "k8s-job NAME"
	wantAll  = "all JSON"
)

// errWords is answered by a parser whose words are too few or too many; [Parse] says what is wanted.
var errWords = errors.New("wrong number of words")

// Parse reads a question in the words of the command line: tcp HOST:PORT…, dns NAME, http [--host=NAME] URL, grpc
// HOST:PORT [SERVICE], exec PROGRAM ARG…, plugin PROGRAM ARG…, container SOCKET NAME PROGRAM ARG…, unit NAME.service,
// k8s-job NAME or all JSON. An error says what was expected; nothing is asked here. The Func of a unit remembers between
// two questions how often systemd had restarted it.
func Parse(words []string, means Means) (Func, error) { return parse(words, means, 0) }

func parse(words []string, means Means, depth int) (Func, error) {
	if len(words) == 0 {
		return nil, errors.New("want what to ask: " + strings.Join(wants(), ", "))
	}
	kind, rest := words[0], words[1:]
	switch kind {
	case "unit":
		return parseUnit(rest, means)
	case "k8s-job":
		if len(rest) != 1 || rest[0] == "" {
			return nil, errors.New("want " + wantJob)
		}
		return func(ctx context.Context) error { return means.Kube.Job(ctx, rest[0]) }, nil
	case "all":
		if len(rest) != 1 || depth == maxNested {
			return nil, errAll
		}
		return ParseAll(rest[0], func(words []string) (Func, error) { return parse(words, means, depth+1) })
	}
	for _, k := range kinds {
		if k.name != kind {
			continue
		}
		ask, err := k.parse(rest)
		if errors.Is(err, errWords) {
			return nil, errors.New("want " + k.want)
		}
		return ask, err
	}
	return nil, fmt.Errorf("no kind is called %q; want %s", kind, strings.Join(wants(), ", "))
}

func wants() []string {
	var all []string
	for _, k := range kinds {
		all = append(all, k.want)
	}
	return append(all, wantUnit, wantJob, wantAll)
}

func parseTCP(words []string) (Func, error) {
	if len(words) == 0 {
		return nil, errWords
	}
	for _, a := range words {
		if err := checkAddress(a); err != nil {
			return nil, err
		}
	}
	return func(ctx context.Context) error { return TCP(ctx, words...) }, nil
}

func parseDNS(words []string) (Func, error) {
	if len(words) != 1 {
		return nil, errWords
	}
	if err := checkName(words[0]); err != nil {
		return nil, err
	}
	return func(ctx context.Context) error { return DNS(ctx, words[0]) }, nil
}

func parseHTTP(words []string) (Func, error) {
	host := ""
	switch { // --host=NAME and --host NAME, as for all flags
	case len(words) > 0 && strings.HasPrefix(words[0], "--host="):
		host, words = strings.TrimPrefix(words[0], "--host="), words[1:]
	case len(words) > 1 && words[0] == "--host":
		host, words = words[1], words[2:]
	}
	if len(words) != 1 || strings.HasPrefix(words[0], "--") {
		return nil, errWords
	}
	if strings.ContainsAny(host, "/ \r\n\t") {
		return nil, fmt.Errorf("cannot use %q as a host; want --host=NAME", host)
	}
	if _, err := parsePage(words[0]); err != nil {
		return nil, err
	}
	return func(ctx context.Context) error { return HTTP(ctx, words[0], host) }, nil
}

func parseGRPC(words []string) (Func, error) {
	if len(words) != 1 && len(words) != 2 {
		return nil, errWords
	}
	if err := checkAddress(words[0]); err != nil {
		return nil, err
	}
	service := strings.Join(words[1:], "")
	return func(ctx context.Context) error { return GRPC(ctx, words[0], service) }, nil
}

func parseProgram(ask func(ctx context.Context, program string, args ...string) error) func(words []string) (Func, error) {
	return func(words []string) (Func, error) {
		if len(words) == 0 || words[0] == "" {
			return nil, errWords
		}
		return func(ctx context.Context) error { return ask(ctx, words[0], words[1:]...) }, nil
	}
}
