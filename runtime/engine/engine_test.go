//go:build unix

package engine

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// serve is an engine that answers so.
func serve(t *testing.T, answer http.HandlerFunc) Engine {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: answer}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
	return Engine{Socket: path}
}

// says answers everything with a status and a body.
func says(t *testing.T, code int, body string) Engine {
	t.Helper()
	return serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	})
}

func check(t *testing.T, what string, err error, want string) {
	t.Helper()
	if (err == nil) != (want == "") || (err != nil && !strings.Contains(err.Error(), want)) {
		t.Errorf("%s: got %v; want %q", what, err, want)
	}
}

func TestState(t *testing.T) {
	for _, c := range []struct {
		why, body string
		code      int
		want      State
		err, says string
	}{
		{"runs", `{"Id":"1","State":{"Status":"running","Running":true,"Paused":false,"Restarting":false}}`, 200, State{Running: true}, "", ""},
		{"stopped", `{"State":{"Running":false}}`, 200, State{}, "", "it is not running"},
		{"paused", `{"State":{"Running":true,"Paused":true}}`, 200, State{Running: true, Paused: true}, "", "it is paused"},
		{"restarting, as Docker has it", `{"State":{"Running":true,"Restarting":true}}`, 200, State{Running: true, Restarting: true}, "", "the engine is restarting it"},
		{"gone", `{"message":"No such container: a"}`, 404, State{}, "the engine answers 404 Not Found: No such container: a", ""},
		{"gone, of many lines", `{"message":" a\nb\u001b[31mc ` + strings.Repeat("x", 2000) + `"}`, 404, State{}, "404 Not Found: a b [31mc xxx", ""},
		{"broken", "oops", 500, State{}, "the engine answers 500 Internal Server Error; want 200", ""},
		{"another success", `{}`, 202, State{}, "the engine answers 202 Accepted; want 200", ""},
		{"no JSON", "<html>", 200, State{}, "cannot read the engine's answer: invalid character", ""},
		{"no state", `{}`, 200, State{}, "does not say whether the container runs", ""},
		{"half a state", `{"State":{"Paused":false}}`, 200, State{}, "does not say whether the container runs", ""},
		{"not a state", `{"State":{"Running":"yes"}}`, 200, State{}, "cannot read the engine's answer", ""},
		{"no end", `"` + strings.Repeat("x", maxContainer), 200, State{}, "it has more than 4194304 bytes", ""},
	} {
		got, err := says(t, c.code, c.body).State(t.Context(), "a")
		check(t, c.why, err, c.err)
		if got != c.want || (err == nil && got.Why() != c.says) {
			t.Errorf("%s: got %+v, %q; want %+v, %q", c.why, got, got.Why(), c.want, c.says)
		}
		if r, ok := errors.AsType[*Refusal](err); ok && (len(r.Message) > maxMessage+3 || r.Code != c.code) {
			t.Errorf("%s: got %d and a message of %d bytes", c.why, r.Code, len(r.Message))
		}
	}
}

// Paths have no version; a name is one part of them, whatever stands in it; redirects are not followed.
func TestPaths(t *testing.T) {
	asked := make(chan string, 100)
	e := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked <- strings.TrimSpace(r.Method + " " + r.URL.EscapedPath() + " " + string(body))
		if r.URL.Path != "/elsewhere" {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		}
	})
	for want, err := range map[string]func() error{
		"GET /containers/a%2F..%2Fb/json":                 func() error { _, err := e.State(t.Context(), "a/../b"); return err },
		"POST /containers/a/restart":                      func() error { return e.Restart(t.Context(), "a") },
		"GET /exec/x%3Fy/json":                            func() error { _, err := e.Wait(t.Context(), "x?y"); return err },
		`POST /exec/x/start {"Detach":false,"Tty":false}`: func() error { _, err := e.Start(t.Context(), "x"); return err },
		`POST /containers/a/exec {"AttachStdout":true,"AttachStderr":true,"Tty":false,"Cmd":["/p","-x","a b"]}`: func() error {
			_, err := e.Create(t.Context(), "a", []string{"/p", "-x", "a b"})
			return err
		},
	} {
		check(t, want, err(), "the engine answers 307 Temporary Redirect; want")
		if got := <-asked; got != want || len(asked) > 0 {
			t.Errorf("asked for %s, and %d times more; want %s", got, len(asked), want)
		}
	}
}

