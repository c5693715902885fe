package observe

import (
	"time"

	"github.com/octocompose/octocompose/runtime/spec"
)

// StatusVersion is the version of [Status]. Fields are added without a new one; none changes its meaning.
const StatusVersion = 1

// Status is what /status answers, as JSON. Times are RFC 3339; ages and durations are seconds.
type Status struct {
	Version   int       `json:"version"`
	Project   string    `json:"project"`
	Sidecar   string    `json:"sidecar,omitempty"` // the version of the program
	Time      time.Time `json:"time"`
	Started   time.Time `json:"started"`
	Reloaded  time.Time `json:"reloaded,omitzero"` // when a new spec was taken last
	Healthy   bool      `json:"healthy"`           // as /healthz: about the sidecar itself
	LastError string    `json:"last_error,omitempty"`
	// Checks in the order of the spec, Services likewise, Notifiers likewise.
	Checks    []CheckStatus    `json:"checks"`
	Services  []ServiceStatus  `json:"services"`
	Notifiers []NotifierStatus `json:"notifiers"`
}

// State is how a check stands.
type State string

// The states. A check is unknown until it was first decided, and while questions cannot be asked.
const (
	Unknown State = "unknown"
	Works   State = "works"
	Failed  State = "failed"
)

// Result is how one question ended.
type Result string

// The results; [Unasked] is a question that could not be asked, and counts neither way.
const (
	Success Result = "success"
	Failure Result = "failure"
	Unasked Result = "unknown"
)

// CheckStatus is one check.
type CheckStatus struct {
	Service string     `json:"service"`
	Check   string     `json:"check"`
	Level   spec.Level `json:"level"`
	State   State      `json:"state"`
	Since   time.Time  `json:"since"` // of the state
	// Flapping tells that the state changes too often.
	Flapping bool `json:"flapping,omitempty"`
	// Asked is how often it was asked since the start, Last the last result, LastAt when that question began, Took how
	// long it was, Message what was seen when it last failed.
	Asked   int64     `json:"asked"`
	Last    Result    `json:"last,omitempty"`
	LastAt  time.Time `json:"last_at,omitzero"`
	Took    float64   `json:"took_seconds,omitempty"`
	Message string    `json:"message,omitempty"`
}

// ServiceStatus is one service: what it is served, and how often it was restarted.
type ServiceStatus struct {
	Service    string `json:"service"`
	Served     bool   `json:"served"`
	Generation int64  `json:"generation,omitempty"` // of its config, counted from the start
	// Loaded is when the generation was taken; Error why a newer one was not.
	Loaded   time.Time      `json:"loaded,omitzero"`
	Error    string         `json:"error,omitempty"`
	Secrets  []SecretStatus `json:"secrets,omitempty"`
	Restarts int64          `json:"restarts,omitempty"`
}

// SecretStatus is one secret of a service: how old its value is, never the value. Age is -1 where there is none.
type SecretStatus struct {
	Name  string  `json:"name"`
	Age   float64 `json:"age_seconds"`
	Error string  `json:"error,omitempty"` // why it could not be read last
}

// NotifierStatus is one notifier, and what became of events since the start.
type NotifierStatus struct {
	Name      string `json:"name"`
	Sent      int64  `json:"sent"`
	Failed    int64  `json:"failed"`
	Dropped   int64  `json:"dropped"`
	Coalesced int64  `json:"coalesced"`
}
