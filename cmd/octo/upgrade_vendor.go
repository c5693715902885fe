package main

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler"
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/fetch"
	"github.com/octocompose/octocompose/compiler/parse"
	"github.com/octocompose/octocompose/compiler/pin"
	"github.com/octocompose/octocompose/compiler/remote"
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
	"github.com/octocompose/octocompose/compiler/upgrade"
)

// vendor is what moves together: the includes of one repository, artifact or folder of a host at one version.
type vendor struct {
	includes []upgrade.Include
	origin   remote.Address // of the first include, without a path
	current  upgrade.Tag
	from     versionsAt
	key      string // of minisign, where the include wants signatures

	steps []upgrade.Step
	found diag.List // errors: why there are no steps
}

// versionsAt is the key versions of an include.
type versionsAt struct {
	url, format string // yaml, tags or github
	at          source.Span
	written     bool
}

// address is how the vendor is called, with its version.
func (v *vendor) address() string {
	inc := v.includes[0]
	if v.origin.Kind == remote.HTTPS {
		return strings.TrimSuffix(inc.Repo+"/"+inc.Ref, "/")
	}
	return v.origin.String()
}

// name is address without the version.
func (v *vendor) name() string {
	if v.origin.Kind == remote.HTTPS {
		return v.includes[0].Repo
	}
	o := v.origin
	o.Ref = ""
	return o.String()
}

// called reports whether the address begins with text, with or without git+ before it.
func (v *vendor) called(text string) bool {
	name := v.address()
	return strings.HasPrefix(name, text) || strings.HasPrefix(strings.TrimPrefix(name, "git+"), text) ||
		slices.ContainsFunc(v.includes, func(inc upgrade.Include) bool { return strings.HasPrefix(inc.Address.String(), text) })
}

// findVendors looks through the user's own files, in the order in which they are read.
func (u *upgrader) findVendors() error {
	files, _ := u.before.own()
	byName := map[string]*vendor{}
	var ds diag.List
	for _, own := range files {
		root, _ := parse.YAML(own.file)
		list, found := upgrade.Includes(root)
		ds = append(ds, found...)
		for _, inc := range list {
			name := inc.Address.Origin().String() + " " + inc.Repo + " " + inc.Ref
			if inc.Address.Kind != remote.HTTPS {
				name = inc.Repo + " " + inc.Ref
			}
			v := byName[name]
			if v == nil {
				v = &vendor{origin: inc.Address.Origin()}
				byName[name] = v
				u.vendors = append(u.vendors, v)
			}
			v.includes = append(v.includes, inc)
			item, _ := tree.Get(root, inc.Path)
			if key := item.Get("verify").Str("minisign"); key != "" {
				v.key = key
			}
			ds = append(ds, v.listed(item.Get("versions"))...)
		}
	}
	if ds.Has(diag.Error) {
		return u.refuse(ds.Sort())
	}
	return nil
}

// listed reads the key versions of an include.
func (v *vendor) listed(n *tree.Node) diag.List {
	var ds diag.List
	if n == nil {
		return nil
	}
	at := versionsAt{url: n.Str("url"), format: n.Str("format"), at: n.At, written: true}
	if n.Kind == tree.String {
		at.url = n.Text
		if n.Text == "tags" || n.Text == "github" {
			at.url, at.format = "", n.Text
		}
	}
	if at.format == "" {
		at.format = "yaml"
	}
	if v.from.written && (v.from.url != at.url || v.from.format != at.format) {
		ds.Error(diag.Conflict, tree.Root, "cannot list the versions of %s in two places", v.name()).AtSpan(at.at).SeeSpan(v.from.at, "said otherwise here").
			Helpf("write versions at one of the includes, or the same at both")
	}
	if !v.from.written {
		v.from = at
	}
	return ds
}

