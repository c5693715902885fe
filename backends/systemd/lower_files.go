package systemd

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strings"

	"github.com/octocompose/octocompose/compiler/artifact"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/tree"
)

// configHash is over the generated files that a unit reads: it stands in the unit, so that the unit changes when only
// such a file did, and what a change restarts can be read off the diff.
type configHash struct{ sum hash.Hash }

func (h *configHash) add(data []byte) {
	if h.sum == nil {
		h.sum = sha256.New()
	}
	h.sum.Write(data)
}

func (h *configHash) String() string {
	if h.sum == nil {
		return ""
	}
	return "sha256:" + hex.EncodeToString(h.sum.Sum(nil))[:16]
}

// configs puts the content of each config of s into a file, and mounts it.
func (l *lowering) configs(s *service, c, sv *Section) {
	for i := range s.Configs {
		ref, at := &s.Configs[i], s.Path.Key("configs").Index(i)
		host, mode, ok := l.configFile(s, ref, at)
		if !ok {
			continue
		}
		target := ref.Target
		if target == "" {
			target = "/" + ref.Source
		}
		if !strings.HasPrefix(target, "/") {
			target = "/" + target
		}
		if ref.UID == "" && ref.GID == "" && mode&0o444 == 0o444 {
			c.Fields("Volume", ":", at, host, target, "ro")
			continue
		}
		// A mounted file belongs to root; a Podman secret has the owner and the mode that are asked for.
		name := l.names.project + "." + s.Name + "." + ref.Source
		l.store(name)
		sv.Exec("ExecStartPre", "", at, lit(podman), lit("secret"), lit("create"), lit("--replace"), text(name), text(host))
		l.secretMount(s, c, at, name, target, ref)
	}
}

// configFile writes the content of a config below etc/<project>/<service>.
func (l *lowering) configFile(s *service, ref *model.FileRef, at tree.Path) (host string, mode model.Mode, ok bool) {
	cfg := l.p.Config(ref.Source)
	if cfg == nil {
		return "", 0, false // package resolve has reported it
	}
	var data []byte
	origin := cfg.Path.Key("content")
	switch {
	case cfg.Content != nil:
		data = []byte(*cfg.Content)
	case cfg.File != "":
		origin = cfg.Path.Key("file")
		content, found := l.read(cfg.File, origin)
		if !found {
			return "", 0, false
		}
		data = []byte(content)
	case cfg.Environment != "" || cfg.External:
		return "", 0, false // the table refuses it
	default:
		l.refuse(at, "write its content, or a file, below configs."+ref.Source, "the config has no source that systemd knows")
		return "", 0, false
	}
	mode = 0o644
	if ref.Mode != nil {
		mode = *ref.Mode & 0o777
	}
	rel := s.Name + "/" + ref.Source
	host = "/" + l.etc + "/" + rel
	s.config.add(data)
	if l.copied[host] {
		return host, mode, true // mounted twice
	}
	l.copied[host] = true
	file := artifact.File{Mode: 0o644, Data: data, Origins: []tree.Origin{{Line: 1, From: origin}}}
	if mode&0o444 == 0o444 {
		file.Mode |= fileMode(mode & 0o111)
	} else {
		file.Mode = 0o600
	}
	return l.generated(rel, file), mode, true
}

// secretMounts mounts the secrets of s. A unit names a credential or a file, makes a Podman secret of it before each
// start, and mounts that: it can belong to the user of the container, which a credential cannot.
func (l *lowering) secretMounts(s *service, c, sv *Section) {
	for i := range s.Secrets {
		ref, at := &s.Secrets[i], s.Path.Key("secrets").Index(i)
		secret := l.p.Secret(ref.Source)
		if secret == nil {
			continue // package resolve has reported it
		}
		name := secret.Name
		if name == "" {
			name = l.names.project + "." + secret.Key
		}
		if strings.ContainsAny(name, ",/=") {
			l.refuse(secret.Path.Key("name"), "use letters, digits, dot, - and _", "Podman has no secret with the name %q", name)
			continue
		}
		l.secrets[secret.Key] = true
		create := []Word{lit(podman), lit("secret"), lit("create"), lit("--replace")}
		for _, p := range secret.Labels {
			create = append(create, text("--label="+p.Key+"="+p.Value))
		}
		switch {
		case secret.External:
			if secret.Name == "" {
				name = secret.Key
			}
		case l.storedAs(secret) != "":
			sv.Fields("LoadCredential", ":", at, secret.Key, l.storedAs(secret))
			l.store(name)
			sv.Exec("ExecStartPre", "", at, append(create, text(name), lit("%d/"+secret.Key))...)
		case secret.File != "":
			file := l.file(secret.File, secret.Path.Key("file"))
			if file == "" {
				continue
			}
			l.store(name)
			sv.Exec("ExecStartPre", "", at, append(create, text(name), text(file))...)
		case secret.Vault != nil:
			l.store(name)
			s.readsVault(secret)
			sv.Exec("ExecStartPre", "", at, append(create, text(name), text(l.vaultFile(secret)))...)
		default:
			l.noSecret(secret, at)
			continue
		}
		target := ref.Target
		if target == "" {
			target = ref.Source
		}
		l.secretMount(s, c, at, name, target, ref)
	}
}

// store notes a secret of Podman's that a unit makes.
func (l *lowering) store(name string) {
	if !contains(l.stored, name) {
		l.stored = append(l.stored, name)
	}
}

// noSecret reports a secret that says nothing this target can read. The table refuses environment.
func (l *lowering) noSecret(secret *model.Secret, at tree.Path) {
	if secret.Environment != "" {
		return
	}
	l.refuse(at, "write credential:, vault:, sops:, prompt: or file: below secrets."+secret.Key, "the secret has no source that systemd knows")
}

// secretMount writes Secret=. It belongs to the user of the service where that is a number, and only they read it.
func (l *lowering) secretMount(s *service, c *Section, at tree.Path, name, target string, ref *model.FileRef) {
	parts := append(make([]string, 0, 6), name, "type=mount", "target="+target)
	uid, gid, mode := ref.UID, ref.GID, ""
	if u, g, known := s.NumericUser(); known && uid == "" && gid == "" {
		uid = decimal(u)
		if g >= 0 {
			gid = decimal(g)
		}
		mode = "0400"
	}
	if ref.Mode != nil {
		mode = octal(*ref.Mode)
	}
	for _, p := range []struct{ key, value string }{{"uid=", uid}, {"gid=", gid}, {"mode=", mode}} {
		if p.value != "" {
			parts = append(parts, p.key+p.value)
		}
	}
	for _, p := range parts {
		if strings.Contains(p, ",") {
			c.refuse(at, "Secret", p, errComma)
			return
		}
	}
	c.Words("Secret", at, text(strings.Join(parts, ",")))
}
