package k8s

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The type of ours is read back as strictly as those of the API: what the encoder dropped or invented would show.
func TestExternalSecretReadsBack(t *testing.T) {
	want := &externalSecret{TypeMeta: metav1.TypeMeta{APIVersion: "external-secrets.io/v1", Kind: "ExternalSecret"}, ObjectMeta: metav1.ObjectMeta{Name: "a"}}
	want.Spec = externalSpec{
		RefreshInterval: "1h", SecretStoreRef: externalStore{Kind: "SecretStore", Name: "s"}, Target: externalTarget{Name: "a", CreationPolicy: "Owner"},
		Data: []externalData{{SecretKey: "k", RemoteRef: externalRef{Key: "secret/a", Property: "true", Version: "3"}}},
	}
	data, _, err := newEncoder().file(&outputFile{objects: []*object{{value: want}}}, []string{"octo.yaml"})
	if err != nil {
		t.Fatal(err)
	}
	if err := readBack(data, want); err != nil {
		t.Errorf("%v\n%s", err, data)
	}
	for old, changed := range map[string]string{"property: \"true\"": "propertyy: x", "key: secret/a": "key: secret/b", "version: \"3\"": "version: \"4\""} {
		text := strings.Replace(string(data), old, changed, 1)
		if text == string(data) {
			t.Fatalf("%q is not in the output:\n%s", old, data)
		}
		if readBack([]byte(text), want) == nil {
			t.Errorf("%q in place of %q is not seen", changed, old)
		}
	}
}
