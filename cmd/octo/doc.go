// Command octo compiles one description of an application into what systemd, Docker Compose and Kubernetes apply.
//
// In: arguments, config files. Out: the output folder, data on stdout, findings on stderr, an exit code: 0 done; 1
// errors in the config; 2 usage; 3 differences (--check) or outputs that were edited; 4 the environment failed; 130
// interrupted, with the outputs old or new, never between. All work is done by package compiler and what it drives; here
// are flags, messages and the one list of backends (backends.go). It must do no work before the command is known, so
// that octo version and the shell's completion are fast.
//
//	octo compile -t k8s compose.yaml
package main
