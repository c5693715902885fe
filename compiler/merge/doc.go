// Package merge lays layers over each other: an include below the file that includes it, an override file over the
// file that it overrides, a service over the one that it extends.
//
// In: trees in canonical form (package canon), lowest first, and the shape that they have. Out: one tree, in which
// every value keeps the place where it was written, and Node.Was leads to what the layers below wrote in its place. How a
// higher value goes over a lower one stands in the schema (@merge; [shape.Rule] lists the verbs); without a rule,
// mappings are merged by key, lists are joined, and scalars are replaced; null replaces nothing. The rules are those
// of the Compose specification, and where it is silent, of compose-go. The merge tags !reset and !override are consumed.
//
// It must never look at what a value means, and never report what another stage has reported: a value of kind unknown is
// passed on, and makes what it would be merged with unknown. Layers that disagree on the kind of a value are an
// error at both places. The time is linear in the size of all layers together.
//
//	root, ds := merge.Layers(schema.Def("#Project"), []*tree.Node{vendor, overlay})
package merge
