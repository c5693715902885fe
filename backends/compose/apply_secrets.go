package compose

import (
	"slices"
	"strconv"
	"strings"

	"github.com/octocompose/octocompose/compiler/model"
)

// changed are the services that must be made anew by hand, once the file of a secret has another content: Compose does
// not see that, and the output must not hold what would tell it.
func (l *lowering) changed(g *page) {
	var lines []string
	for _, c := range l.in.Project.Secrets {
		if c.File == "" && c.Credential == "" {
			continue
		}
		var names []string
		for _, s := range l.in.Project.Services {
			if s.InProfile(l.in.Project.Profiles) && !l.in.Project.IsJob(s) && reads(s, c.Key) {
				names = append(names, s.Name)
			}
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
		return ""
	case 1:
		return ", which user " + ids[0] + " must be able to read"
	}
	return ", which users " + strings.Join(ids, ", ") + " must be able to read"
}
