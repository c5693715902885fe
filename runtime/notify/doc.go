// Package notify tells people and programs what happened to a service: by mail, by a webhook, or by a program.
//
// In: the notifiers of a spec, and events. Out: messages, each to every notifier that wants its event. [Notifiers.Tell]
// never blocks and never fails: each notifier has a bounded queue and a goroutine of its own, so that one that hangs holds
// up neither a check nor another notifier.
//
// What keeps a bad night from becoming a thousand mails: the same event of the same check within a window is told once
// more at most, when the window ends; a failure and its recovery that are both still waiting are left out, since they
// change nothing that was told; above so many messages a minute, what waits is told as one digest. What a full queue
// loses is counted, and the next message says so.
//
// It never follows a redirect, never sends a password without TLS, never writes a secret into an error or a log, and lets
// nothing that a service printed become a header, a command or an address.
//
//	n, err := notify.New(run.Notify, notify.Options{Project: run.Project, Log: log})
//	n.Tell(notify.Event{Kind: spec.EventFailed, Service: "api", Check: "default", Message: "connection refused"})
//	err = n.Close(ctx)
//
// The files: event.go what is told, queue.go what waits, notifiers.go who hears,
// run.go when it is sent, smtp.go, webhook.go and exec.go the three ways.
package notify
