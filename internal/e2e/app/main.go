// Command app is the test application of the conformance kit: one static program that plays every part of it.
//
// In: the name of a role and its arguments; environment variables, a config file, a secret file. Out: what the role
// does, and one line of JSON on stdout for each thing that happens to it, so that the order of a start or a stop can be
// read from the logs of any platform:
//
//	{"event":"ready","instance":"web-1","role":"web","time":1700000000000000000}
//
// It must never need anything but the standard library and its own file: the images are made of it alone.
//
//	app db                  a store that takes a while to be ready, and counts its starts in its volume
//	app migrate             writes to the store and ends
//	app api                 says on /state what it was given; can be made unhealthy (/fail, /heal), can be crashed (/crash)
//	app web                 needs the api; takes three seconds to stop
//	app worker              sends itself messages through nats
//	app rude                what images of the wild do: root, chown, port 80, and only then a user
//	app files DIR           serves a folder
//	app alerts              keeps what it is told of failures, and says it on /state
//	app life                says on /state what hooks have marked; /livez fails after /wedge
//	app mark WORD           adds a line to what hooks have marked
//	app sleep               does nothing until it is told to stop
//	app served [SERVICE [PASSWORD]]   asks for the config that CONFIG names
//	app probe tcp ADDRESS | probe http URL | get URL | post URL | ask ADDRESS LINE     for checks, and for who looks in
package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: app ROLE [ARG...]")
		os.Exit(2)
	}
	role, args := os.Args[1], os.Args[2:]
	if err := run(&app{role: role, started: time.Now()}, args); err != nil {
		fmt.Fprintf(os.Stderr, "app: cannot %s: %v\n", role, err)
		os.Exit(1)
	}
}

// roles are what app can be. A role returns when it is done or cannot go on.
var roles = []struct {
	name string
	run  func(a *app, args []string) error
}{
	{"db", (*app).db},
	{"migrate", (*app).migrate},
	{"api", (*app).api},
	{"web", (*app).web},
	{"worker", (*app).worker},
	{"rude", (*app).rude},
	{"files", (*app).files},
	{"life", (*app).life},
	{"alerts", (*app).alerts},
	{"mark", (*app).mark},
	{"sleep", (*app).sleep},
	{"probe", probe},
	{"get", get},
	{"post", post},
	{"ask", ask},
	{"served", served},
}

func run(a *app, args []string) error {
	for _, r := range roles {
		if r.name == a.role {
			return r.run(a, args)
		}
	}
	return fmt.Errorf("no role is called so")
}

// app is one process.
type app struct {
	role    string
	started time.Time
}

// event prints one line about what happens.
func (a *app) event(name string, more map[string]any) {
	line := map[string]any{"event": name, "role": a.role, "instance": hostname(), "time": time.Now().UnixNano()}
	maps.Copy(line, more)
	text, err := json.Marshal(line)
	if err != nil {
		panic(err) // only plain values are put into events
	}
	fmt.Println(string(text))
}

// state is what /state answers.
type state struct {
	Role     string            `json:"role"`
	Instance string            `json:"instance"`
	Started  int64             `json:"started"` // Unix time in nanoseconds
	PID      int               `json:"pid"`
	UID      int               `json:"uid"`
	GID      int               `json:"gid"`
	Config   string            `json:"config"` // the file that APP_CONFIG names
	Secret   string            `json:"secret"` // the file that APP_SECRET names
	Env      map[string]string `json:"env"`    // the variables that begin with APP_ and BOARD_
	Data     map[string]any    `json:"data,omitempty"`
}

func (a *app) state(data map[string]any) state {
	env := map[string]string{}
	for _, kv := range os.Environ() {
		if k, v, _ := strings.Cut(kv, "="); strings.HasPrefix(k, "APP_") || strings.HasPrefix(k, "BOARD_") {
			env[k] = v
		}
	}
	return state{
		Role: a.role, Instance: hostname(), Started: a.started.UnixNano(), PID: os.Getpid(), UID: os.Getuid(), GID: os.Getgid(),
		Config: file("APP_CONFIG"), Secret: file("APP_SECRET"), Env: env, Data: data,
	}
}

// file is the content of the file that an environment variable names; what went wrong with it otherwise.
func file(variable string) string {
	name := os.Getenv(variable)
	if name == "" {
		return ""
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return "error: " + err.Error()
	}
	return string(text)
}

func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return "?"
	}
	return name
}

// told is closed when the process is told to stop.
func told() <-chan struct{} {
	signals, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-signals
		close(done)
	}()
	return done
}

// until waits for the end of a role: told to stop, which takes so long, or a failure.
func (a *app) until(stop <-chan struct{}, takes time.Duration, failed <-chan error) error {
	select {
	case err := <-failed:
		return err
	case <-stop:
	}
	a.event("stop", nil)
	time.Sleep(takes)
	a.event("done", nil)
	return nil
}

func (a *app) sleep([]string) error {
	<-told()
	return nil
}

// setting is an environment variable, or what holds without it.
func setting(name, otherwise string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return otherwise
}
