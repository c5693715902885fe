// Package watch asks a question for ever and says when the answer has been no for too long: what restarts an unhealthy
// service where the platform has no health checks.
//
// In: a probe and a [Rule]; a context that ends the watch. Out: an error once the rule says so, nil when told to stop;
// on the way, a line for what is worth knowing. It never restarts anything: who started it does, by its exit.
//
// The machine ([State]) is the kubelet's (prober worker): counters of results in a row, failures before the first success
// within the start period do not count, and a question that could not be asked is no result. It knows no clock; [Run]
// brings the time, which is monotonic, so that a changed clock or leap second moves nothing.
//
//	err := watch.Run(ctx, watch.Rule{Interval: 30 * time.Second, Timeout: 5 * time.Second, Failures: 3, Successes: 1}, ask, say)
package watch
