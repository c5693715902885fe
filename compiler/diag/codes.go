package diag

// Code is the stable name of a kind of finding. It is printed in brackets, can be searched for, and has
// a page: octo explain CODE.
type Code string

// The codes. Each stands in [Pages]; a test holds the two together.
const (
	Syntax         Code = "syntax"          // not YAML
	DuplicateKey   Code = "duplicate-key"   // a key twice in one mapping
	BadTag         Code = "bad-tag"         // a tag other than !reset and !override
	Limit          Code = "limit"           // too deep, too large, too many
	AliasBudget    Code = "alias-budget"    // aliases that unfold to more than the limit
	UnknownKey     Code = "unknown-key"     // no such field
	NotYet         Code = "not-yet"         // a reserved field
	Type           Code = "type"            // wrong kind or form of value
	Enum           Code = "enum"            // not one of the allowed values
	Range          Code = "range"           // outside the bounds
	Pattern        Code = "pattern"         // does not match
	Required       Code = "required"        // a value is missing
	Duplicate      Code = "duplicate"       // an item twice in a list of unique items
	Exclusive      Code = "exclusive"       // two fields that rule each other out
	Conflict       Code = "conflict"        // two spellings of one field that differ
	Interpolation  Code = "interpolation"   // ${…} that cannot be read
	Unset          Code = "unset"           // a variable without a value
	Boolean        Code = "boolean"         // yes, no, on, off as booleans
	Include        Code = "include"         // an include or extends that cannot be read
	Lock           Code = "lock"            // octo.lock cannot be read, or says something else
	Remote         Code = "remote"          // something that is fetched cannot be had
	Signature      Code = "signature"       // a file is not signed by who must have signed it
	Unpinned       Code = "unpinned"        // an image or program without a digest
	Cycle          Code = "cycle"           // things that wait for, include or extend each other
	MergeKind      Code = "merge-kind"      // layers that disagree on the kind of a value
	UnknownService Code = "unknown-service" // a reference to a service that is not there
	UnknownRef     Code = "unknown-ref"     // a reference to a network, volume, config or secret that is not there
	UnknownTarget  Code = "unknown-target"  // -t names no target
	PortClash      Code = "port-clash"      // one host port twice
	NameClash      Code = "name-clash"      // two names that become one on a target
	Renamed        Code = "renamed"         // a name that had to change for a target
	Unsupported    Code = "unsupported"     // a target cannot express the field
	Accepted       Code = "accepted"        // the same, and targets.T.accept says that it may be left out
	Emulated       Code = "emulated"        // a target does it in another way that the reader should know
	Exposed        Code = "exposed"         // a dangerous grant: privileged, the engine's socket, the host's root
	Template       Code = "template"        // {{ … }} that cannot be rendered
	PlainSecret    Code = "plain-secret"    // a value that looks like a secret
	SecretValue    Code = "secret-value"    // a value that was declared secret, where an output would hold it
	MissingFile    Code = "missing-file"    // a file that the config names and that is not there
	Empty          Code = "empty"           // no services
	Drift          Code = "drift"           // an output file was edited
	Internal       Code = "internal"        // a bug of ours
)

// Page is what octo explain CODE prints.
type Page struct {
	Code  Code
	Title string // one line
	Text  string // what it means, why, what to do
	Bad   string // an example that is reported, "" where none is short
	Good  string // the same, right
}
