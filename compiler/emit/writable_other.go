//go:build windows || plan9 || js || wasip1

package emit

import "os"

// syncFlags opens a file to be made durable: Windows wants one that may be written.
const syncFlags = os.O_RDWR

func (o *Out) writable(*Plan) error { return nil }
