// Package secret reads one value out of HashiCorp Vault, as late as possible: when a service starts, or when a person
// applies an output.
//
// In: a [Reference] (where the value lies; no secret itself), how to log in, a deadline in the context. Out: the bytes
// of the value, exactly as they stand in the field; [Write] puts them into a file of mode 0600 by a rename, so that
// nobody sees half of one, and the old one stays where reading failed.
//
// It never writes, prints or wraps a value or a token: errors hold the path, the field, the address, the status and
// what to do. It never sends a token over a network in plain text, and never takes the check of certificates away.
//
//	v, err := secret.Vault(ctx, secret.Reference{Path: "secret/shop/db", Key: "password"}, secret.Login{Token: token}, nil)
//
// A process that lives long reads with a [Reader], which keeps its login.
//
// The files: vault.go the read, reader.go reading again and again, login.go who asks, faults.go errors, write.go the disk.
//
// The HTTP API: https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2 (read secret version), and
// https://developer.hashicorp.com/vault/api-docs/auth/approle (login). The client is HashiCorp's own, which takes TLS 1.2 at
// least and reads VAULT_ADDR, VAULT_CACERT, VAULT_CAPATH, VAULT_NAMESPACE, VAULT_CLIENT_CERT and their like from the
// environment of the process by itself.
package secret
