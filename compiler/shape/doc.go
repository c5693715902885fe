// Package shape compiles the schema, a small dialect of CUE, into shapes: validators, defaults, merge
// rules, the JSON Schema for editors and the reference docs.
//
// In: the .cue files of package schema (or of a vendor), and trees. Out: [Schema] with one [Shape] for each
// definition; diagnostics for a tree that does not fit. What leaves the dialect is an error when the schema
// is compiled, never a hole at run time. It is the only package that imports CUE, and of CUE only the
// parser: evaluating would cost 1.5 ms a service (see [Compile] for the dialect).
//
//	s, err := shape.Compile(schema.FS)
//	ds := s.Def("#Project").Check(tree.Root, node, shape.Surface)
//
// # Attributes
//
// Attributes stand behind a field; behind a definition they hold for every use of it. CUE ignores them. A name,
// a verb or a short form that is not in these lists is an error when the schema is compiled.
//
//	@merge(verb,args…)    how a higher layer goes over a lower one: see [Rule]
//	@short(name,args…)    how the short syntax becomes canonical: see below
//	@cast(bool|int|number|string)
//	                      what a string in place of a boolean or number must read as (string: a number stands for its
//	                      text). The canonical node has the kind of the cast. Where the shape does not list strings, the
//	                      cast is there for ${…} alone, and only the spelling of YAML counts (true, 12). A shape with a
//	                      unit and no cast keeps its scalar as written
//	@default(value)       stands for the field when all layers leave it out; a CUE scalar
//	@unit(name)           what a scalar is measured in: see below
//	@path(dir|file|any)   a path on the host, relative to the file that holds it
//	@exclusive(a,b)       fields of the same mapping that must not stand beside this one
//	@oneof(a,b,c)         behind a definition of a mapping: exactly one of these fields is there
//	@phase(load)          consumed while loading, never in the merged tree
//	@reserved("words")    known by name and not to be had yet; words: what it will be, for "cannot use X yet: words"
//	@want("words")        what messages ask for where a pattern would be printed: "64 hexadecimal digits"
//	@except("key")        behind a pattern: this key is refused although it matches
//	@moved(path)          written elsewhere in the canonical tree, at this path, and never here
//	@deprecated("words")  still accepted; words: what to write instead
//
// # Short forms
//
// Package canon implements them; the name says what becomes of the field's value. A value that is canonical already
// stays as it is.
//
//	keys[,"F=V,…"] a list of strings: mapping of each string to null, or to {F: V, …}
//	kv           a list of KEY=VALUE: mapping; an item without "=" is a key with null
//	hosts        a list of HOST=ADDRESS or HOST:ADDRESS, or a mapping of host to address: mapping of host to list
//	strings      a scalar: a list of that one string
//	shellwords   a string: the list of its words, split as a shell would
//	cmdshell     a string: [CMD-SHELL, string]
//	context      a string: {context: string}
//	service      a string: {service: string}
//	path         a string, or a list whose items may be strings: list of {path: string}
//	port         a list whose items may be [[IP:]PUBLISHED:]TARGET[/PROTOCOL]: list of mappings, one a port
//	volume       a list whose items may be [SOURCE:]TARGET[:OPTIONS]: list of mappings
//	device       a list whose items may be SOURCE[:TARGET[:PERMISSIONS]]: list of mappings
//	source       a list whose items may be NAME: list of {source: NAME}
//	gpus         "all": [{count: all}]
//	external     {name: N} or a string: true, or what the string reads as; N becomes the name of the entry
//	ssh          "default", or a list of ID[=PATH]: mapping
//
// # Units
//
//	duration      a number with a unit, or several: 1m30s. w d h m s ms us ns. [ParseDuration]
//	microseconds  a number of microseconds, or a duration
//	bytes         a number of bytes, or one with b, k, m, g, t, p (kb, kib too; 1k is 1024). [ParseBytes]
//	size          bytes, and Ki, Mi, Gi, Ti, Pi as Kubernetes writes them
//	octal         permission bits: 0440, "0440", 0o440; a decimal number is taken as written by YAML. [ParseMode]
//	port          1 to 65535. [ParsePort]
//	ports         a port or a range of ports: 8000-8010. [ParsePorts]
//	cpus          a number of processors, 0 or more: 0.5. [ParseCPUs]
//	ratio         a number from 0 to 1
package shape
