package shape

import (
	"bytes"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/octocompose/octocompose/schema"
)

// mutantStep is which share of the mutants is tried; 1 tries them all and takes ten seconds.
const mutantStep = 11

// mutant is the schema with one fault in it.
type mutant struct {
	name string
	fsys fstest.MapFS
}

// octoFiles hold keys that Compose does not have, so that its JSON Schema has no cases for them.
var octoFiles = []string{"globals.cue", "notify.cue", "octo.cue", "repos.cue", "revisions.cue", "settings.cue", "targets.cue", "versions.cue"}

// octoDefs are such definitions in files that Compose's own stand in.
var octoDefs = []string{"#Variable", "#HTTPCheck", "#TCPCheck", "#GRPCCheck", "#Check", "#VaultSecret", "#SopsSecret"}

// octoKeys are such keys in definitions of Compose's own.
var octoKeys = regexp.MustCompile(`^(inline|credential|vault|sops|prompt|generate|http|tcp|grpc|policy|size|access|per_replica|repos|tool|revisions|globals|url|ref|as|versions|verify|template|notifications)[?]: `)

// faultsToPlant are changes of one line.
var faultsToPlant = []struct {
	name  string
	apply func(line string) string
}{
	{"the field is missing", func(l string) string { return "" }},
	{"required is optional", func(l string) string { return replaceFirst(l, `^(\s*\w+)!:`, "$1?:") }},
	{"the enumeration lacks its last word", func(l string) string { return replaceFirst(l, ` \| "[^"]*"( @|$)`, "$1") }},
	{"the bound is one higher", func(l string) string { return replaceFirst(l, `>=0`, ">=1") }},
	{"a string is a boolean", func(l string) string { return replaceFirst(l, `: string( @|$)`, ": bool$1") }},
	{"a list is a string", func(l string) string { return replaceFirst(l, `: #Strings( @|$)`, ": string$1") }},
	{"no number", func(l string) string { return replaceFirst(l, `: #(Int|Number)( @|$)`, ": string$2") }},
	{"no boolean", func(l string) string { return replaceFirst(l, `: #Bool( @|$)`, ": string$1") }},
}

func replaceFirst(l, re, with string) string {
	r := regexp.MustCompile(re)
	at := r.FindStringIndex(l)
	if at == nil {
		return l
	}
	return l[:at[0]] + r.ReplaceAllString(l[at[0]:at[1]], with) + l[at[1]:]
}

var fieldLine = regexp.MustCompile(`^\s+\w+[?!]: [^{]*$`)

// mutants are all changes of single lines of the part of the schema that is Compose's.
func mutants(tb testing.TB) []mutant {
	tb.Helper()
	names, err := fs.Glob(schema.FS, "*.cue")
	if err != nil {
		tb.Fatal(err)
	}
	base := fstest.MapFS{}
	for _, name := range names {
		data, err := fs.ReadFile(schema.FS, name)
		if err != nil {
			tb.Fatal(err)
		}
		base[name] = &fstest.MapFile{Data: data}
	}
	var out []mutant
	for _, name := range names {
		if slices.Contains(octoFiles, name) {
			continue
		}
		lines := strings.Split(string(base[name].Data), "\n")
		def := ""
		for i, line := range lines {
			if strings.HasPrefix(line, "#") {
				def, _, _ = strings.Cut(line, ":")
			}
			if !fieldLine.MatchString(line) || slices.Contains(octoDefs, def) || octoKeys.MatchString(strings.TrimSpace(line)) ||
				strings.Contains(line, "@reserved") {
				continue
			}
			for _, f := range faultsToPlant {
				changed := f.apply(line)
				if changed == line {
					continue
				}
				fsys := fstest.MapFS{}
				for k, v := range base {
					fsys[k] = v
				}
				text := slices.Clone(lines)
				text[i] = changed
				fsys[name] = &fstest.MapFile{Data: []byte(strings.Join(text, "\n"))}
				out = append(out, mutant{fmt.Sprintf("%s:%d: %s: %s", name, i+1, f.name, bytes.TrimSpace([]byte(line))), fsys})
			}
		}
	}
	return out
}