// route finds the steps of a vendor; what is in the way is in its findings. An error is one of the network.
func (u *upgrader) route(ctx context.Context, v *vendor) error {
	if d := u.fixed(v); d != nil {
		v.found = append(v.found, d)
		return nil
	}
	if err := u.unmoved(ctx, v); err != nil || v.found.Has(diag.Error) {
		return err
	}
	tags, list, err := u.versions(ctx, v)
	if err != nil || v.found.Has(diag.Error) {
		return err
	}
	var found diag.List
	v.steps, found = upgrade.Plan(upgrade.Request{Current: v.includes[0].Ref, At: v.includes[0].At, Tags: tags, Vendor: list, To: u.to, Pre: u.pre})
	v.found = append(v.found, found...)
	return nil
}

// fixed is why the version of a vendor cannot be another one, or nil; it reads the version.
func (u *upgrader) fixed(v *vendor) *diag.Diagnostic {
	var ds diag.List
	inc := v.includes[0]
	if strings.Contains(inc.Ref, "${") {
		return ds.Error(diag.Include, inc.Path, "cannot upgrade from %q: the version stands in a variable", inc.Ref).AtSpan(inc.At).
			Helpf("write the version here, or change the variable by hand and run octo lock")
	}
	for i := range v.includes {
		tag, d := v.includes[i].Version()
		if d != nil {
			return d
		}
		v.current = tag
	}
	for _, m := range u.setup.mirrors {
		bare := inc.Address
		bare.Ref = ""
		if strings.HasPrefix(inc.Address.String(), m.Prefix) || strings.HasPrefix(bare.String(), m.Prefix) {
			return ds.Error(diag.Include, inc.Path, "cannot tell which versions there are: this is read from the mirror %s", m.Dir).AtSpan(inc.At).
				Helpf("leave the mirror out for octo upgrade")
		}
	}
	return nil
}

// unmoved makes sure that the version which is included still is what octo.lock has: a tag that names something else now
// is no vendor to follow without a question.
func (u *upgrader) unmoved(ctx context.Context, v *vendor) error {
	if v.origin.Kind == remote.HTTPS {
		return nil
	}
	below := v.origin
	below.Path = "x"
	was := u.before.locked(strings.TrimSuffix(below.String(), "x"))
	if was == "" {
		return nil
	}
	now, err := u.network.At(ctx, v.origin, "")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		v.found.Warn(diag.Lock, v.includes[0].Path, "%s is no longer there", v.origin).AtSpan(v.includes[0].At).
			Helpf("the vendor took it back; read why before you go on")
		return nil
	case err != nil:
		return fetchFailure(err)
	case now.Revision() != was:
		v.found.Error(diag.Lock, v.includes[0].Path, "%s was moved: octo.lock has %s, and it is %s now", v.origin, was, now.Revision()).AtSpan(v.includes[0].At).
			Helpf("ask the vendor why; when it is meant, take it first: octo lock --update=%s", v.origin)
	}
	return nil
}

// fetchFailure is an error of package fetch with its advice.
func fetchFailure(err error) error {
	f := &failure{code: exitEnvironment, err: err}
	var e *fetch.Error
	if errors.As(err, &e) {
		f.help = e.Help
	}
	return f
}

// versions are the tags of a vendor, and what it says of them: nil when it says nothing.
func (u *upgrader) versions(ctx context.Context, v *vendor) ([]string, *upgrade.Versions, error) {
	inc := v.includes[0]
	switch {
	case v.origin.Kind == remote.HTTPS && v.from.format == "github":
		repo, ok := githubOf(inc.Address)
		if !ok {
			v.found.Error(diag.Include, inc.Path, "cannot tell the repository of github from %s", inc.Address).AtSpan(v.from.at).
				Helpf("want https://raw.githubusercontent.com/OWNER/REPOSITORY/TAG/FILE; or write versions: URL of a versions.yaml")
			return nil, nil, nil
		}
		tags, err := u.network.Versions(ctx, repo)
		return tags, nil, failing(err)
	case v.origin.Kind == remote.HTTPS && v.from.url == "":
		v.found.Error(diag.Include, inc.Path, "cannot tell which versions there are: nobody can list the files of a host").AtSpan(inc.At).
			Helpf("write versions: with the URL of the vendor's versions.yaml; or include a repository or an artifact")
		return nil, nil, nil
	case v.origin.Kind == remote.HTTPS:
		list, err := u.readVersions(ctx, v, v.origin)
		if list == nil {
			return nil, nil, err
		}
		return spelled(v.current, list), list, nil
	}
	tags, err := u.network.Versions(ctx, v.origin)
	if err != nil {
		return nil, nil, fetchFailure(err)
	}
	if v.from.written && v.from.format != "yaml" {
		return tags, nil, nil
	}
	newest, err := v.origin.At(upgrade.Newest(v.current, tags, u.pre).Name, "")
	if err != nil {
		return nil, nil, err
	}
	list, err := u.readVersions(ctx, v, newest)
	return tags, list, err
}

