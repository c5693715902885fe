# make demo and make test work on a fresh machine with Go; nothing else is needed.
GO ?= go

.PHONY: demo test check bench lint fmt generate gates e2e build

# Nothing is booted but by make e2e and .ci/run, also where everything for it is installed.
export OCTO_GATES ?= none

# Compile the example application to its three targets and show the trees.
demo: build
	@.ci/demo bin/octo

build:
	@CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-s -w" -o bin/octo ./cmd/octo
	@CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-s -w" -o bin/octo-sidecar ./cmd/octo-sidecar

# Everything that needs only Go. Tests that need a platform's own tool skip by name where it is missing.
test:
	$(GO) vet ./...
	@GO=$(GO) .ci/test

# What CI runs before the gates: formatting, lint, races, generated files, the platforms that people compile on.
check: lint
	$(GO) test -race ./...
	@.ci/unchanged
	GOOS=darwin GOARCH=arm64 $(GO) build -o /dev/null ./cmd/octo
	GOOS=windows $(GO) build -o /dev/null ./cmd/octo

# The offline gates: the platforms' own tools over what we make. tools/install brings them.
gates:
	OCTO_GATES=all $(GO) test -count=1 ./internal/gates

# The conformance kit: one application on real systemd, Docker Compose and Kubernetes. As root.
e2e:
	OCTO_GATES=all $(GO) test -count=1 -timeout 20m -v ./internal/e2e

bench:
	$(GO) test -run '^$$' -bench . -benchmem ./...

lint:
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo 'run: make fmt'; exit 1; }
	$(GO) vet ./...
	$(GO) tool -modfile=tools/lint/go.mod staticcheck ./...

fmt:
	gofmt -w $$(git ls-files '*.go')

# Rewrites goldens and generated pages; review the diff. The packages are those whose tests know -update.
generate:
	$(GO) test $$(git grep -l 'flag.Bool("update"' -- '*_test.go' | xargs -n1 dirname | sort -u | sed 's|^|./|') -update
