// Package https gets one file over https.
//
// In: a URL, a cap in bytes. Out: the bytes, decoded, or a [guard.Error]. What it must never do: send credentials (there
// are none: no netrc, no cookies), or read past the cap, however small what was sent.
//
//	data, err := https.Get(ctx, g, "https://example.com/core.yaml", 1<<20, nil)
package https
