package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"

	"github.com/octocompose/octocompose/compiler/load"
)

// maxAnswer is the longest answer, in bytes.
const maxAnswer = 64 << 10

var errLong = fmt.Errorf("cannot use an answer of more than %d bytes", maxAnswer)

// asker asks for the values of variables on a terminal.
type asker struct {
	in     io.Reader              // a line an answer, read byte by byte: what follows belongs to the next question
	out    io.Writer              // the questions
	hidden func() (string, error) // a line that is not shown while it is typed
	close  func()

	answers []answer
	missing []string // what was asked for after the input had ended
	failed  error    // why it ended, when that was no end of the input
}

type answer struct {
	name, text string
	secret     bool
}

// askOnTerminal is the asker of --ask. Where nobody can answer it is an error that says how to give values.
func (a *app) askOnTerminal(in *inputs) (*asker, error) {
	const help = "give the values: put NAME=value into .env, into a file for --env-file, or into the environment"
	for _, f := range in.files {
		if f == "-" {
			return nil, usage(help, "--ask and -f - cannot stand together: both read standard input")
		}
	}
	if v, _ := a.env("CI"); v != "" && v != "false" && v != "0" {
		return nil, usage(help, "--ask needs a person, and CI is set: nobody answers there")
	}
	stdin, ok := terminal(a.stdin)
	if !ok {
		return nil, usage(help, "--ask needs a terminal, and standard input is none")
	}
	k := &asker{in: stdin, close: func() {}}
	if out, ok := terminal(a.stderr); ok {
		k.out = out
	} else {
		out, err := os.OpenFile(controllingTerminal, os.O_WRONLY, 0)
		if err != nil {
			return nil, usage(help, "--ask needs a terminal for its questions, and standard error is none")
		}
		k.out, k.close = out, func() { out.Close() }
	}
	k.hidden = func() (string, error) { return a.readHidden(stdin, k.out) }
	return k, nil
}

func terminal(x any) (*os.File, bool) {
	f, ok := x.(*os.File)
	return f, ok && term.IsTerminal(int(f.Fd()))
}

// readHidden reads a line without showing it. A signal meanwhile finds the state of the terminal in a.typing.
// term.ReadPassword would be shorter, and never returns on Ctrl-D.
func (a *app) readHidden(stdin *os.File, out io.Writer) (string, error) {
	fd := int(stdin.Fd())
	state, err := term.GetState(fd)
	if err != nil {
		return "", fmt.Errorf("cannot hide what is typed: %w", err)
	}
	a.typing.Store(&typing{fd, state})
	defer a.typing.Store(nil)
	if _, err := term.MakeRaw(fd); err != nil {
		return "", fmt.Errorf("cannot hide what is typed: %w", err)
	}
	line, err := rawLine(stdin)
	if back := term.Restore(fd, state); back != nil && err == nil {
		err = fmt.Errorf("cannot show again what is typed: %w", back)
	}
	fmt.Fprintln(out)
	return line, err
}

// errInterrupted is Ctrl-C on a terminal that passes keys as they are.
var errInterrupted = errors.New("interrupted")

// The keys of a terminal in raw mode.
const (
	keyInterrupt = 0x03 // Ctrl-C
	keyEnd       = 0x04 // Ctrl-D
	keyBackspace = '\b'
	keyClear     = 0x15 // Ctrl-U
	keyDelete    = 0x7f
)

// rawLine reads a line from a terminal in raw mode.
func rawLine(r io.Reader) (string, error) {
	var line []byte
	for b := make([]byte, 1); ; {
		n, err := r.Read(b)
		if n == 0 && err == nil {
			continue
		}
		if n == 0 {
			return "", err
		}
		switch c := b[0]; c {
		case '\r', '\n':
			return string(line), nil
		case keyInterrupt:
			return "", errInterrupted
		case keyEnd:
			if len(line) == 0 {
				return "", io.EOF
			}
			return string(line), nil
		case keyClear:
			line = line[:0]
		case keyBackspace, keyDelete:
			_, size := utf8.DecodeLastRune(line)
			line = line[:len(line)-size]
		default:
			if len(line) == maxAnswer {
				return "", errLong
			}
			line = append(line, c)
		}
	}
}

// typing is a terminal that does not show what is typed, with the state that it had.
type typing struct {
	fd    int
	state *term.State
}

// showTyping gives the terminal its state back.
func (a *app) showTyping() {
	if t := a.typing.Load(); t != nil {
		_ = term.Restore(t.fd, t.state)
	}
}

