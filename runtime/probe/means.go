package probe

import "context"

// Means is what questions need from outside. The zero value is enough for all that ask over the network or start programs.
type Means struct {
	// Kube is asked about Jobs.
	Kube Kube
	// Units asks the service manager of the machine how a unit is. An error is no answer ([ErrUnasked]); that there is no
	// such unit is none. nil: there is no service manager, and unit is refused as a question.
	Units func(ctx context.Context, name string) (Unit, error)
}

// Unit is how a service unit of systemd is, in the words of org.freedesktop.systemd1(5).
type Unit struct {
	Load, Active, Sub string // LoadState, ActiveState, SubState
	Result            string // of the service; wanted where it has failed or is about to be restarted
	Restarts          uint32 // NRestarts of the service
}
