package systemd

import (
	"cmp"
	"path"

	"github.com/octocompose/octocompose/compiler/doc"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/support"
)

// vaultEnv is where a machine says how Vault is reached: VAULT_ADDR, VAULT_CACERT, VAULT_NAMESPACE.
const vaultEnv = "/etc/octo/vault.env"

// vaultTime is how long a unit waits for a Vault that is sealed or not there, as a duration of Go.
const vaultTime = "5m"

// logins are the credentials that octo-sidecar looks for in the folder of the unit's credentials. systemd passes over
// those that are not in /etc/credstore (systemd.exec(5), LoadCredential=).
var logins = []struct{ id, what string }{
	{"vault-token", "a token of Vault"}, {"vault-role-id", "the role id of an AppRole"}, {"vault-secret-id", "its secret id"},
}

// vaultUnit is the unit that reads a secret from Vault, without .service.
func (l *lowering) vaultUnit(s *model.Secret) string { return l.names.project + "-secret-" + s.Key }

// vaultFile is where that unit puts the value: on a tmpfs, for root alone.
func (l *lowering) vaultFile(s *model.Secret) string { return "/run/" + l.vaultUnit(s) + "/value" }

// storedAs is the credential below /etc/credstore that holds the secret; "" where none does. What sops decrypts, what
// a person types and what is made by chance is put there by a command of APPLY.md.
func (l *lowering) storedAs(s *model.Secret) string {
	if s.Credential != "" {
		return s.Credential
	}
	if _, asked := s.Question(); asked || s.Sops != nil || s.Generate {
		return l.names.project + "." + s.Key
	}
	return ""
}

// vaultUnits are the units that read the secrets of s, which it wants and comes after. A want alone: where Vault does
// not answer, the start of s fails for want of the file, and the next one by Restart= asks again.
func (l *lowering) vaultUnits(s *model.Service) []string {
	var out []string
	for i := range s.Secrets {
		if secret := l.p.Secret(s.Secrets[i].Source); secret != nil && secret.Vault != nil && !secret.External {
			if u := l.vaultUnit(secret) + ".service"; !contains(out, u) {
				out = append(out, u)
			}
		}
	}
	return out
}

// readsVault lets the unit of s change with the place of the secret, as the file's name does not.
func (s *service) readsVault(secret *model.Secret) {
	for _, w := range secret.Vault.Words() {
		s.config.add([]byte(w + "\n"))
	}
}

// vaultSecrets makes a unit for each secret in Vault that a service uses.
func (l *lowering) vaultSecrets() {
	for _, s := range l.p.Secrets {
		if l.secrets[s.Key] && s.Vault != nil && !s.External {
			l.vaultSecret(s)
		}
	}
}

// vaultSecret is the unit that reads one secret. It stays active, so that a service that is started again does not
// depend on Vault; and the value stays when the unit fails, so that the last one serves until Vault is back.
func (l *lowering) vaultSecret(s *model.Secret) {
	name := l.vaultUnit(s)
	at := s.Path.Key("vault")
	sources := s.From
	if len(sources) == 0 {
		sources = l.p.Inputs
	}
	u := l.unit(nativeDir+name+".service", sources)
	us, sv := u.Section("Unit"), u.Section("Service")
	us.Fixed("Description", l.names.project+": secret "+s.Key+" from Vault", at)
	us.Fixed("PartOf", l.target, at)
	us.Fixed("Wants", "network-online.target", at)
	us.Fixed("After", "network-online.target", at)
	sv.Fixed("Type", "oneshot", at)
	sv.Note("What is started again does not ask Vault again; restart this unit for that.")
	sv.Fixed("RemainAfterExit", "yes", at)
	words := append([]Word{lit(sidecar)}, texts(s.Vault.Words()...)...)
	sv.Exec("ExecStart", "", at, append(words, lit("--timeout="+vaultTime), lit("--out="+l.vaultFile(s)))...)
	sv.Fixed("TimeoutStartSec", "330s", at)
	sv.Note("On a tmpfs. A restart that fails leaves the last value.")
	sv.Fixed("RuntimeDirectory", name, at)
	sv.Fixed("RuntimeDirectoryMode", "0700", at)
	sv.Fixed("RuntimeDirectoryPreserve", "yes", at)
	sv.Note("Who asks: the token, or both parts of the role. systemd passes over those that are not in /etc/credstore.")
	for _, login := range logins {
		sv.Fixed("LoadCredential", login.id+":"+l.names.project+"."+login.id, at)
	}
	sv.Fixed("EnvironmentFile", "-"+vaultEnv, at)
	sv.Fixed("Slice", l.slice, at)
	sv.Fixed("TasksMax", "64", at)
	sv.Fixed("MemoryMax", "128M", at)
	l.sidecar = true
	l.hardening(sv, sandbox{umask: "0077", dynamic: true, at: at})
}