func TestCreate(t *testing.T) {
	id, err := says(t, 201, `{"Id":"4f"}`).Create(t.Context(), "a", []string{"/p"})
	check(t, "ID", err, "")
	if id != "4f" {
		t.Errorf("got %q", id)
	}
	_, err = says(t, 201, `{"Warnings":[]}`).Create(t.Context(), "a", []string{"/p"})
	check(t, "no ID", err, "it has no ID")
	_, err = says(t, 409, `{"message":"container a is paused"}`).Create(t.Context(), "a", []string{"/p"})
	check(t, "paused", err, "the engine answers 409 Conflict: container a is paused")
}

// frame is a frame of a stream, as stdcopy of moby writes it.
func frame(kind byte, text string) string {
	n := len(text)
	return string([]byte{kind, 0, 0, 0, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}) + text
}

func TestOutput(t *testing.T) {
	for _, c := range []struct{ why, stream, want, err string }{
		{"nothing", "", "", ""},
		{"both streams", frame(1, "a\n") + frame(2, "b\n") + frame(1, ""), "a\nb\n", ""},
		{"long", frame(1, strings.Repeat("x", 70000)), strings.Repeat("x", 70000), ""},
		{"ends in a header", frame(1, "a") + "\x01\x00", "a", "cannot read the output: unexpected EOF"},
		{"ends in a frame", frame(1, "abc")[:9], "a", "it ends within a frame: EOF"},
		{"a length of 4 GiB", "\x01\x00\x00\x00\xff\xff\xff\xffabc", "abc", "it ends within a frame: EOF"},
		{"input", frame(0, "a"), "", "a frame begins with 00000000"},
		{"a stream that nobody knows", frame(9, "a"), "", "a frame begins with 09000000"},
		{"no zeros", "\x01\x02\x00\x00\x00\x00\x00\x01a", "", "a frame begins with 01020000"},
		{"a terminal", "hello, world", "", "a frame begins with 68656c6c"},
		{"the engine's own words", frame(1, "a") + frame(3, "lost\nit"), "a", "the engine says within the output: lost it"},
	} {
		var got bytes.Buffer
		check(t, c.why, Output(&got, strings.NewReader(c.stream)), c.err)
		if got.String() != c.want {
			t.Errorf("%s: got %q; want %q", c.why, got.String(), c.want)
		}
	}
	check(t, "broken", Output(io.Discard, io.MultiReader(strings.NewReader(frame(1, "a")), broken{})), "cannot read the output: broken")
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("broken") }

// It asks until the program has ended, or the time is up.
func TestWait(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for _, c := range []struct {
		why     string
		answers []string
		want    int
		err     string
	}{
		{"ended", []string{`{"Running":false,"ExitCode":7}`}, 7, ""},
		{"ends", []string{`{"Running":true,"ExitCode":null}`, `{"Running":true}`, `{"Running":false,"ExitCode":0}`}, 0, ""},
		{"not started", []string{`{"Running":false,"ExitCode":null}`}, 0, "it was not started"},
		{"no answer", []string{`{"ExitCode":0}`}, 0, "does not say whether the program runs"},
		{"no number", []string{`{"Running":false,"ExitCode":"0"}`}, 0, "cannot read the engine's answer"},
		{"goes on", []string{`{"Running":true}`, "cancel"}, 0, "context canceled"},
	} {
		n := 0
		e := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			answer := c.answers[min(n, len(c.answers)-1)]
			if n++; answer == "cancel" {
				cancel()
				answer = `{"Running":true}`
			}
			_, _ = io.WriteString(w, answer)
		})
		got, err := e.Wait(ctx, "x")
		check(t, c.why, err, c.err)
		if got != c.want {
			t.Errorf("%s: got %d; want %d", c.why, got, c.want)
		}
	}
}
