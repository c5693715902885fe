//go:build unix

package probe

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// engines are answers of an engine, each to "METHOD /path", as STATUS BODY; "hang" never answers, "hangs BODY" does not
// end, and "talks BODY" goes on. What is missing is answered as for a program that works.
type engines map[string]string

const (
	postExec  = "POST /containers/api/exec"
	postStart = "POST /exec/7/start"
	getExec   = "GET /exec/7/json"
	getState  = "GET /containers/api/json"
)

func (e engines) serve(t *testing.T, cancel func()) (socket string) {
	t.Helper()
	socket = filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		asked := r.Method + " " + r.URL.Path
		answer := map[string]string{
			postExec: `201 {"Id":"7"}`, postStart: "200 ", getExec: `200 {"Running":false,"ExitCode":0}`, getState: `200 {"State":{"Running":true}}`,
		}[asked]
		if other, ok := e[asked]; ok {
			answer = other
		}
		status, body, _ := strings.Cut(answer, " ")
		code := map[string]int{"200": 200, "201": 201, "403": 403, "404": 404, "409": 409, "500": 500}[status]
		if code != 0 {
			w.WriteHeader(code)
			_, _ = io.WriteString(w, body)
			return
		}
		if status != "hang" {
			// More than a socket and its buffers hold: once it is written, the first line has been read.
			for n := 0; status == "talks" || n < 64; n++ {
				if _, err := io.WriteString(w, body+frame(2, strings.Repeat("x", 64<<10))); err != nil {
					return
				}
				if n == 64 {
					cancel()
				}
			}
			_ = http.NewResponseController(w).Flush()
		}
		cancel()
		<-r.Context().Done()
	})}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
	return socket
}

func frame(kind byte, text string) string {
	head := []byte{kind, 0, 0, 0, 0, 0, 0, 0}
	binary.BigEndian.PutUint32(head[4:], uint32(len(text)))
	return string(head) + text
}

func TestContainer(t *testing.T) {
	const ended = `200 {"Running":false,"ExitCode":`
	for _, c := range []struct {
		why     string
		engine  engines
		told    string
		want    string // in the error; "": works
		unasked bool
	}{
		{"works", engines{postStart: "200 " + frame(1, "fine\nmore\n")}, "fine", "", false},
		{"works and says nothing", nil, "", "", false},
		{"does not", engines{postStart: "200 " + frame(1, "\n") + frame(2, "no \x1b[31mdisk\n"), getExec: ended + "3}"},
			"no \x1b[31mdisk", `/bin/check ends with 3 and says "no \x1b[31mdisk"`, false},
		{"no such program", engines{postStart: "200 " + frame(1, "OCI runtime exec failed: not found\r\n"), getExec: ended + "127}"},
			"OCI runtime exec failed: not found", `/bin/check ends with 127 and says "OCI runtime exec failed: not found"`, false},
		{"no program", engines{getExec: ended + "126}"}, "", "/bin/check ends with 126", false},
		{"killed", engines{getExec: ended + "137}"}, "", "/bin/check ends with 137", false},
		{"much output", engines{postStart: "200 " + frame(1, strings.Repeat("x", 100000)), getExec: ended + "1}"}, strings.Repeat("x", maxOutput), "ends with 1 and says \"xxx", false},
		{"hangs", engines{postStart: "hangs " + frame(1, "waiting for db\n")}, "", `/bin/check did not end in time and says "waiting for db": context canceled`, false},
		{"talks without end", engines{postStart: "talks " + frame(2, "x\n")}, "", `did not end in time and says "x": context canceled`, false},
		{"closes its output and goes on", engines{getExec: "hang"}, "", "did not end in time: context canceled", false},
		{"ends just in time", engines{getExec: ended + "1}", getState: "hang"}, "", "/bin/check ends with 1", false},

		{"not there", engines{postExec: `404 {"message":"No such container: api"}`}, "",
			`cannot ask in the container "api": the question could not be asked: the engine answers 404 Not Found: No such container: api`, true},
		{"stopped", engines{postExec: `409 {"message":"Container 4f is not running"}`}, "", "409 Conflict: Container 4f is not running", true},
		{"stopped before the start", engines{postStart: `409 {"message":"Container 4f is not running"}`}, "", "409 Conflict: Container 4f is not running", true},
		{"gone before the start", engines{postStart: `404 {"message":"No such exec instance"}`}, "", "404 Not Found", true},
		{"stopped meanwhile", engines{getExec: ended + "137}", getState: `200 {"State":{"Running":false}}`}, "", "it is not running", true},
		{"paused meanwhile", engines{getExec: ended + "1}", getState: `200 {"State":{"Running":true,"Paused":true}}`}, "", "it is paused", true},
		{"restarts meanwhile", engines{getExec: ended + "1}", getState: `200 {"State":{"Running":true,"Restarting":true}}`}, "", "the engine is restarting it", true},
		{"removed meanwhile", engines{getExec: ended + "1}", getState: `404 {}`}, "", "404 Not Found; want 200", true},
		{"forgotten meanwhile", engines{getExec: `404 {"message":"No such exec instance: 7"}`}, "", "No such exec instance: 7", true},
		{"may not", engines{postExec: `403 {"message":"no"}`}, "", "403 Forbidden: no", true},
		{"broken", engines{postExec: "500 oops"}, "", "500 Internal Server Error; want 201", true},
		{"broken later", engines{postStart: "500 oops"}, "", "500 Internal Server Error; want 200", true},
		{"does not answer", engines{postExec: "hang"}, "", "the engine did not answer in time: context canceled", true},
		{"no engine", engines{postExec: "201 <html>"}, "", "cannot read the engine's answer", true},
		{"no frames", engines{postStart: "200 fine and good"}, "", "a frame begins with 66696e65", true},
		{"half a frame", engines{postStart: "200 " + frame(1, "fine")[:10]}, "", "it ends within a frame", true},
		{"not started", engines{getExec: `200 {"Running":false,"ExitCode":null}`}, "", "it was not started", true},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		q, err := Read([]string{"container", c.engine.serve(t, cancel), "api", "/bin/check", "-v"}, Means{})
		if err != nil {
			t.Fatal(err)
		}
		told, err := q.Ask(ctx)
		cancel()
		if (err == nil) != (c.want == "") || (err != nil && !strings.Contains(err.Error(), c.want)) || told != c.told {
			t.Errorf("%s: told %.99q, %.999v; want %.99q, %q", c.why, told, err, c.told, c.want)
		}
		if errors.Is(err, ErrUnasked) != c.unasked || errors.Is(err, ErrFinal) {
			t.Errorf("%s: unasked is not %v: %v", c.why, c.unasked, err)
		}
	}
	// What octo-sidecar says there is the answer; the program of another name is named.
	for program, want := range map[string]string{"/octo/octo-sidecar": "connection refused", "/bin/check": `/bin/check ends with 1 and says "octo-sidecar: connection refused"`} {
		e := engines{postStart: "200 " + frame(2, "octo-sidecar: connection refused\n"), getExec: ended + "1}"}
		if err := Container(t.Context(), e.serve(t, func() {}), "api", program, "probe"); err == nil || err.Error() != want {
			t.Errorf("%s: %v; want %s", program, err, want)
		}
	}
	if err := Container(t.Context(), filepath.Join(t.TempDir(), "none"), "api", "/bin/check"); !errors.Is(err, ErrUnasked) || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("no socket: %v", err)
	}
}
