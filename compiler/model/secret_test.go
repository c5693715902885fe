package model

import (
	"slices"
	"testing"
)

func TestSopsExtract(t *testing.T) {
	for key, want := range map[string]string{
		"":                  "",
		"password":          `["password"]`,
		"db.password":       `["db"]["password"]`,
		"users.0.token":     `["users"][0]["token"]`,
		`["a.b"]["c"][10]`:  `["a.b"]["c"][10]`,
		"it's here.ünïcödé": `["it's here"]["ünïcödé"]`,
		"a..b":              "!",
		".":                 "!",
		`a"b`:               "!",
		"a\nb":              "!",
		`["a"`:              "!",
		`["a"] --in-place`:  "!",
		"99999999999999.x":  `["99999999999999"]["x"]`,
		`["a\"]`:            "!",
	} {
		got, err := (&Sops{File: "f", Key: key}).Extract()
		if err != nil {
			got = "!"
		}
		if got != want {
			t.Errorf("%q: got %s, want %s", key, got, want)
		}
	}
}

func TestVaultWords(t *testing.T) {
	version := 3
	v := &Vault{Path: "shop/db", Mount: "team/kv", Key: "-k", Version: &version, Address: "https://vault.example.com"}
	want := []string{"secret", "vault", "--path=shop/db", "--key=-k", "--mount=team/kv", "--version=3", "--address=https://vault.example.com"}
	if got := v.Words(); !slices.Equal(got, want) || v.Full() != "team/kv/shop/db" {
		t.Errorf("got %q, %q", got, v.Full())
	}
}
