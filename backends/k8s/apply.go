package k8s

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/octocompose/octocompose/compiler/doc"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/support"
	"github.com/octocompose/octocompose/compiler/tree"
)

// chores is what a person does: collected while lowering, printed in APPLY.md.
type chores struct {
	secrets []secretChore
	configs []secretChore
	// fromStore are the secrets for which no person does anything.
	fromStore []storedSecret
	envFiles  []envChore
	builds    []buildChore
	claims    []string // of others
	tags      []tagChore
	runtimes  []string
	public    []*unit
	sidecar   bool
}

// secretChore is an object that a person makes from a file, a variable or a prompt. It never holds a value.
type secretChore struct {
	name, key   string
	file        string // relative to the project's folder, or absolute
	environment string
	external    bool
	secret      *model.Secret // where a command brings its value; else nil
}

type envChore struct{ name, file string }

type buildChore struct {
	image string
	build *model.Build
	tree  *tree.Node // of build: for what the model does not carry
}

func (c *chores) secret(s *model.Secret, name, key string) {
	chore := secretChore{name: name, key: key, file: s.File, environment: s.Environment, external: s.External}
	if isBrought(s) {
		chore.secret = s
	}
	addChore(&c.secrets, chore)
}

func (c *chores) config(f *model.Config, name, key string) {
	addChore(&c.configs, secretChore{name: name, key: key, environment: f.Environment, external: f.External})
}

func addChore(list *[]secretChore, s secretChore) {
	if !slices.Contains(*list, s) {
		*list = append(*list, s)
	}
}

func (c *chores) envFile(name, file string) {
	if e := (envChore{name, file}); !slices.Contains(c.envFiles, e) {
		c.envFiles = append(c.envFiles, e)
	}
}

func (c *chores) build(u *unit, image string) {
	n, _ := tree.Get(u.l.in.Tree, u.at("build"))
	u.buildSecretSources(n)
	c.builds = append(c.builds, buildChore{image, u.s.Build, n})
}

func (c *chores) runtime(name string) {
	if !slices.Contains(c.runtimes, name) {
		c.runtimes = append(c.runtimes, name)
	}
}

// page writes APPLY.md.
type page struct {
	strings.Builder
	l  *lowering
	ns string // "-n shop " or ""
}

func (p *page) line(parts ...string) {
	for _, s := range parts {
		p.WriteString(s)
	}
	p.WriteByte('\n')
}

// applyPage is APPLY.md: the native commands, in the order in which they are needed.
func (l *lowering) applyPage() []byte {
	p := &page{l: l}
	if l.t.Namespace != "" {
		p.ns = "-n " + doc.ShellWord(l.t.Namespace) + " "
	}
	p.line("# Apply ", l.p.Name, " to Kubernetes")
	p.line()
	needs := "Needs Kubernetes 1.27"
	if l.serves {
		needs = "Needs Kubernetes 1.29"
	}
	if v, ok := model.Lookup(l.t.MinVersion, "kubernetes"); ok {
		needs = "Needs Kubernetes " + v
	}
	if l.policies {
		needs += " and a network plugin that enforces NetworkPolicy"
	}
	if len(l.p.Inputs) > 0 {
		needs = "Made from " + strings.Join(l.p.Inputs, ", ") + ". " + needs
	}
	p.line(needs, ".")
	p.images()
	p.once()
	p.each()
	p.order()
	p.use()
	p.remove()
	return []byte(p.String())
}

// images says how the images are made that no registry has.
func (p *page) images() {
	builds := p.l.todo.builds
	if len(builds) == 0 {
		return
	}
	slices.SortStableFunc(builds, func(a, b buildChore) int { return strings.Compare(a.image, b.image) })
	p.line("\n## Images")
	p.line("```")
	for i, b := range builds {
		if i > 0 && b.image == builds[i-1].image {
			continue
		}
		p.line(p.l.buildCommand(b))
		p.line("docker push ", doc.ShellWord(b.image))
	}
	p.line("```")
	if p.l.t.Registry == "" && slices.ContainsFunc(builds, func(b buildChore) bool { return !strings.Contains(b.image, "/") }) {
		p.line("Their names have no registry: set `targets.", p.l.t.Name, ".registry`, or load them into the nodes in place of the push",
			" (`kind load docker-image`, `k3s ctr images import`).")
	}
}

// hostPath is a path of the project as seen from the folder of APPLY.md.
func (l *lowering) hostPath(p string) string {
	if isOutside(p) || strings.Contains(p, "://") {
		return p
	}
	return path.Join(l.in.ToProject, p)
}

