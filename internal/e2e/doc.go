// Package e2e is the conformance kit: one application, compiled and booted on real systemd with Podman, a real Docker
// engine with Compose, and a real Kubernetes node, and one table of what must be seen there.
//
// In: testdata/app, our own test program in several roles (app), nats-server, and what tools/install brings. Out: a
// test for each platform with a subtest for each line of the table ([expectations] in expectations_test.go), and the
// seconds that each took in $OCTO_TOOLS/run/PLATFORM.txt. It needs root, and skips by name what is missing; with
// OCTO_GATES=all that is a failure, and with OCTO_GATES=none nothing is booted at all.
//
// The platforms run in boxes (box/*.sh): throw-away machines made of namespaces. The kit must never reach out of its
// box, and never apply anything but by the commands that APPLY.md says.
//
//	go test ./internal/e2e -run TestCompose -v
//	go test ./internal/e2e -run 'TestSystemd/(boots|killed)' -v
//
// OCTO_E2E_BIN names a folder with a built octo and octo-sidecar, to hold a release to the table.
//
// To add an expectation is to add a line to the table; a platform is the interface in platform_test.go.
package e2e
