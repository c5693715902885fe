package load

import (
	"strings"
	"testing"

	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// TestVersions is how an image and a version are put together.
func TestVersions(t *testing.T) {
	digest := "sha256:" + strings.Repeat("ab", 32)
	for _, c := range []struct{ image, version, want string }{
		{"api", "2", "api:2"}, {"api:1", "2", "api:2"}, {"api:1@" + digest, "2", "api:2"}, {"api@" + digest, "2@" + digest, "api:2@" + digest},
		{"localhost:5000/api", "2", "localhost:5000/api:2"}, {"localhost:5000/api:1", digest, "localhost:5000/api@" + digest},
		{"a/b:1", "c/d", "c/d"}, {"a/b:1", "d:2", "d:2"}, {"a/b:1", "r:5000/d:2@" + digest, "r:5000/d:2@" + digest},
	} {
		low, text := tree.NewScalar(source.Span{}, tree.String, c.image), tree.NewScalar(source.Span{}, tree.String, c.version)
		if got := revised(low, text); got.Text != c.want || got.Was != low {
			t.Errorf("%s with %s is %s; want %s", c.image, c.version, got.Text, c.want)
		}
	}
	for name, want := range map[string]string{
		"redis": "docker.io/library/redis", "library/redis": "docker.io/library/redis", "docker.io/redis": "docker.io/library/redis",
		"index.docker.io/a/b": "docker.io/a/b", "a/b": "docker.io/a/b", "ghcr.io/a/b": "ghcr.io/a/b", "localhost/a": "localhost/a", "r:5000/a": "r:5000/a",
	} {
		if got := fullName(name); got != want {
			t.Errorf("%s is %s; want %s", name, got, want)
		}
	}
}