// once says what each cluster needs before the first time.
func (p *page) once() {
	t := &p.l.todo
	var commands, remarks []string
	if p.l.t.Namespace != "" {
		commands = append(commands, "kubectl apply --server-side --field-manager=octo -f namespace.yaml")
	}
	for _, s := range t.secrets {
		commands = append(commands, p.create("secret generic", s))
	}
	for _, s := range t.configs {
		commands = append(commands, p.create("configmap", s))
	}
	for _, e := range t.envFiles {
		commands = append(commands, "kubectl "+p.ns+"create secret generic "+doc.ShellWord(e.name)+" --from-env-file="+doc.ShellWord(p.l.hostPath(e.file)))
	}
	if p.l.t.PullSecret != "" {
		commands = append(commands, "kubectl "+p.ns+"create secret docker-registry "+doc.ShellWord(p.l.t.PullSecret)+
			" --docker-server=HOST --docker-username=USER --docker-password=TOKEN")
	}
	if len(t.secrets) > 0 {
		remarks = append(remarks, "or let External Secrets, Sealed Secrets or SOPS make Secrets of these names.")
	}
	if len(t.fromStore) > 0 {
		remarks = append(remarks, "The External Secrets Operator makes the Secrets below `secrets/`, by the store `"+p.l.t.SecretStore+"`, which is a matter of the cluster.")
	}
	if slices.ContainsFunc(t.secrets, func(s secretChore) bool { return s.secret != nil && s.secret.Generate }) {
		remarks = append(remarks, "A command that begins with `kubectl "+p.ns+"get secret` makes a random value, once: a Secret that is there stays.")
	}
	if slices.ContainsFunc(t.secrets, func(s secretChore) bool { return s.secret != nil && !s.secret.Generate }) {
		remarks = append(remarks, "In bash, and again when a value has changed: a command with `apply` changes a Secret that is there.")
	}
	if len(t.envFiles) > 0 {
		remarks = append(remarks, "kubectl takes the lines of an env file as they stand: quotes and `${…}` are part of the value.")
	}
	for i := range t.tags {
		commands = append(commands, t.tags[i].command())
	}
	for _, name := range t.runtimes {
		remarks = append(remarks, "The cluster needs a RuntimeClass called `"+name+"`: its handler is a matter of the nodes.")
	}
	for _, name := range t.claims {
		remarks = append(remarks, "The claim `"+name+"` is not made here: the config says that it is there.")
	}
	if len(commands)+len(remarks) == 0 {
		return
	}
	p.line("\n## Once for each cluster")
	p.block(commands)
	for _, r := range remarks {
		p.line(r)
	}
}

// block prints commands.
func (p *page) block(commands []string) {
	if len(commands) == 0 {
		return
	}
	p.line("```")
	for _, c := range commands {
		p.line(c)
	}
	p.line("```")
}

// create is the command that makes a Secret or a ConfigMap from where its value is.
func (p *page) create(kind string, s secretChore) string {
	object := "kubectl " + p.ns + "create " + kind + " " + doc.ShellWord(s.name)
	from := " --from-file=" + doc.ShellWord(s.key+"=")
	switch {
	case s.secret != nil:
		return p.bring(object, s)
	case s.file != "":
		return object + " --from-file=" + doc.ShellWord(s.key+"="+p.l.hostPath(s.file))
	case s.environment != "":
		return `printf %s "$` + s.environment + `" | ` + object + from + "/dev/stdin"
	case s.external:
		return object + from + "/dev/stdin    # if it is not there yet: its value, then ctrl-d"
	}
	return object + from + "/dev/stdin    # its value, then ctrl-d"
}

// bring is the command that makes a Secret of what it fetches, decrypts or asks for. Where that fails, the Secret that is
// there stays.
func (p *page) bring(object string, s secretChore) string {
	if s.secret.Generate {
		return p.generate(object, s)
	}
	apply := " --dry-run=client -o yaml | kubectl " + p.ns + "apply --server-side --field-manager=octo -f -"
	if question, asked := s.secret.Question(); asked {
		return "IFS= read -rs -p " + doc.ShellWord(question+": ") + ` v && printf %s "$v" | ` + object +
			" --from-file=" + doc.ShellWord(s.key+"=") + "/dev/stdin" + apply + "; unset v"
	}
	var get string
	if v := s.secret.Vault; v != nil {
		get = "octo-sidecar " + doc.ShellWords(v.Words()...) + ` --out="$f"`
	} else {
		get = support.SopsCommand(s.secret.Sops, p.l.hostPath(s.secret.Sops.File), `"$f"`)
	}
	return "f=$(mktemp) && " + get + " && " + object + " --from-file=" + doc.ShellWord(s.key+"=") + `"$f"` + apply + `; rm -f "$f"`
}

// generate is the command that makes a Secret of 32 random bytes, in hexadecimal digits, where there is none. The value
// stands on no command line, as printf is a command of the shell itself, and where it cannot be had nothing is made.
func (p *page) generate(object string, s secretChore) string {
	return "kubectl " + p.ns + "get secret " + doc.ShellWord(s.name) + " >/dev/null 2>&1 || " +
		`(v=$(od -An -vtx1 -N32 /dev/urandom | tr -d ' \n') && [ ${#v} = 64 ] && printf %s "$v" | ` + object +
		" --from-file=" + doc.ShellWord(s.key+"=") + "/dev/stdin)"
}

