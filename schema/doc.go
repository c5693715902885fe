// Package schema is the config language as data: the shape, the bounds, the defaults, the merge rule, the short form
// and the docs of every field, in CUE files that stand beside this one. It is the only place where they are written.
//
// In: nothing. Out: [FS], which package shape compiles. The files keep to the dialect of CUE that package shape
// describes; a field that is added here needs a doc comment, and tests hold the files against the Compose
// specification and against the real CUE evaluator. The package holds no logic.
//
//	s, err := shape.Compile(schema.FS)
package schema
