package k8s

import (
	"path"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/runtime/spec"
)

// servedValues is where octo-sidecar finds the secrets of a config, below the folder of its password.
const servedValues = "values"

// marked are the secrets of the config, with the places that they are put into.
func marked(s *model.Served) []spec.Secret {
	var out []spec.Secret
	for _, m := range s.Marks {
		file := path.Join(path.Dir(model.PasswordTarget), servedValues, fileKey(m.Name))
		out = append(out, spec.Secret{Name: m.Name, At: m.At, File: file})
	}
	return out
}

// servedSecrets is the volume with the password of the service and the secrets of its config, and no others.
func (u *unit) servedSecrets(marked []spec.Secret) string {
	ref := &u.s.Secrets[slices.IndexFunc(u.s.Secrets, func(r model.FileRef) bool { return r.Source == u.served.Password })]
	name, item := u.secretItem(ref, path.Base(model.PasswordTarget))
	v := corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: name, DefaultMode: u.secretMode(ref), Items: []corev1.KeyToPath{item}}}
	if len(marked) > 0 {
		v = corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{
			DefaultMode: u.secretMode(ref), Sources: []corev1.VolumeProjection{projection(name, item)},
		}}
		for _, m := range marked {
			name, item := u.secretItem(&model.FileRef{Source: m.Name}, path.Join(servedValues, path.Base(m.File)))
			v.Projected.Sources = append(v.Projected.Sources, projection(name, item))
		}
	}
	if have := u.sameVolume(v); have != "" {
		return have
	}
	u.mark("spec volumes "+strconv.Itoa(len(u.spec().Volumes)), u.served.Path)
	return u.volume("octo-secrets", corev1.Volume{VolumeSource: v})
}

// projection is one file of a Secret in a folder of several.
func projection(secret string, item corev1.KeyToPath) corev1.VolumeProjection {
	p := &corev1.SecretProjection{Items: []corev1.KeyToPath{item}}
	p.Name = secret
	return corev1.VolumeProjection{Secret: p}
}
