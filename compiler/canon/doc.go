// Package canon brings one layer to canonical form: one spelling for each thing that Compose and octo can spell in
// several ways, so that layers can be merged, and later stages decode one form only.
//
// In: the tree of one file, after interpolation, that the surface check has seen. Out: the same tree with short syntax
// written out ("80:80" is a mapping of target, published, …), lists of KEY=VALUE made mappings, "true" made a
// boolean where the schema asks for one, host paths made relative to the project's folder, and fields with two names
// (x-octo, scale and deploy.replicas, checks.default, external.name) under one. Which field takes which form stands in
// the schema: @short, @cast and @path; package shape documents the names. The few rewrites that look at more than one
// field are the table in steps.go.
//
// It must never look at other layers, fill in defaults that would hide what a lower layer says, or report again
// what the surface check has reported: a value of a kind that the schema does not allow becomes unknown, in silence. A
// part of a short form that cannot be read is reported at its place inside the scalar, and is a node of kind
// unknown in the result. A part that holds {{ … }} is carried as it is. Nodes that did not change are shared.
//
//	root, ds := canon.File(schema.Def("#Project"), layer, "vendor")
//	// ports: ["127.0.0.1:80:8080"]  →  ports: [{target: 8080, published: "80", host_ip: 127.0.0.1, …}]
//
// The short forms are those of the Compose specification, read as compose-go reads them; where this package differs,
// the comment of the form says so.
package canon
