// Package emit writes output trees: it is the only package that does.
//
// In: an [artifact.Set] for each target, and the output folder. Out: a [Plan], which says for every file whether it
// is added, changed, removed or in the way; the folder, brought up to date by [Out.Apply]; unified diffs
// ([Unified]). Below the output folder each target has a folder of its own, with a manifest (.octo-manifest) of the
// files that are ours.
//
// What holds at every moment, a kill or a full disk included: each file is wholly old or wholly new; the tree as a
// whole is old or new once the next run has finished what an earlier one left. For that, everything is first written
// beside the trees, in .octo-stage, together with a journal of what is to be moved where. Moving the journal to its
// name is the one step that decides: before it nothing has changed, and after it the moves can be repeated until they
// are done.
//
// It must never write outside the output folder (all names go through [os.Root]), touch a file that is not in the
// manifest, or overwrite one that was edited since, unless [Plan.Force] says so; nor touch anything at all when there
// is nothing to do. It knows no clock and no configuration.
//
//	out, err := emit.Open(ctx, "out", emit.Write)
//	defer out.Close()
//	plan, err := out.Plan(set, emit.Meta{Project: "shop", Target: "k8s", Inputs: []string{"octo.yaml"}})
//	err = out.Apply(ctx, plan)
package emit
