package support

// Level says what a target does with a field.
type Level uint8

// The levels. Meaningless: there is nothing to do here (a published loopback port in a cluster); it is listed in
// the report and is no diagnostic. Unsupported: it would change behaviour and cannot be expressed: an error,
// unless targets.T.accept names the field.
const (
	Exact Level = iota
	Emulated
	Meaningless
	Unsupported
)

// String is the word of the report.
func (l Level) String() string {
	return [...]string{"exact", "emulated", "meaningless", "unsupported"}[l]
}

// Row is what a target does with the fields that match a pattern.
type Row struct {
	// Field is a pattern of the canonical tree: services.*.ports[].published. "*" is any key, "[]" any item. A row
	// speaks for everything below it, unless a row for something below says otherwise.
	Field string
	Level Level
	// How: for exact the target's own key; for emulated in which way; for meaningless why; for unsupported what to do
	// instead, as the help of a diagnostic.
	How string
	// Loud: an emulation that changes what the reader may rely on, so that the field is a warning with How as its text.
	Loud bool
	// Free are values of a scalar that ask for nothing on this target, so that they are neither reported nor refused:
	// privileged: false.
	Free []string
}

// Table is what one backend does with every field of the schema, as an ordered list without two rows for one
// pattern. Fields that no backend lowers yet stand in it too: there is no field without a row.
type Table struct {
	Backend string
	Rows    []Row
}
