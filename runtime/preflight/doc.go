// Package preflight says whether a machine is ready for a service: a port is free, a disk has room, the kernel is new
// enough, a name has an address, a page answers, a command works.
//
// In: a check in the words of the command line. Out: nil, or an error that says what was seen and what was wanted. It
// changes nothing on the machine; a port is bound for a moment and left again.
//
//	check, err := preflight.Parse([]string{"disk", "/var/lib/shop", "10Gi"})
//	err = check(ctx) // "/var/lib has 3.2 GiB free; want 10 GiB"
package preflight
