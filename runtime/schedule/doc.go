// Package schedule asks the checks of a spec, thousands of them, each in its own rhythm, and keeps what they come to.
//
// In: a [spec.Run], what reads a question ([probe.Read]), and what acts ([act.Hands]). Out: events to a sink, a snapshot for
// /status, counts to a [Meter], the lag of starts, a beat for the watchdog. It opens no connection itself, and no wall clock
// decides anything: that is for people only.
//
// One loop owns all state. It keeps one entry for each check in a heap, by the time of its next question; a check that waits
// costs no goroutine and no timer. A question runs in a goroutine of its own and is bounded in time; how many run at once is
// bounded, for those that start programs far lower. A check never overlaps itself, and its times are a grid, so that they do
// not drift: a question that takes longer than the interval is followed by the next at once, and one that the whole process
// slept through is left out.
//
// States change as those of the kubelet's prober do (pkg/kubelet/prober): so many equal answers in a row; failures within
// the start period do not count until the first success; a question that could not be asked neither counts nor clears. A
// check of level startup is asked until it works, and the other checks of its service wait for it; ready starts as not
// ready, alive as alive. While a service is restarted none of its checks is asked, and then all start over.
//
// A question that does not end although its time is up, such as a program in an uninterruptible sleep, fails once in each
// interval until it ends; it holds no place that others need.
//
// Flapping is told as Nagios tells it, from the last 21 answers. Actions are not held back by it: what bounds them is the
// budget of package act. Whoever sends notices leaves out failures and recoveries that say they are flapping.
//
// A server that a check drains stays drained when the scheduler ends; the next one brings it back with the first success.
//
// The tests simulate 200 seeds of six hours; CI runs 1,000 with -schedule.seeds=1000. Figures are those of BenchmarkChecks
// (-schedule.for=1h for the long run), BenchmarkProbe and BenchmarkIdle.
//
//	s, err := schedule.New(schedule.Options{Read: read, Sink: sink, Act: act.Options{Hands: act.System{}}}, run)
//	err = s.Run(ctx)
package schedule
