package compose

import (
	"slices"
	"strconv"
	"strings"

	"github.com/octocompose/octocompose/compiler/artifact"
	"github.com/octocompose/octocompose/compiler/doc"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/support"
)

// secretsDir is the folder beside compose.yaml for the values that commands of APPLY.md bring.
const secretsDir = "secrets"

// isMade reports whether a command of APPLY.md makes the file of the secret: from a vault, by sops, at random, or by
// asking.
func isMade(s *model.Secret) bool {
	_, asked := s.Question()
	return !s.External && (asked || s.Generate || s.Vault != nil || s.Sops != nil)
}

// madeBy is the field that says where such a secret comes from.
func madeBy(s *model.Secret) string {
	switch {
	case s.Vault != nil:
		return "vault"
	case s.Sops != nil:
		return "sops"
	case s.Generate:
		return "generate"
	}
	return "prompt"
}

// madeFile is that file, from the folder of compose.yaml.
func madeFile(key string) string { return secretsDir + "/" + key }

// keepOut keeps the values out of git, where the output lies in a repository.
func (l *lowering) keepOut() {
	file := secretsDir + "/.gitignore"
	if l.files.Get(file) == nil {
		l.add(&l.files, artifact.File{Path: file, Mode: 0o644, Data: []byte("# The values of secrets lie here: none of them belongs into a repository.\n*\n!.gitignore\n")})
	}
}

// bring are the commands that make the files of secrets. None leaves an empty file where it fails. The folder keeps
// others of the machine out; the files are readable, as a container sees them with their owner and mode on the host.
func (l *lowering) bring(g *page) {
	var lines []string
	vault, random := false, false
	for _, s := range l.in.Project.Secrets {
		if !isMade(s) {
			continue
		}
		file := madeFile(s.Key)
		open := " && chmod 0644 " + doc.ShellWord(file)
		question, asked := s.Question()
		switch {
		case s.Vault != nil:
			vault = true
			lines = append(lines, "octo-sidecar "+doc.ShellWords(append(s.Vault.Words(), "--out="+file)...)+open)
		case s.Sops != nil:
			lines = append(lines, "(umask 077 && "+support.SopsCommand(s.Sops, l.onHost(s.Sops.File), doc.ShellWord(file))+")"+open)
		case s.Generate:
			random = true
			lines = append(lines, randomFile(doc.ShellWord(file))+open)
		case asked:
			lines = append(lines, "IFS= read -rs -p "+doc.ShellWord(question+": ")+` v && (umask 077 && printf %s "$v" >`+doc.ShellWord(file)+")"+open+"; unset v")
		}
	}
	if len(lines) == 0 {
		return
	}
	g.section("Secrets")
	g.say("Before the first start, and when one has changed; in bash. Git ignores ", ticks(secretsDir+"/"), ", and nobody but you may read it.")
	g.code(append([]string{"install -d -m 0700 " + secretsDir}, lines...)...)
	if random {
		g.say("What is made at random stays as it is: delete its file for another value.")
	}
	if vault {
		g.say("`octo-sidecar` finds Vault by VAULT_ADDR, where the config names no address, and logs in with VAULT_TOKEN or what `vault login` left.")
	}
}

// randomFile is the command that makes a random value of 256 bits in a file, in hexadecimal digits, unless there is one.
// The length is looked at, as a pipe succeeds when its beginning failed.
func randomFile(file string) string {
	return "{ [ -s " + file + " ] || (umask 077 && v=$(od -An -vtx1 -N32 /dev/urandom | tr -d \" \\n\") && [ ${#v} = 64 ] && printf %s \"$v\" >" + file + "); }"
}

