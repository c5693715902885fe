// Package git reads files of repositories elsewhere, with the git program.
//
// In: the URL of a repository (https:// or ssh://), a ref or a commit. Out: the commit, and the files of its tree. The git
// program is used, not a library: credential helpers and ssh agents are the user's. It fetches one commit, without history,
// into a bare repository, and the files are read from there as blobs, so that there is never a work tree: nothing that a
// repository holds (hooks, submodules, filters of .gitattributes, large-file pointers) is run or followed. A symlink or a
// submodule is no file, and to read one is an error.
//
// What git may do is written for each run, in its environment, and none of the user's or the system's configuration holds,
// so that url.insteadOf, core.hooksPath, http.sslVerify and the like cannot open what is closed here. Of these files only
// credential.* is passed on, read in a run of its own. So are the user's GIT_ASKPASS, GIT_SSH_COMMAND and GIT_SSL_CAINFO;
// ssh reads its own configuration as always (keys, jump hosts, aliases of hosts).
//
// Only https and ssh are spoken. The name of a host is resolved and checked before git runs, and over https git is told to
// use no other address (http.curloptResolve, which is why git has to be 2.37 or later); over ssh it is checked once, and
// ssh resolves it again. A name that only the configuration of ssh knows has to be allowed. Redirects are not followed.
// Nobody is asked for a password. At the deadline, or when the context ends, git ends with all that it started.
//
//	r, err := git.Open(ctx, g, git.Options{Temp: dir})
//	at, err := r.Resolve(ctx, "https://github.com/acme/charts.git", "v2.0.0")
//	tree, err := r.Tree(ctx, "https://github.com/acme/charts.git", at.Commit, at.Ref)
//	data, err := tree.Read(ctx, "apps/shop.yaml")
package git
