package k8s

import (
	"path"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/support"
	"github.com/octocompose/octocompose/compiler/tree"
)

// secretsFolder is where Compose puts secrets.
const secretsFolder = "/run/secrets"

// buildConfigs mounts the configs of the service.
func (u *unit) buildConfigs() {
	for i := range u.s.Configs {
		ref := &u.s.Configs[i]
		p := u.at("configs").Index(i)
		c := u.l.p.Config(ref.Source)
		if c == nil {
			continue // reported
		}
		target := ref.Target
		if target == "" {
			target = "/" + ref.Source
		}
		switch {
		case c.Content != nil:
			name := path.Base(target)
			u.files.mount(u, name, []byte(*c.Content), target, p, ref.Mode)
		case c.File != "":
			u.files.single(u, c.File, target, p, ref.Mode)
		default:
			u.foreignConfig(c, ref, target, p)
		}
	}
}

// foreignConfig mounts a ConfigMap that is not in the output: an external one, or one made from the environment of who
// applies.
func (u *unit) foreignConfig(c *model.Config, ref *model.FileRef, target string, p tree.Path) {
	name := u.l.configName(c)
	v := &corev1.ConfigMapVolumeSource{}
	v.Name = name
	if ref.Mode != nil {
		v.DefaultMode = ptr(int32(*ref.Mode))
	}
	key := fileKey(c.Key)
	u.l.todo.config(c, name, key)
	vol := u.volume("config-"+c.Key, corev1.Volume{VolumeSource: corev1.VolumeSource{ConfigMap: v}})
	u.mountAt(corev1.VolumeMount{Name: vol, MountPath: target, SubPath: key, ReadOnly: true}, p)
}

// configName is the name of the ConfigMap of an external config.
func (l *lowering) configName(c *model.Config) string {
	switch {
	case c.Name != "":
		return subdomain(c.Name)
	case c.External:
		return subdomain(c.Key)
	}
	return subdomain(l.p.Name) + "." + subdomain(c.Key)
}

// secretName is the name of the Secret that a person, or a store, makes: the credential's, the external one's, or one of the
// project's.
func (l *lowering) secretName(s *model.Secret) string {
	switch {
	case s.Credential != "":
		return subdomain(s.Credential)
	case s.Name != "":
		return subdomain(s.Name)
	case s.External:
		return subdomain(s.Key)
	}
	return subdomain(l.p.Name) + "." + subdomain(s.Key)
}

// buildSecrets mounts the secrets of the service: those below /run/secrets as one volume, the others each as a file.
func (u *unit) buildSecrets() {
	var below []int
	for i := range u.s.Secrets {
		ref := &u.s.Secrets[i]
		if u.l.p.Secret(ref.Source) == nil {
			continue
		}
		if name := secretTarget(ref); path.Dir(name) == secretsFolder {
			below = append(below, i)
			continue
		}
		u.secretFile(ref, u.at("secrets").Index(i))
	}
	if len(below) > 0 {
		u.secretFolder(below)
	}
}

// secretTarget is the path of the secret in the container.
func secretTarget(ref *model.FileRef) string {
	target := ref.Target
	if target == "" {
		target = ref.Source
	}
	if !path.IsAbs(target) {
		target = path.Join(secretsFolder, target)
	}
	return path.Clean(target)
}

// secretMode is the mode of a secret's file. The files belong to root and the pod's group: without a group that we
// know, others must be able to read, as with Compose.
func (u *unit) secretMode(ref *model.FileRef) *int32 {
	switch {
	case ref != nil && ref.Mode != nil:
		return ptr(int32(*ref.Mode))
	case u.hardened && u.group() != nil:
		return ptr(int32(0o440))
	}
	return ptr(int32(0o444))
}

func (u *unit) secretItem(ref *model.FileRef, file string) (name string, item corev1.KeyToPath) {
	s := u.l.p.Secret(ref.Source)
	name = u.l.secretName(s)
	key := fileKey(s.Key)
	if u.l.fromStore(s) {
		u.l.todo.stored(s, name, key)
	} else {
		u.l.todo.secret(s, name, key)
	}
	return name, corev1.KeyToPath{Key: key, Path: file}
}

