package systemd

import (
	"strings"
	"testing"

	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

// withVault is a project whose service web reads the secret db from Vault.
func withVault(more ...*model.Service) *model.Input {
	web := &model.Service{Name: "web", Image: "nginx", Secrets: []model.FileRef{{Source: "db"}}}
	in := input("shop", append(more, web)...)
	in.Project.Secrets = []*model.Secret{{Key: "db", Path: tree.Of("secrets", "db"), Vault: &model.Vault{Path: "secret/shop", Key: "password"}}}
	return in
}

// TestVaultUnit: the unit of a secret is a name among the others, and there only where a service reads the secret.
func TestVaultUnit(t *testing.T) {
	const unit = "etc/systemd/system/shop-secret-db.service"
	set, diags := New().Lower(withVault())
	if diags.Has(diag.Error) || set.Get(unit) == nil {
		t.Fatalf("no %s: %v", unit, diags)
	}
	in := withVault()
	in.Project.Services[0].Secrets = nil
	if set, _ := New().Lower(in); set.Get(unit) != nil {
		t.Errorf("%s is made for nobody", unit)
	}
	_, diags = New().Lower(withVault(&model.Service{Name: "secret-db", Image: "nginx"}))
	if len(diags) != 1 || diags[0].Code != diag.NameClash {
		t.Errorf("two units may have one name: %v", diags)
	}
}

// TestVaultRestart: another place in Vault restarts the services that read it, after the unit that asks.
func TestVaultRestart(t *testing.T) {
	old, _ := New().Lower(withVault())
	in := withVault()
	in.Project.Secrets[0].Vault.Path = "secret/other"
	now, _ := New().Lower(in)
	got := strings.Join(New().Restarts(old, now), "\n")
	if !strings.Contains(got, "shop-secret-db.service") || !strings.Contains(got, "shop-web.service") {
		t.Errorf("got %s", got)
	}
}
