package k8s

import "github.com/octocompose/octocompose/compiler/doc"

// chunk is how many values and fields an arena takes at a time: those of two or three objects.
const chunk = 512

// arena is the memory of one document. A document is dropped as soon as it is printed, so the next one takes its place.
type arena struct {
	values [][]doc.Value // chunks; what is in use begins at the first
	used   int
	fields [][]doc.Field
	taken  int
	stack  []doc.Field // of mappings that are being made
}

// reset gives all memory back. Nothing that came from the arena may be used after it. Fields are written over as a
// whole, so only values are cleared.
func (a *arena) reset() {
	for i := 0; i*chunk < a.used; i++ {
		clear(a.values[i][:min(chunk, a.used-i*chunk)])
	}
	a.used, a.taken, a.stack = 0, 0, a.stack[:0]
}

// new is an empty value.
func (a *arena) new(k doc.Kind) *doc.Value {
	if a.used/chunk == len(a.values) {
		a.values = append(a.values, make([]doc.Value, chunk))
	}
	v := &a.values[a.used/chunk][a.used%chunk]
	a.used++
	v.Kind = k
	return v
}

// scalar is a value with text.
func (a *arena) scalar(k doc.Kind, text string) *doc.Value {
	v := a.new(k)
	v.Text = text
	return v
}

// pop takes the fields above mark from the stack.
func (a *arena) pop(mark int) []doc.Field {
	n := len(a.stack) - mark
	if n == 0 {
		return nil
	}
	out := a.take(n)
	copy(out, a.stack[mark:])
	a.stack = a.stack[:mark]
	return out
}

// take is room for n fields.
func (a *arena) take(n int) []doc.Field {
	if n > chunk {
		return make([]doc.Field, n)
	}
	if a.taken%chunk+n > chunk {
		a.taken += chunk - a.taken%chunk // the rest of the chunk is too small
	}
	if a.taken/chunk == len(a.fields) {
		a.fields = append(a.fields, make([]doc.Field, chunk))
	}
	at := a.taken % chunk
	a.taken += n
	return a.fields[(a.taken-n)/chunk][at : at+n : at+n]
}