// applySecrets writes what puts the secrets of the services where their units look for them.
func (l *lowering) applySecrets(add func(command, note string)) {
	folder := false
	store := func() {
		if !folder {
			add("install -d -m 0700 /etc/credstore", "")
			folder = true
		}
	}
	var vaults []*model.Secret
	for _, s := range l.p.Secrets {
		if !l.secrets[s.Key] {
			continue
		}
		file := doc.ShellWord("/etc/credstore/" + l.storedAs(s))
		question, asked := s.Question()
		switch {
		case s.External:
			add("podman secret create "+doc.ShellWord(cmp.Or(s.Name, s.Key))+" -", "the secret, then ctrl-d")
		case s.Credential != "":
			store()
			add("install -m 0400 /dev/stdin "+file, "the secret, then ctrl-d")
		case s.Vault != nil:
			vaults = append(vaults, s)
		case s.Sops != nil:
			store()
			add("(umask 077 && "+support.SopsCommand(s.Sops, l.fromHere(s.Sops.File), file)+")",
				"secret "+s.Key+"; again when it has changed")
		case s.Generate:
			store()
			add(generate(file), "secret "+s.Key+", unless it is there")
		case asked:
			store()
			add("v=$(systemd-ask-password -n "+doc.ShellWord(question+":")+`) && printf %s "$v" | install -m 0400 /dev/stdin `+file+"; unset v", "")
		}
	}
	l.applyVault(vaults, add, store)
}

// generate is a command that makes a random value of 64 hexadecimal digits, once: nobody sees it, and what fails leaves no
// file. It needs no more than a shell and coreutils.
func generate(file string) string {
	return "[ -s " + file + ` ] || (umask 077 && v=$(od -An -vtx1 -N32 /dev/urandom | tr -d " \n") && [ ${#v} = 64 ] && printf %s "$v" >` + file + " || ! rm -f " + file + ")"
}

// applyVault writes what lets the units ask Vault.
func (l *lowering) applyVault(list []*model.Secret, add func(command, note string), store func()) {
	if len(list) == 0 {
		return
	}
	store()
	id := doc.ShellWord("/etc/credstore/" + l.names.project + ".")
	add("install -m 0400 /dev/stdin "+id+logins[0].id, logins[0].what+" that may read these secrets, then ctrl-d; or")
	add("install -m 0400 /dev/stdin "+id+logins[1].id, logins[1].what+", then ctrl-d, and")
	add("install -m 0400 /dev/stdin "+id+logins[2].id, logins[2].what+", then ctrl-d")
	for _, s := range list {
		if s.Vault.Address == "" {
			add("install -D -m 0644 /dev/stdin "+vaultEnv, "VAULT_ADDR=https://HOST:8200 and, with a CA of your own, VAULT_CACERT=FILE")
			break
		}
	}
}

// fromHere is a file of the project as seen from the folder of APPLY.md.
func (l *lowering) fromHere(file string) string {
	if l.in.ToProject == "" || file == "" || file[0] == '/' || file[0] == '~' {
		return file
	}
	return path.Join(l.in.ToProject, file)
}

// vaultClaims are the names of the units that read secrets.
func (l *lowering) vaultClaims() []claim {
	var out []claim
	for _, s := range l.p.Secrets {
		if s.Vault != nil && !s.External {
			out = append(out, claim{l.vaultUnit(s), s.Path})
		}
	}
	return out
}
