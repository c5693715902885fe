package git

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/octocompose/octocompose/compiler/fetch/guard"
)

// Program is the git program. It is safe for concurrent use.
type Program struct {
	guard  *guard.Guard
	path   string
	temp   string
	env    []string  // of every run
	user   []setting // credential.* of the user and of the system
	caInfo string

	mu    sync.Mutex
	trees []*Tree
}

type setting struct{ key, value string }

// passed are the variables of the user that git, ssh and credential helpers get.
var passed = []string{
	"PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS",
	"DISPLAY", "WAYLAND_DISPLAY", "GNUPGHOME", "PASSWORD_STORE_DIR", "SSH_AUTH_SOCK", "GIT_ASKPASS", "GIT_EXEC_PATH", "SystemRoot",
}

// fixed is what holds in every run, whatever the user's configuration says.
var fixed = []setting{
	{"protocol.allow", "never"},
	{"protocol.https.allow", "always"},
	{"protocol.ssh.allow", "always"},
	{"http.followRedirects", "false"},
	{"http.sslVerify", "true"},
	{"http.sslVersion", "tlsv1.2"}, // the least
	{"http.lowSpeedLimit", "1"},
	{"http.lowSpeedTime", "60"},
	{"core.hooksPath", os.DevNull},
	{"core.fsmonitor", "false"},
	{"core.bigFileThreshold", "16m"}, // a larger blob is streamed, not held in memory
	{"core.askPass", ""},
	{"credential.interactive", "false"},
	{"fetch.recurseSubmodules", "false"},
	{"fetch.writeCommitGraph", "false"},
	{"fetch.uriProtocols", ""},
	{"transfer.bundleURI", "false"},
	{"gc.auto", "0"},
	{"maintenance.auto", "false"},
	{"init.defaultBranch", "none"},
	{"advice.defaultBranchName", "false"},
}

// Open finds git and reads the credential.* of its configuration. temp is a folder that is there.
func Open(ctx context.Context, g *guard.Guard, temp string) (*Program, error) {
	p := &Program{guard: g, temp: temp}
	env := g.Env
	if path, _ := env("PATH"); path != "" {
		p.path = find(path)
	}
	if p.path == "" {
		return nil, fmt.Errorf("git: %w", exec.ErrNotFound)
	}
	for _, name := range passed {
		if v, ok := env(name); ok {
			p.env = append(p.env, name+"="+v)
		}
	}
	p.env = append(p.env, "LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GCM_INTERACTIVE=never", "SSH_ASKPASS_REQUIRE=never", "GIT_SSH_VARIANT=ssh", "GIT_LFS_SKIP_SMUDGE=1")
	ssh := "ssh"
	if v, ok := env("GIT_SSH_COMMAND"); ok && v != "" {
		ssh = v
	}
	p.env = append(p.env, "GIT_SSH_COMMAND="+ssh+" -o BatchMode=yes -o ForwardAgent=no -o ClearAllForwardings=yes -o PermitLocalCommand=no")
	printed, err := p.run(ctx, p.env, nil, "version")
	if err == nil {
		err = checkVersion(string(printed))
	}
	if err != nil {
		return nil, err
	}
	if p.user, err = p.credentials(ctx); err != nil {
		return nil, err
	}
	return p, p.authorities()
}

// find is git in the folders of PATH. exec.LookPath reads the process' own environment.
func find(path string) string {
	for _, dir := range filepath.SplitList(path) {
		if !filepath.IsAbs(dir) {
			continue
		}
		if at, err := exec.LookPath(filepath.Join(dir, "git")); err == nil {
			return at
		}
	}
	return ""
}