// changed are the services that must be made anew by hand, once the file of a secret has another content: Compose does
// not see that, and the output must not hold what would tell it.
func (l *lowering) changed(g *page) {
	var lines []string
	for _, c := range l.in.Project.Secrets {
		if c.File == "" && c.Credential == "" && !isMade(c) {
			continue
		}
		var names []string
		for _, s := range l.in.Project.Services {
			if s.InProfile(l.in.Project.Profiles) && !l.in.Project.IsJob(s) && reads(s, c.Key) {
				names = append(names, s.Name)
			}
		}
		if l.serverReads(c.Key) && l.serverRuns() {
			names = append(names, configName)
		}
		if l.monitorReads(c.Key) && l.monitorRuns() {
			names = append(names, monitorName)
		}
		if len(names) > 0 {
			lines = append(lines, l.command()+" up --detach --wait --force-recreate --no-deps "+strings.Join(names, " ")+"     # "+oneLine(c.Key))
		}
	}
	if len(lines) > 0 {
		g.section("When the file of a secret has changed")
		g.code(lines...)
	}
}

// reads reports whether s, or a container that runs before it, has the secret.
func reads(s *model.Service, secret string) bool {
	has := func(r model.FileRef) bool { return r.Source == secret }
	return slices.ContainsFunc(s.Secrets, has) ||
		slices.ContainsFunc(s.PreStart, func(p *model.Service) bool { return slices.ContainsFunc(p.Secrets, has) })
}

// owner are the options of install(1) for the file of a secret: it belongs to the user of the services that read it,
// where that is one number. The folder keeps others of the machine out.
func (l *lowering) owner(secret string) string {
	owners := map[string]bool{}
	last := ""
	if l.serverReads(secret) || l.monitorReads(secret) { // as root without a right, who reads what is root's or everybody's
		owners[last] = true
	}
	for _, s := range l.in.Project.Services {
		if !slices.ContainsFunc(s.Secrets, func(r model.FileRef) bool { return r.Source == secret }) {
			continue
		}
		last = ""
		if uid, gid, ok := s.NumericUser(); ok && uid != 0 {
			last = " -o " + strconv.FormatInt(uid, 10)
			if gid >= 0 {
				last += " -g " + strconv.FormatInt(gid, 10)
			}
		} else if s.User != "" && !ok {
			last = "?" // a name that only the image knows
		}
		owners[last] = true
	}
	if len(owners) != 1 || last == "?" {
		return "-m 0444"
	}
	return "-m 0400" + last
}

// readers says who must be able to read the file of a secret: a container sees it with its owner and mode on the host.
func (l *lowering) readers(secret string) string {
	server := ""
	const asRoot = ", as root without the right to read what is closed to root"
	if l.serverReads(secret) {
		server = "; " + configName + " reads it too" + asRoot
	}
	if l.monitorReads(secret) {
		server += "; " + monitorName + " reads it" + asRoot
	}
	var ids []string
	for _, s := range l.in.Project.Services {
		uid, _, ok := s.NumericUser()
		if !ok || uid == 0 || !slices.ContainsFunc(s.Secrets, func(r model.FileRef) bool { return r.Source == secret }) {
			continue
		}
		if id := strconv.FormatInt(uid, 10); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	switch len(ids) {
	case 0:
		return server
	case 1:
		return ", which user " + ids[0] + " must be able to read" + server
	}
	return ", which users " + strings.Join(ids, ", ") + " must be able to read" + server
}

// serverReads reports whether the server of configs has the secret.
func (l *lowering) serverReads(secret string) bool {
	if !l.serves() {
		return false
	}
	_, reads := slices.BinarySearch(l.server.secrets, secret)
	return reads
}

// serverRuns reports whether up starts the server of configs.
func (l *lowering) serverRuns() bool {
	return l.serves() && slices.ContainsFunc(l.server.clients, func(s *model.Service) bool { return s.InProfile(l.in.Project.Profiles) })
}

// monitorReads reports whether octo-monitor has the secret.
func (l *lowering) monitorReads(secret string) bool {
	if l.asker == nil {
		return false
	}
	_, reads := slices.BinarySearch(l.asker.secrets, secret)
	return reads
}

// monitorRuns reports whether up starts octo-monitor.
func (l *lowering) monitorRuns() bool {
	return l.asker != nil && slices.ContainsFunc(l.asker.plan.Services, func(s *model.Service) bool { return s.InProfile(l.in.Project.Profiles) })
}
