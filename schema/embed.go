package schema

import "embed"

// FS holds the schema: the files *.cue of one CUE package, #Project being the whole config.
//
//go:embed *.cue
var FS embed.FS
