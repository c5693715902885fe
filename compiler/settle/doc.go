// Package settle turns the configuration that a service has of its own (services.X.config, and the globals below it)
// into what every platform has: a file that is mounted, and environment variables.
//
// In: the merged canonical tree, the schema of the language, and the door to the files that config.schema names. Out:
// the tree without globals and services.*.config, with an entry in configs, one in services.X.configs and entries in
// services.X.environment in their place; the files that were read; diagnostics. Backends know nothing of it.
//
// A service gets the values of its group of globals, its own values over them, and what the vendor's schema has as
// defaults below both. A fault is reported where the value was written, with the line of the vendor's schema beside it. A
// service without config gets nothing of globals: it says no way in which values would reach it. What is made keeps the place
// of the value that it comes from and is Derived.
//
// It must never write what a reader of the format could take for another value (a number that readers read
// differently, text that .env readers disagree on): that is an error. octo config shows the tree before it.
//
//	out, ds := settle.Tree(root, settle.Input{Schema: schema, Reader: reader, Name: "shop"})
//
//	services: { api: { config: {                         services: { api: {
//	  values: { db: { pool: 40 } },               →        configs: [{ source: api-config, target: /etc/api.yaml }],
//	  deliver: {                                           environment: { API_DB_POOL: "40" } } }
//	    file: { path: /etc/api.yaml, format: yaml },     configs: { api-config: { content: "db:\n  pool: 40\n" } }
//	    env: { prefix: API_ } } } } }
package settle