// each says what is done after every compile.
func (p *page) each() {
	p.line("\n## Each time")
	p.line("```")
	p.line("kubectl ", p.ns, "diff --server-side --field-manager=octo -k .")
	p.line("kubectl ", p.ns, "apply --server-side --field-manager=octo -k .")
	if p.l.watch != nil || slices.ContainsFunc(p.l.units, func(u *unit) bool { return u.kind == deployment }) {
		p.line("kubectl ", p.ns, "wait --for=condition=Available deployment -l app.kubernetes.io/instance=", p.l.instance(), " --timeout=10m")
	}
	for _, u := range p.l.units {
		if u.kind == statefulSet || u.kind == daemonSet {
			p.line("kubectl ", p.ns, "rollout status ", u.kind.String(), "/", u.name, " --timeout=10m")
		}
		if u.kind == job && len(u.awaitedBy()) == 0 && !u.runsOnce() {
			p.line("kubectl ", p.ns, "wait --for=condition=Complete job/", u.workloadName, " --timeout=15m")
		}
	}
	p.line("```")
	p.line("Flux and Argo CD apply this folder as it is, and prune what leaves it.")
	if p.l.todo.sidecar && p.l.t.Sidecar == "" {
		p.line(p.l.runSidecar(), " run `", DefaultSidecar, "`: pin it with `targets.", p.l.t.Name, ".sidecar`.")
	}
	p.copies()
}

// copies says how data of a machine comes into the claims that stand for its folders.
func (p *page) copies() {
	first := true
	for _, s := range p.l.stores.list {
		if s.volume != nil {
			continue
		}
		if first {
			p.line("\nClaims take the place of folders of a machine. To copy what they hold, once the pods run:")
			p.line("```")
			first = false
		}
		u := s.users[0]
		for _, m := range u.mounts {
			if m.store == s {
				p.line("kubectl ", p.ns, "cp ", doc.ShellWord(strings.TrimSuffix(p.l.hostPath(s.key), "/")+"/."), " ", p.podName(u), ":", doc.ShellWord(m.mount.Target))
				break
			}
		}
	}
	if !first {
		p.line("```")
	}
}

// podName is a pod of the service, as the shell finds it.
func (p *page) podName(u *unit) string {
	if u.kind == statefulSet {
		return u.name + "-0"
	}
	return "$(kubectl " + p.ns + "get pod -o name -l app.kubernetes.io/name=" + u.name + " | head -1 | cut -d/ -f2)"
}

// order prints the steps of the start.
func (p *page) order() {
	var steps []string
	for _, step := range p.l.p.Steps {
		var names []string
		for _, name := range step {
			if u := p.l.unit[name]; u != nil {
				text := u.workloadName
				if n := u.s.Count(); n != 1 {
					text += " (" + strconv.Itoa(n) + ")"
				}
				names = append(names, text)
			}
		}
		if len(names) > 0 {
			steps = append(steps, strings.Join(names, ", "))
		}
	}
	if len(steps) < 2 {
		return
	}
	p.line("\n## Start order")
	p.line(strings.Join(steps, " → "), ".")
	p.line("Pods of a later step exist from the beginning and wait in an init container.")
}

// use shows the first commands of a day.
func (p *page) use() {
	p.line("\n## Use")
	p.line("```")
	p.line("kubectl ", p.ns, "get pods -l app.kubernetes.io/instance=", p.l.instance())
	first := slices.IndexFunc(p.l.units, func(u *unit) bool { return u.kind != job })
	if first < 0 && len(p.l.units) > 0 {
		first = 0
	}
	if first >= 0 {
		u := p.l.units[first]
		p.line("kubectl ", p.ns, "logs -f ", u.kind.String(), "/", u.workloadName)
	}
	if p.l.watch != nil {
		p.line("kubectl ", p.ns, "exec deployment/", monitorName, " -- /octo-sidecar status --state=", servedState, "    # what its checks see, and whom it told")
	}
	for _, u := range p.l.todo.public {
		p.line("kubectl ", p.ns, "get service ", u.name, "-public    # the address from outside")
	}
	p.line("```")
}

// remove says how it all goes away.
func (p *page) remove() {
	p.line("\n## Remove")
	p.line("```")
	if p.l.t.Namespace != "" {
		p.line("kubectl delete namespace ", doc.ShellWord(p.l.t.Namespace), "    # the data too")
	} else {
		data := ""
		if p.l.sharedClaims > 0 {
			data = "    # the data below volumes/ too"
		}
		p.line("kubectl delete -k .", data)
		for _, u := range p.l.units {
			for _, c := range u.claims {
				for i := range max(u.most(), 1) {
					p.line(fmt.Sprintf("kubectl delete pvc %s-%s-%d    # the data", c.Name, u.name, i))
				}
			}
		}
	}
	p.line("```")
}
