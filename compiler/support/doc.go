// Package support is the type of a backend's capability table: what a target does with each field of the
// model. Lossless or loud: every field that a user writes is exact, emulated, meaningless or unsupported on each
// target, and the table is the one place that says which. The diagnostics ([Check]), octo compile --report
// ([Report]), the page of the backend in docs and the test of the promise read the same rows.
//
// In: a [Table], the merged tree, a target. Out: diagnostics and report lines. It never lowers anything.
//
//	var Table = support.Table{Backend: "k8s", Rows: []support.Row{
//		{Field: "services.*.image", Level: support.Exact, How: "containers[].image"},
//		{Field: "services.*.cgroup_parent", Level: support.Unsupported, How: "the kubelet places pods: delete the line"},
//	}}
package support
