// Package resolve checks what refers to something else: that it is there, that nothing waits for itself, that no two
// claim the same place; and it works out the start order.
//
// In: the model, and the merged tree, from which it takes only positions (which of two faults was written later) and the
// references of fields that the model leaves to the Compose backend. Out: diagnostics, and
// [github.com/octocompose/octocompose/compiler/model.Project.Steps]. It never changes anything else in the model, and
// everything is linear in the size of the project: a chain of 10,000 services costs ten times one of 1,000, and no
// recursion grows with it.
//
//	ds := resolve.Project(project, merged, resolve.Options{})
package resolve
