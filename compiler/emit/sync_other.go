//go:build !linux

package emit

// syncStage makes the staged files durable, so that the journal never outlives them in a power cut.
func (o *Out) syncStage(int) error { return o.syncEach() }
