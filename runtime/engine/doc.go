// Package engine asks the engine of containers, Docker or Podman, over its unix socket: how a container is, to restart
// it, to run a program in it.
//
// In: the path of the socket and the name of a container. Out: what the engine answers, or an error that says what it
// answers instead. It decides nothing: whether a container may be restarted, and what an exit status means, its callers
// know. It never trusts an answer: each is read up to a bound, redirects are not followed, and no connection is kept.
//
// The API is that of moby (api/swagger.yaml), which Podman speaks as its compatible API. Paths carry no version, so that
// the engine takes its own.
//
//	e := engine.Engine{Socket: "/run/docker.sock"}
//	state, err := e.State(ctx, "shop-api-1")
//	if err == nil && state.Why() == "" {
//		err = e.Restart(ctx, "shop-api-1")
//	}
package engine
