// Package observe shows what the sidecar does: metrics for Prometheus, a status as JSON and as a table, whether it lives,
// and logs.
//
// In: a spec, whose names are the only ones that become labels; calls of a [Recorder] by who serves, checks, restarts and
// notifies. Out: /metrics, /status and /healthz over HTTP, on an address or a socket, and a log. It never asks anything
// of what it observes, never blocks it for longer than it takes to note a number, and shows no value of a config or a
// secret.
//
// Who feeds a Recorder does not import this package: it takes functions, and the command hands over methods. So nobody
// else knows Prometheus.
//
//	r, err := observe.NewRecorder(run, observe.Options{Version: version})
//	schedule := …{OnResult: r.Checked, OnState: r.Turned, Beat: r.Beat}
//	l, err := observe.ListenSocket(state + "/status.sock")
//	err = observe.Serve(ctx, l, r.Handler())
//
// The files: recorder.go what is noted, metrics.go Prometheus, status.go the status, server.go HTTP, table.go the table,
// log.go logs.
package observe