func failing(err error) error {
	if err == nil {
		return nil
	}
	return fetchFailure(err)
}

// versionsName is where a vendor lists versions when nothing says otherwise.
const versionsName = "versions.yaml"

// readVersions reads what a vendor says of its versions, out of the newest one. None is an error where the user named it.
func (u *upgrader) readVersions(ctx context.Context, v *vendor, newest remote.Address) (*upgrade.Versions, error) {
	var at remote.Address
	var err error
	switch {
	case remote.IsRemote(v.from.url):
		at, err = remote.Parse(v.from.url)
	case v.from.url != "" && newest.Kind == remote.HTTPS:
		err = errors.New("cannot find it: want a whole URL, as the files of a host have no root")
	case v.from.url != "":
		at, err = newest.At("", v.from.url)
	default:
		at, err = newest.At("", versionsName)
	}
	if err != nil {
		v.found.Error(diag.Include, v.includes[0].Path, "versions: %v", err).AtSpan(v.from.at).Helpf("write the URL of a versions.yaml, or its path in the repository or artifact")
		return nil, nil
	}
	at.Key = v.key
	locking := &pin.Locking{Context: ctx, Network: u.network, Store: u.setup.store}
	data, err := locking.Read(at)
	switch {
	case errors.Is(err, fs.ErrNotExist) && v.from.url == "":
		return nil, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		code, help := diag.Cause(err, diag.Remote, "")
		if code == diag.Remote && !errors.Is(err, fs.ErrNotExist) {
			return nil, fetchFailure(err)
		}
		v.found.Error(code, v.includes[0].Path, "cannot read the versions: %v", err).AtSpan(v.from.at).Help = help
		if !v.from.written {
			v.found[len(v.found)-1].At = v.includes[0].At
		}
		return nil, nil
	}
	sch, err := compiler.Schema()
	if err != nil {
		return nil, err
	}
	list, found := upgrade.ReadVersions(sch, &source.File{Name: at.String(), Rel: at.String(), Data: data})
	v.found = append(v.found, found...)
	return list, nil
}

// spelled are the versions of a list as tags, in the spelling of the one that is included: a part of a URL.
func spelled(current upgrade.Tag, list *upgrade.Versions) []string {
	out := []string{current.Name}
	with := ""
	if strings.HasPrefix(strings.TrimPrefix(current.Name, current.Prefix), "v") {
		with = "v"
	}
	for _, v := range list.List {
		if v.Ref != "" {
			out = append(out, v.Ref)
			continue
		}
		out = append(out, current.Prefix+with+strings.TrimPrefix(v.Version, "v"))
	}
	return out
}

// githubOf is the repository of a file at https://raw.githubusercontent.com/OWNER/REPOSITORY/REF/PATH.
func githubOf(a remote.Address) (remote.Address, bool) {
	parts := strings.Split(a.Path, "/")
	if a.Base != "https://raw.githubusercontent.com" || len(parts) < 4 {
		return a, false
	}
	repo, err := remote.Parse("https://github.com/" + parts[0] + "/" + parts[1] + ".git")
	return repo, err == nil
}