// credentials are the settings of credential.* that the user and the system have: which helpers there are.
func (p *Program) credentials(ctx context.Context) ([]setting, error) {
	env := p.env
	for _, name := range []string{"GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"} {
		if v, ok := p.guard.Env(name); ok {
			env = append(slices.Clip(env), name+"="+v)
		}
	}
	env = append(slices.Clip(env), "GIT_DIR="+os.DevNull) // no configuration of a repository that Temp may lie in
	out, err := p.run(ctx, env, nil, "config", "--null", "--get-regexp", `^credential\.`)
	if f := (*failure)(nil); errors.As(err, &f) && f.stderr == "" {
		return nil, nil // git config(1): status 1 where there is none
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the configuration of git: %w", err)
	}
	var list []setting
	for entry := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		key, value, _ := strings.Cut(entry, "\n")
		list = append(list, setting{key, value})
	}
	return list, nil
}

// bundles are where systems keep the certificates that they trust, as crypto/x509 looks for them.
var bundles = []string{
	"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/pki/tls/cacert.pem",
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/cert.pem",
}

// authorities gives git what Go trusts: the certificates of SSL_CERT_FILE, and those of GIT_SSL_CAINFO or of the system.
func (p *Program) authorities() error {
	system, _ := p.guard.Env("GIT_SSL_CAINFO")
	own, _ := p.guard.Env("SSL_CERT_FILE")
	if own == "" || own == system {
		p.caInfo = system
		return nil
	}
	all, err := os.ReadFile(own)
	if err != nil {
		return fmt.Errorf("cannot read SSL_CERT_FILE: %w", err)
	}
	for _, b := range append([]string{system}, bundles...) {
		if more, err := os.ReadFile(b); err == nil {
			all = append(append(all, '\n'), more...)
			break
		}
	}
	p.caInfo = filepath.Join(p.temp, "ca.pem")
	return os.WriteFile(p.caInfo, all, 0o600)
}

// remoteEnv is the environment of a run that connects to the repository: its host is resolved and checked here.
func (p *Program) remoteEnv(ctx context.Context, repository string) ([]string, error) {
	u, err := url.Parse(repository)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "ssh" {
		return nil, errors.New("want a repository at https:// or ssh://")
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "ssh": "22"}[u.Scheme]
	}
	settings := slices.Concat(p.user, fixed)
	if u.Scheme == "ssh" {
		if !p.guard.Allowed(u.Hostname(), port) { // an alias of ssh's configuration has no address
			if _, _, err := p.guard.Pin(ctx, "ssh", u.Hostname(), port); err != nil {
				return nil, err
			}
		}
		return p.environment(settings), nil
	}
	addrs, proxy, err := p.guard.Pin(ctx, "https", u.Hostname(), port)
	if err != nil {
		return nil, err
	}
	settings = append(settings, setting{"http.proxy", proxy}) // "" is none, whatever the environment says
	if len(addrs) > 0 {
		settings = append(settings, setting{"http.curloptResolve", pin(u.Hostname(), port, addrs)})
	}
	if p.caInfo != "" {
		settings = append(settings, setting{"http.sslCAInfo", p.caInfo})
	}
	if p.guard.UserAgent != "" {
		settings = append(settings, setting{"http.userAgent", "git/2 " + p.guard.UserAgent})
	}
	return p.environment(settings), nil
}

// pin is an entry of CURLOPT_RESOLVE(3).
func pin(host, port string, addrs []netip.Addr) string {
	var b strings.Builder
	b.WriteString(host + ":" + port + ":")
	for i, a := range addrs {
		if i > 0 {
			b.WriteByte(',')
		}
		if a.Is6() {
			b.WriteString("[" + a.String() + "]")
		} else {
			b.WriteString(a.String())
		}
	}
	return b.String()
}

// environment is that of a run with just these settings (GIT_CONFIG_COUNT in git(1)); a later one holds, or is added to a
// list.
func (p *Program) environment(settings []setting) []string {
	env := append(slices.Clip(p.env), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_SYSTEM="+os.DevNull,
		fmt.Sprintf("GIT_CONFIG_COUNT=%d", len(settings)))
	for i, s := range settings {
		env = append(env, fmt.Sprintf("GIT_CONFIG_KEY_%d=%s", i, s.key), fmt.Sprintf("GIT_CONFIG_VALUE_%d=%s", i, s.value))
	}
	return env
}
