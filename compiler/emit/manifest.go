package emit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path"
	"path/filepath"
	"strconv"

	"github.com/octocompose/octocompose/compiler/artifact"
)

// ManifestName is the file in each target's folder that lists what is ours. It has no ending, as tools that read a
// whole folder of manifests trip over a .json that is none.
const ManifestName = ".octo-manifest"

// manifestFormat is raised when an older octo could not read the manifest.
const manifestFormat = 1

// Meta is what the manifest says about a tree besides its files. It holds nothing that changes when the output does
// not: no time, no version, no hash of an input.
type Meta struct {
	Project string
	Target  string   // the name of the folder
	Inputs  []string // source files, relative to the project's folder, sorted
}

// manifest is a manifest that was read.
type manifest struct {
	Format  int             `json:"format"`
	Project string          `json:"project"`
	Target  string          `json:"target"`
	Inputs  []string        `json:"inputs"`
	Files   []manifestEntry `json:"files"`
}

type manifestEntry struct {
	Path string `json:"path"`
	Mode string `json:"mode"`
	Hash string `json:"hash"`
}

// appendManifest prints the manifest of a tree: JSON with one file a line, so that a diff of it can be read.
func appendManifest(b []byte, m Meta, files []artifact.File) []byte {
	b = append(b, "{\n  \"format\": "...)
	b = strconv.AppendInt(b, manifestFormat, 10)
	b = append(b, ",\n  \"project\": "...)
	b = appendString(b, m.Project)
	b = append(b, ",\n  \"target\": "...)
	b = appendString(b, m.Target)
	b = append(b, ",\n  \"inputs\": ["...)
	for i, in := range m.Inputs {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = appendString(b, in)
	}
	b = append(b, "],\n  \"files\": ["...)
	for i := range files {
		f := &files[i]
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, "\n    {\"path\": "...)
		b = appendString(b, f.Path)
		b = append(b, ", \"mode\": \"0"...)
		b = strconv.AppendUint(b, uint64(f.Mode.Perm()), 8)
		b = append(b, "\", \"hash\": \""...)
		b = appendHash(b, f.Data)
		b = append(b, "\"}"...)
	}
	if len(files) > 0 {
		b = append(b, "\n  "...)
	}
	return append(b, "]\n}\n"...)
}

// appendString prints s as a JSON string.
func appendString(b []byte, s string) []byte {
	plain := true
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			plain = false
			break
		}
	}
	if plain {
		return append(append(append(b, '"'), s...), '"')
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string always encodes
	return append(b, bytes.TrimSuffix(buf.Bytes(), []byte{'\n'})...)
}

// appendHash prints the hash of data as the manifest has it.
func appendHash(b, data []byte) []byte {
	sum := sha256.Sum256(data)
	return hex.AppendEncode(append(b, "sha256:"...), sum[:])
}

func hashOf(data []byte) string { return string(appendHash(nil, data)) }

// readManifest reads what appendManifest printed. A path that leads out of the tree, a merge conflict in the text or a
// format of a later octo is an error.
func readManifest(data []byte) (*manifest, error) {
	var m manifest
	if err := json.Unmarshal(data, &m); err != nil {
		if bytes.Contains(data, []byte("<<<<<<<")) {
			return nil, fmt.Errorf("it holds the marks of a merge conflict")
		}
		return nil, err
	}
	if m.Format != manifestFormat {
		return nil, fmt.Errorf("it has format %d, and this octo reads format %d", m.Format, manifestFormat)
	}
	for _, f := range m.Files {
		if !isInside(f.Path) {
			return nil, fmt.Errorf("it lists %q, which is not a path inside the tree", f.Path)
		}
	}
	return &m, nil
}

// isInside reports whether p is a clean, slash-separated path to something below the folder it is relative to.
func isInside(p string) bool {
	return p != "." && path.Clean(p) == p && filepath.IsLocal(filepath.FromSlash(p))
}
