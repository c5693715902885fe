package systemd

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/octocompose/octocompose/compiler/artifact"
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/support"
	"github.com/octocompose/octocompose/compiler/tree"
)

// Backend lowers to systemd. It has no state.
type Backend struct{}

// New returns the backend.
func New() *Backend { return &Backend{} }

// Name is "systemd".
func (*Backend) Name() string { return "systemd" }

// Table says what the backend does with each field.
func (*Backend) Table() *support.Table { return Table }

// Lower makes the files of the target.
func (*Backend) Lower(in *model.Input) (*artifact.Set, diag.List) {
	l := newLowering(in)
	if l.versions() && l.claim() {
		l.project()
	}
	set := &artifact.Set{}
	for _, u := range l.units {
		l.put(set, u.Print())
	}
	for _, f := range l.files {
		l.put(set, f)
	}
	if !l.diags.Has(diag.Error) {
		l.put(set, l.apply())
	}
	return set, l.diags
}

// lowering is one run: the input, and what it made so far.
type lowering struct {
	names
	in    *model.Input
	p     *model.Project
	t     *model.Target
	diags diag.List
	units []*Unit
	files []artifact.File // that are no units

	services   []*service // in the order of the project
	byName     map[string]*service
	mounted    map[string][]*service // volume → services that mount it
	links      map[string][]string   // service → what others call it, beside its name
	built      map[string]string     // full name of an image → the .build unit that makes it
	fixed      map[string]*subnet    // network → addresses that native services need
	serving    serving               // configs that are served over HTTPS
	monitoring monitoring            // notifications
	copies     []fileCopy            // the project's files that must lie on the machine
	copied     map[string]bool       // places on the machine that are taken by those or by generated files
	secrets    map[string]bool       // keys of project secrets that a service uses
	unnamed    [][]string            // volumes of Podman's that no .volume unit makes, those of replicas together
	stored     []string              // secrets of Podman's that units make
	programs   bool                  // some service runs a program that is fetched or built
	builds     bool                  // some service runs a program that is built
	sidecar    bool                  // some unit runs octo-sidecar
	watches    bool                  // some service has a unit that watches it
	made       map[string]bool       // generated files, by path
	socket     bool                  // some service has the socket of the engine
}

// service is a service with what other services need to know of it.
type service struct {
	*model.Service
	unit    string   // without suffix and instance
	units   []string // the .service units
	count   int
	native  bool
	job     bool
	healthy bool // active means healthy
	waits   []wait
	checks  []model.Check // all of them
	program program       // of a native service
	config  configHash

	// after are the units without .service that run before each start; of a container of pre_start, those before it in
	// the list, beside the service that it runs for and its place in the list.
	after []string
	of    *service
	index int
}

// wait is a dependency with what Compose implies (links, volumes_from, network_mode: service:X) among them.
type wait struct {
	on        *service
	condition string
	required  bool
	restart   bool
	at        tree.Path
}

func newLowering(in *model.Input) *lowering {
	l := &lowering{
		names: newNames(in.Project, in.Target), in: in, p: in.Project, t: in.Target,
		byName: make(map[string]*service, len(in.Project.Services)), links: map[string][]string{}, mounted: map[string][]*service{},
		built: map[string]string{}, fixed: map[string]*subnet{}, secrets: map[string]bool{},
		copied: map[string]bool{}, made: map[string]bool{},
	}
	all := make([]service, len(in.Project.Services))
	for i, m := range in.Project.Services {
		s := &all[i]
		*s = service{Service: m, unit: l.names.project + "-" + m.Name, count: m.Count(), job: in.Project.IsJob(m),
			native: len(m.Binary) > 0 || m.Source != nil, checks: m.AllChecks()}
		s.units = instances(s.unit, s.count)
		l.services = append(l.services, s)
		l.byName[m.Name] = s
	}
	for _, s := range l.services {
		l.findWaits(s)
	}
	for _, s := range l.services {
		l.findMounts(s)
		s.healthy = l.isHealthGate(s)
		if s.Build != nil {
			if s.Image != "" {
				l.built[imageName(s.Image)] = s.unit + ".build"
			}
		}
	}
	l.findServed()
	l.findSubnets()
	l.findMonitor()
	return l
}

// project lowers everything, in the order in which a reader of the tree meets it.
func (l *lowering) project() {
	for _, n := range l.p.Networks {
		l.network(n)
	}
	for _, v := range l.p.Volumes {
		l.volume(v)
	}
	for _, s := range l.services {
		l.autoscale(s)
		switch {
		case s.native:
			l.nativeService(s)
		case s.Image == "" && s.Build == nil:
			l.refuse(s.Path, "add image: or build:", "systemd has nothing to run: the service has no image, build, binary or source")
		default:
			l.container(s)
		}
	}
	l.configServer()
	l.monitor()
	l.metrics()
	l.vaultSecrets()
	l.frame()
}

