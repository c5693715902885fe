// Package interpolate puts the values of variables into the scalars of a tree: ${NAME} and its relatives of
// the Compose specification (file "12-interpolation.md"), and reads the .env files that hold the values.
//
// In: the tree of one file and an [Env]. Out: the same tree with every ${…} in a value replaced; nodes
// without a dollar sign are shared, not copied. Keys are not touched, as in Compose, nor is what stands
// inside {{ … }}, which belongs to templates. The forms:
//
//	$NAME ${NAME}             the value; blank, with a warning, when it is not set
//	${NAME:-text} ${NAME-text}  text when NAME is empty or not set; when it is not set
//	${NAME:?text} ${NAME?text}  an error that says text in the same cases
//	${NAME:+text} ${NAME+text}  text when NAME is set and not empty; when it is set; else blank
//	$$                        a dollar sign
//
// A text may hold further variables. A dollar sign before anything else, as in "$5", is a dollar sign.
//
// The result of a replacement is a string with Derived set, whatever it looks like: what a field wants, and not
// what a value looks like, decides whether "3" is a number, as in Compose, where the schema casts. Quoted stays
// as the author wrote it, so a string with Derived and without Quoted may be read as the boolean or the number
// that its text spells; one with Quoted is meant as a text. A value that could not be worked out is
// of Kind [tree.Unknown].
//
// A variable that the env marks as secret ([Marker]) leaves its mark in the text, never its value.
//
// The package never reads the process environment and never looks at what keys mean.
//
//	n, ds := interpolate.Tree(tree.Root, root, env)
package interpolate
