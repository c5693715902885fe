// Package service is how a program lives under a service manager: it says when it is ready, reloads and stops, shows that
// it is alive, takes over sockets, and follows signals.
//
// In: the environment as a function, the process id, signals as channels. Out: datagrams to the manager's socket
// (sd_notify(3)), listeners (sd_listen_fds(3)), and calls of reload and drain in the right order. It reads no environment
// of its own and unsets nothing; [Environ] is the environment for programs that are started. Without a manager every
// message is dropped without an error, so that the same program runs in a container or by hand.
//
//	m, err := service.NewManager(os.Getenv)
//	hangup, stop, end := service.Signals()
//	defer end()
//	err = service.Loop{Manager: m, Hangup: hangup, Stop: stop, Reload: reload, Drain: drain}.Run(ctx)
package service
