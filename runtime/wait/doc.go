// Package wait repeats a question until it is answered, or until the process that could make the answer come true is
// gone: what start gates are made of.
//
// In: a probe, an interval, a context with a deadline; a process id. Out: nil once the probe succeeds, or the last thing
// that was seen. It never starts, stops or signals anything (signal 0 only asks whether a process is there).
//
//	ctx, stop, err := wait.While(ctx, pid)
//	defer stop()
//	err = wait.Until(ctx, time.Second, probe)
package wait
