// Package expand writes out what a service says about other services: hooks.init becomes services of their own, which
// the service waits for. A backend then needs to know nothing of it.
//
// In: the merged canonical tree. Out: the same tree with more services and without what they were made from; what is
// taken over from a service is shared, so that every value keeps its place in the source. Never: a change to what the
// user wrote of a service, or a guess where a name is taken: that is a diagnostic.
//
//	services: { api: { image: shop:1, hooks: { init: [{ command: [migrate] }] } } }
//
// becomes
//
//	services:
//	  api: { image: shop:1, depends_on: { api-init: { condition: service_completed_successfully } } }
//	  api-init: { image: shop:1, command: [migrate], restart: "no" }
package expand