// secretFile mounts one secret where it is asked for.
func (u *unit) secretFile(ref *model.FileRef, p tree.Path) {
	target := secretTarget(ref)
	name, item := u.secretItem(ref, path.Base(target))
	vol := u.volume("secret-"+ref.Source, corev1.Volume{VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{
		SecretName: name, DefaultMode: u.secretMode(ref), Items: []corev1.KeyToPath{item},
	}}})
	u.mountAt(corev1.VolumeMount{Name: vol, MountPath: target, SubPath: item.Path, ReadOnly: true}, p)
}

// secretFolder mounts secrets as /run/secrets: one Secret as it is, several projected into one folder.
func (u *unit) secretFolder(which []int) {
	p := u.at("secrets")
	vol, name := len(u.spec().Volumes), ""
	if len(which) == 1 {
		ref := &u.s.Secrets[which[0]]
		secret, item := u.secretItem(ref, path.Base(secretTarget(ref)))
		name = u.volume("secrets", corev1.Volume{VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{
			SecretName: secret, DefaultMode: u.secretMode(ref), Items: []corev1.KeyToPath{item},
		}}})
		p = p.Index(which[0])
	} else {
		v := &corev1.ProjectedVolumeSource{DefaultMode: u.secretMode(nil)}
		for _, i := range which {
			ref := &u.s.Secrets[i]
			secret, item := u.secretItem(ref, path.Base(secretTarget(ref)))
			if ref.Mode != nil {
				item.Mode = ptr(int32(*ref.Mode))
			}
			source := &corev1.SecretProjection{Items: []corev1.KeyToPath{item}}
			source.Name = secret
			v.Sources = append(v.Sources, corev1.VolumeProjection{Secret: source})
		}
		name = u.volume("secrets", corev1.Volume{VolumeSource: corev1.VolumeSource{Projected: v}})
	}
	if vol < len(u.spec().Volumes) {
		u.mark("spec volumes "+strconv.Itoa(vol), p)
	}
	u.mountAt(corev1.VolumeMount{Name: name, MountPath: secretsFolder, ReadOnly: true}, p)
}

// buildEnvironment lowers environment and env_file.
func (u *unit) buildEnvironment() {
	u.buildEnvFiles()
	p := u.at("environment")
	var unset []tree.Path
	for _, e := range u.s.Environment {
		at := p.Key(e.Key)
		if u.main != nil && !u.wrote("environment", e.Key) {
			at = u.main.at("environment").Key(e.Key)
		}
		if e.Null {
			unset = append(unset, at)
			continue
		}
		if e.Key == "" || strings.ContainsRune(e.Key, '=') {
			u.l.refuse(at, "want a name without an equals sign", "cannot use %q as the name of an environment variable", e.Key)
			continue
		}
		u.markIn("env "+strconv.Itoa(len(u.c().Env)), at)
		u.c().Env = append(u.c().Env, corev1.EnvVar{Name: e.Key, Value: u.text(e.Value)})
	}
	support.Unset(&u.l.ds, u.l.t, unset)
	u.buildServedEnv()
}

// text is a string of the config as Kubernetes wants it: escaped, and with the addresses of Services in place of those
// that only exist in Compose.
func (u *unit) text(s string) string {
	s = literal(s)
	if len(u.l.fixed) > 0 {
		out, found := u.l.withServices(s)
		u.links = u.links || found
		return out
	}
	return s
}

func (u *unit) texts(list []string) []string {
	if len(u.l.fixed) == 0 {
		return literals(list)
	}
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = u.text(s)
	}
	return out
}

// buildEnvFiles lowers env_file: it may hold secrets, so a Secret is made of it by a command in APPLY.md.
func (u *unit) buildEnvFiles() {
	for i := range u.s.EnvFile {
		f := &u.s.EnvFile[i]
		p := u.at("env_file").Index(i)
		name := subdomain(u.l.p.Name) + "." + u.name
		if u.main != nil && !same(u.s.EnvFile, u.main.s.EnvFile) {
			name += "-" + u.c().Name
		}
		name += "-env"
		if i > 0 {
			name += "-" + strconv.Itoa(i+1)
		}
		source := &corev1.SecretEnvSource{}
		source.Name = name
		if f.Required != nil && !*f.Required {
			source.Optional = ptr(true)
		}
		u.l.todo.envFile(name, f.Path)
		u.markIn("envFrom "+strconv.Itoa(len(u.c().EnvFrom)), p)
		u.c().EnvFrom = append(u.c().EnvFrom, corev1.EnvFromSource{SecretRef: source})
	}
}
