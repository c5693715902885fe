// Package act does what is to be done about a service that fails: it restarts a unit of systemd over D-Bus, restarts a
// container through its engine, and takes a server out of HAProxy and brings it back.
//
// In: a [Job], which is an action of the spec for one service. Out: a [Verdict] at once, and, where the job was taken, the
// result later through a callback. [Runner.Request] never blocks, so that no check waits for an action. Jobs run in
// goroutines of their own, so many at most, one for each service at a time, each bounded in time; what is refused is not
// queued, the check asks again with its next failure.
//
// Restarts are bounded by a [Budget]: a pause between two restarts of a service that doubles, so many restarts of one
// service in a window, and a share of all services that may be restarted at about the same time. When everything fails at
// once the fault lies elsewhere, and restarting everything would make it worse.
//
// [System.Look] asks systemd how a unit is. It changes nothing, and stands here because only this package speaks D-Bus.
//
// A container that somebody has stopped or paused, or that its engine is restarting, is left alone ([ErrLeft]).
//
// It never decides that a service has failed, and it knows no other time than the monotonic one.
//
//	r := act.NewRunner(act.Options{Hands: act.System{}, Done: done})
//	r.Bound(run.Restarts, services)
//	if v := r.Request(act.Job{Service: "api", Action: *check.OnFailure}); v.Kind == act.GivenUp { … }
package act