// ask puts one question. When the input has ended, it notes what else is missing.
func (k *asker) ask(q load.Question) (string, error) {
	if len(k.missing) > 0 {
		k.missing = append(k.missing, q.Name)
		return "", io.EOF
	}
	if q.Again != "" {
		fmt.Fprintf(k.out, "  %s\n", shown(q.Again))
	} else if about := aboutIt(q); about != "" {
		fmt.Fprintln(k.out, about)
	}
	fmt.Fprint(k.out, label(q))
	text, err := k.line(q.Secret)
	if err != nil {
		k.missing = append(k.missing, q.Name)
		if !errors.Is(err, io.EOF) {
			k.failed = err
		}
		if !q.Secret { // behind which a line has ended
			fmt.Fprintln(k.out)
		}
		return "", err
	}
	k.keep(answer{q.Name, text, q.Secret})
	return text, nil
}

// keep notes the answer, over one that did not do.
func (k *asker) keep(x answer) {
	if n := len(k.answers); n > 0 && k.answers[n-1].name == x.name {
		k.answers = k.answers[:n-1]
	}
	if x.text != "" {
		k.answers = append(k.answers, x)
	}
}

func (k *asker) line(secret bool) (string, error) {
	if secret {
		return k.hidden()
	}
	var line []byte
	for b := make([]byte, 1); ; {
		n, err := k.in.Read(b)
		switch {
		case n == 1 && b[0] == '\n':
			return strings.TrimSuffix(string(line), "\r"), nil
		case n == 1 && len(line) == maxAnswer:
			return "", errLong
		case n == 1:
			line = append(line, b[0])
		case err == io.EOF && len(line) > 0:
			return string(line), nil
		case err != nil:
			return "", err
		}
	}
}

// aboutIt is the question, and what the variable is for.
func aboutIt(q load.Question) string {
	return strings.TrimSpace(shown(q.Text) + " " + shown(q.Description))
}

// label is what stands before the answer: DOMAIN (string) [example.com]: .
func label(q load.Question) string {
	kind := q.Kind
	switch {
	case kind == "bool":
		kind = "true or false"
	case kind == "int":
		kind = "integer"
	}
	if q.Secret {
		kind += ", not shown"
	}
	switch {
	case q.HasDefault && q.Secret:
		kind += ", empty for the default"
	case !q.HasDefault && !q.Required:
		kind += ", may be empty"
	}
	text := fmt.Sprintf("%s (%s)", shown(q.Name), kind)
	if q.HasDefault && !q.Secret {
		text += " [" + shown(q.Default) + "]"
	}
	return text + ": "
}

// shown is a text of the config without what would steer the terminal, on one line.
func shown(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return '\uFFFD'
		}
		return r
	}, strings.TrimSpace(s))
}

// ended is the error of an asking that was not finished.
func (k *asker) ended() error {
	if len(k.missing) == 0 {
		return nil
	}
	if errors.Is(k.failed, errInterrupted) {
		return silent(exitInterrupted)
	}
	if k.failed != nil {
		return fmt.Errorf("cannot ask for %s: %w", list(k.missing, "and"), k.failed)
	}
	return usage("answer, or put NAME=value into .env", "--ask: the input ended before there was a value for %s", list(k.missing, "and"))
}

// advise says how the answers stay: nothing is written. file is the file of variables that octo reads.
func (k *asker) advise(w io.Writer, file string) {
	var secret []string
	shown := false
	for _, x := range k.answers {
		if x.secret {
			secret = append(secret, x.name)
			continue
		}
		if !shown {
			fmt.Fprintf(w, "not to be asked again, add to %s:\n", file)
			shown = true
		}
		fmt.Fprintf(w, "  %s=%s\n", x.name, dotEnvValue(x.text))
	}
	if len(secret) > 0 {
		fmt.Fprintf(w, "the answer for %s is not shown; to keep it, add %s=… to %s, which only you should be able to read\n",
			list(secret, "and"), strings.Join(secret, "=…, "), file)
	}
}

// dotEnvValue is s as it reads in a .env file: as it stands where that is safe, else in single quotes, and in double
// quotes with escapes where those would be misread.
func dotEnvValue(s string) string {
	plain := func(r rune) bool {
		return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune("_-.,:/@%+=", r)
	}
	if strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	if !strings.ContainsAny(s, `'\`) {
		return "'" + s + "'"
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`).Replace(s) + `"`
}

// withAnswers runs f with an asker in k when --ask is given, and says at the end how the answers stay.
func (a *app) withAnswers(ctx context.Context, c *compileFlags, f func() error) error {
	if !c.ask {
		return f()
	}
	k, err := a.askOnTerminal(&c.inputs)
	if err != nil {
		return err
	}
	c.asker = k
	defer k.close()
	err = f()
	if ctx.Err() == nil && !errors.Is(k.failed, errInterrupted) {
		k.advise(a.stderr, c.envFile())
	}
	return err
}

// envFile is the file of variables that octo reads, as it is named for a person.
func (in *inputs) envFile() string {
	switch {
	case len(in.envFiles) > 0:
		return in.envFiles[len(in.envFiles)-1]
	case len(in.files) > 0:
		return show(filepath.Join(filepath.Dir(in.files[0]), ".env"))
	}
	return ".env"
}