// The oldest versions that the output works on.
var minimum = []struct {
	program string
	version [2]int
}{
	{"systemd", [2]int{252, 0}},
	{"podman", [2]int{5, 4}},
}

// versions refuses targets that are older than what the units need.
func (l *lowering) versions() bool {
	ok := true
	for _, m := range minimum {
		want, has := model.Lookup(l.t.MinVersion, m.program)
		if !has {
			continue
		}
		major, minor, _ := strings.Cut(want, ".")
		minor, _, _ = strings.Cut(minor, ".")
		a, err := strconv.Atoi(major)
		b, _ := strconv.Atoi(minor)
		if err != nil || a < m.version[0] || a == m.version[0] && b < m.version[1] {
			oldest := strconv.Itoa(m.version[0])
			if m.version[1] > 0 {
				oldest += "." + strconv.Itoa(m.version[1])
			}
			d := l.diags.Error(diag.Unsupported, l.t.Path.Keys("min_version", m.program),
				"cannot make units for %s %s: they need %s or later", m.program, want, oldest)
			d.Target = l.t.Name
			d.Helpf("write %s: %q, or leave the line out", m.program, oldest)
			ok = false
		}
	}
	return ok
}

// claim gives everything its name, and reports names that clash.
func (l *lowering) claim() bool {
	c := &claims{taken: make(map[string]tree.Path, 2*len(l.services)), diags: &l.diags, t: l.t}
	ok := !contains(takenProjects, l.names.project)
	if !ok {
		d := l.diags.Error(diag.NameClash, tree.Of("name"), "the services of a project called %q would be taken for units of the system", l.names.project)
		d.Target = l.t.Name
		d.Helpf("write another name: in the file")
	}
	take := func(name string, p tree.Path) {
		if !c.take(name, p) {
			ok = false
		}
	}
	for _, s := range l.services {
		take(s.unit, s.Path)
		for _, b := range s.besides() {
			take(b.name, b.at)
		}
	}
	for _, v := range l.vaultClaims() {
		take(v.name, v.at)
	}
	if len(l.serving.clients) > 0 {
		take(l.configUnit(), l.p.Served[0].Path)
	}
	if l.monitoring.plan != nil {
		take(l.monitorUnit(), l.monitoring.plan.From)
	}
	if r := l.byName["restart"]; r != nil && r.count > 1 { // a template, as the unit that restarts others
		if i := slices.IndexFunc(l.services, func(s *service) bool { return s.native && len(s.watched()) > 0 }); i >= 0 {
			take(r.unit, l.services[i].Path.Key("checks"))
		}
	}
	for _, n := range l.p.Networks {
		if !n.External {
			take(l.names.project+"-"+n.Key+"-network", n.Path)
		}
	}
	for _, v := range l.p.Volumes {
		if !v.External {
			take(l.names.project+"-"+v.Key+"-volume", v.Path)
		}
	}
	return ok
}

// unit starts a unit.
func (l *lowering) unit(path string, sources []string) *Unit {
	u := &Unit{Path: path, Sources: sources, fault: l.badValue}
	l.units = append(l.units, u)
	return u
}

// badValue reports a value that a key cannot hold. It is never shown: it may be a secret.
func (l *lowering) badValue(at tree.Path, key, _ string, err error) {
	support.Refuse(&l.diags, l.t, at, "write another value", "cannot write this value as %s= of a unit: %s", key, err)
}

// refuse reports what this target cannot do.
func (l *lowering) refuse(at tree.Path, help, format string, args ...any) {
	support.Refuse(&l.diags, l.t, at, help, format, args...)
}

// emulate warns of what this target does in another way.
func (l *lowering) emulate(at tree.Path, help, format string, args ...any) {
	support.Emulate(&l.diags, l.t, at, help, format, args...)
}

// put adds a file to the set.
func (l *lowering) put(set *artifact.Set, f artifact.File) {
	if err := set.Add(f); err != nil {
		d := l.diags.Error(diag.Internal, tree.Root, "%s", err)
		d.Target = l.t.Name
	}
}

// field is the node of a field of a service, for what the model does not carry.
func (l *lowering) field(s *service, key string) *tree.Node {
	if l.in.Tree == nil {
		return nil
	}
	n := l.in.Tree.Get("services").Get(s.Name).Get(key)
	if s.of != nil {
		n = l.itemOf(s).Get(key)
	}
	if n == nil || n.Kind == tree.Null || n.Kind == tree.Unknown {
		return nil
	}
	return n
}

// generated adds a file that units read, below etc/<project>, and returns its path on the machine.
func (l *lowering) generated(rel string, f artifact.File) string {
	f.Path = path.Join(l.etc, rel)
	if l.made[f.Path] {
		return "/" + f.Path // another unit of the same service reads it too
	}
	l.made[f.Path] = true
	if f.Mode == 0 {
		f.Mode = 0o644
	}
	l.files = append(l.files, f)
	return "/" + f.Path
}
