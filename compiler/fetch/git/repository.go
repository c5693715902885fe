package git

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/octocompose/octocompose/compiler/fetch/guard"
)

// At is what a ref stands for.
type At struct {
	Commit string // 40 or 64 hexadecimal digits
	Ref    string // refs/tags/…, refs/heads/…, HEAD; "" for a commit that was named itself
}

// IsCommit reports whether s is a whole commit id: SHA-1 or SHA-256.
func IsCommit(s string) bool {
	return (len(s) == 40 || len(s) == 64) && strings.Trim(s, "0123456789abcdef") == ""
}

// Resolve asks a repository what a ref is now: HEAD for "", else what is called exactly that (refs/…), the tag, or the
// branch, in this order, as gitrevisions(7) has it. A tag with a message is its commit. A whole commit id is itself, and
// nothing is asked.
func (p *Program) Resolve(ctx context.Context, repository, ref string) (At, error) {
	if IsCommit(ref) {
		return At{Commit: ref}, nil
	}
	found, err := p.refs(ctx, repository)
	if err != nil {
		return At{}, err
	}
	names := []string{"refs/tags/" + ref, "refs/heads/" + ref}
	switch {
	case ref == "":
		names = []string{"HEAD"}
	case ref == "HEAD" || strings.HasPrefix(ref, "refs/"):
		names = slices.Insert(names, 0, ref)
	}
	for _, name := range names {
		for _, entry := range []string{name + "^{}", name} { // a tag with a message is listed with its commit
			if id, ok := found.id(entry); ok {
				return At{id, name}, nil
			}
		}
	}
	e := &guard.Error{Address: shown(repository, ref), Message: fmt.Sprintf("the repository has no tag or branch %q", ref), Err: fs.ErrNotExist}
	switch {
	case ref == "":
		e.Message = "the repository has no default branch"
		e.Help = "name a tag or a branch: URL#REF:PATH"
	case len(ref) >= 7 && len(ref) < 40 && strings.Trim(ref, "0123456789abcdef") == "":
		e.Help = "if it is a commit, write all of its digits"
	}
	return At{}, e
}

// Tags are the names of all tags, sorted.
func (p *Program) Tags(ctx context.Context, repository string) ([]string, error) {
	found, err := p.refs(ctx, repository)
	if err != nil {
		return nil, err
	}
	tags := []string{}
	for _, r := range found {
		if name, ok := strings.CutPrefix(r.name, "refs/tags/"); ok && !strings.HasSuffix(name, "^{}") {
			tags = append(tags, name)
		}
	}
	slices.Sort(tags)
	return tags, nil
}

type refs []struct{ name, id string }

func (r refs) id(name string) (string, bool) {
	for _, e := range r {
		if e.name == name {
			return e.id, true
		}
	}
	return "", false
}

// refs are what git-ls-remote(1) lists.
func (p *Program) refs(ctx context.Context, repository string) (refs, error) {
	env, err := p.remoteEnv(ctx, repository)
	if err != nil {
		return nil, p.guard.Explain(repository, err)
	}
	env = append(env, "GIT_DIR="+p.temp+"/none") // no repository
	out, err := p.run(ctx, env, nil, "ls-remote", "--quiet", "--end-of-options", repository)
	if err != nil {
		return nil, p.explain(repository, repository, err)
	}
	var list refs
	for line := range strings.Lines(string(out)) {
		id, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if !ok || !IsCommit(id) {
			return nil, &guard.Error{Address: repository, Message: fmt.Sprintf("it lists what is no ref: %q", guard.Clean(line))}
		}
		list = append(list, struct{ name, id string }{name, id})
	}
	return list, nil
}

func shown(repository, ref string) string {
	if ref == "" {
		return repository
	}
	return repository + "#" + ref
}

// says are what git and servers say, in the language C, and what it means. The first that fits holds.
var says = []struct {
	text, message, help string
	err                 error
}{
	{"Permission denied (", "no access", "ssh asks nobody: load the key into the agent (ssh-add), and see that ssh -T HOST works", fs.ErrPermission},
	{"Host key verification failed", "the key of the host is not known, or another one than before", "connect once with ssh, compare the key, and accept it", fs.ErrPermission},
	{"could not read Username", "no access, or no such repository", helpLogin, fs.ErrPermission},
	{"could not read Password", "no access, or no such repository", helpLogin, fs.ErrPermission},
	{"Authentication failed", "no access: the credentials are not accepted", helpLogin, fs.ErrPermission},
	{"returned error: 401", "no access", helpLogin, fs.ErrPermission},
	{"returned error: 403", "no access", helpLogin, fs.ErrPermission},
	{"returned error: 30", "it redirects elsewhere, which is not followed", "write the address that it leads to; some hosts want .git at its end", nil},
	{"unable to update url base from redirection", "it redirects elsewhere, which is not followed", "write the address that it leads to; some hosts want .git at its end", nil},
	{"certificate", "its certificate is not valid", guard.HelpAuthority, nil},
	{"SSL", "the TLS connection failed", "", nil},
	{"gnutls", "the TLS connection failed", "", nil},
	{"Could not resolve host", "there is no such host", "see whether the name is spelt right and this machine has a network", nil},
	{"' not found", "there is no such repository", "see whether the address is spelt right", fs.ErrNotExist},
	{"returned error: 404", "there is no such repository", "see whether the address is spelt right", fs.ErrNotExist},
	{"epository not found", "there is no such repository, or no access", helpLogin, fs.ErrNotExist},
	{"does not appear to be a git repository", "there is no such repository", "see whether the address is spelt right", fs.ErrNotExist},
	{"does not support shallow", "it is not a git server (smart http)", "its owner has to serve it with git http-backend or the like", nil},
}

const helpLogin = "log in to the host by git's own means, such as a credential helper: see git help credentials"

// explain makes an error of address out of what a run said.
func (p *Program) explain(address, repository string, err error) error {
	f := (*failure)(nil)
	if !errors.As(err, &f) {
		return p.guard.Explain(address, err)
	}
	text := f.stderr
	e := &guard.Error{Address: address, Message: "git: " + text, Err: f}
	for _, s := range says {
		if strings.Contains(text, s.text) {
			e.Message, e.Help = s.message+" (git: "+text+")", s.help
			if s.err != nil {
				e.Err = s.err
			}
			break
		}
	}
	return e
}
