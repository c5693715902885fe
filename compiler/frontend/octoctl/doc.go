// Package octoctl reads the dialect of octoctl: a root file with the key octoctl, and all that it includes.
//
// In: [frontend.Input]: the root file, and what reads the files that it names. Out: one tree in the surface form of our
// language, in which every value has its place in the foreign files, and Node.Was leads to what it replaced. Both
// spellings of the dialect are read, that of the published charts (configs, repos.services.X.docker) and that of the
// concept (service, octoctl.operator.services.X); docs/octoctl.md has the table of what becomes what. The stages:
//
//	read      the root and its includes, depth first, each file once
//	normal    one spelling for each key, a file at a time
//	merge     octoctl's own rules: the including file over its includes, the first include over the next
//	repos     the files that repos names, below the repos of the configs
//	globals   groups of values below the configs of the services that take them
//	render    {{ … }} in services and repos; configs are data and never rendered
//	convert   services, and a finding for each key that has no meaning here
//
// It must never read a file but through Input.Include, never print the value of a token or a password, and drop
// nothing that was written without a finding. Relative paths in services are seen from the folder of the root file.
//
//	root, ds := octoctl.FrontEnd{}.Convert(&frontend.Input{File: f, Root: parsed, Include: include, Path: path})
package octoctl
