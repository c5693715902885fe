// Package tree is the form in which a config travels from the parser to the model: ordered nodes that
// know where they were written.
//
// In: what a parser, a front end or a merge makes. Out: [Node], immutable once its maker has returned
// it; [Path], the address of a node, which lives outside the node, so that an aliased node can stand in
// several places. A node that replaced another remembers it (Node.Was): the chain of what each value
// overrode. The package never prints, validates or reads files.
//
//	p := tree.Root.Key("services").Key("web").Key("ports").Index(0) // services.web.ports[0]
//	n, ok := tree.Get(root, p)
package tree
