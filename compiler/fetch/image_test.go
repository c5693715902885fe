package fetch

import "testing"

// The short names of images are docker's.
func TestImageAddress(t *testing.T) {
	const digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	for image, want := range map[string]string{
		"postgres":                      "oci://docker.io/library/postgres:latest",
		"postgres:16":                   "oci://docker.io/library/postgres:16",
		"docker.io/postgres:16":         "oci://docker.io/library/postgres:16",
		"docker.io/library/postgres:16": "oci://docker.io/library/postgres:16",
		"acme/shop:1":                   "oci://docker.io/acme/shop:1",
		"ghcr.io/acme/shop":             "oci://ghcr.io/acme/shop:latest",
		"registry:5000/x/y:1":           "oci://registry:5000/x/y:1",
		"localhost/x":                   "oci://localhost/x:latest",
		"x:1@" + digest:                 "oci://docker.io/library/x@" + digest,
		"UPPER":                         "",
		"a b":                           "",
		"https://x/y":                   "",
	} {
		if a, err := imageAddress(image); a.String() != want || (err == nil) != (want != "") {
			t.Errorf("%s is %s, %v; want %s", image, a, err, want)
		}
	}
}
