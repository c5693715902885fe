package model

import (
	"github.com/octocompose/octocompose/compiler/source"
	"github.com/octocompose/octocompose/compiler/tree"
)

// Project is one application.
type Project struct {
	// Name is a Compose project name: [a-z0-9][a-z0-9_-]*.
	Name     string     `octo:"name"`
	Services []*Service `octo:"services,key=Name"` // sorted by name; those with enabled: false are not here
	Networks []*Network `octo:"networks,key=Key"`  // sorted by name; "default" is here when a service uses it
	Volumes  []*Volume  `octo:"volumes,key=Key"`
	Secrets  []*Secret  `octo:"secrets,key=Key"`
	Configs  []*Config  `octo:"configs,key=Key"`
	Models   []*Model   `octo:"models,key=Key"`
	Targets  []*Target  `octo:"targets,key=Name"`
	// Notifiers are who hears of failures, sorted by name.
	Notifiers []*Notifier `octo:"notifications,key=Name"`
	// Disabled are the names of the services with enabled: false, sorted.
	Disabled []string `octo:"-"`
	// Served are the configs that octo-sidecar serves over HTTPS, sorted by service. The compiler sets it.
	Served []*Served `octo:"-"`
	// Inputs are the source files, relative to the project's folder, sorted.
	Inputs []string `octo:"-"`
	// Profiles are the profiles that --profile names; "*" means all.
	Profiles []string `octo:"-"`
	// Extensions are the x- keys of the top level; values as written.
	Extensions []Extension

	// Steps is the start order: names of services, sorted; those of a step wait for some of the steps before. Package
	// resolve sets it.
	Steps [][]string `octo:"-"`

	services   map[string]*Service
	dependants map[string][]*Service
	jobs       map[string]bool
}

// Index prepares the look-ups. Package check calls it once, when Services is complete.
func (p *Project) Index() {
	p.services = make(map[string]*Service, len(p.Services))
	p.dependants = make(map[string][]*Service)
	p.jobs = make(map[string]bool)
	for _, s := range p.Services {
		p.services[s.Name] = s
		if s.Deploy != nil && (s.Deploy.Mode == "replicated-job" || s.Deploy.Mode == "global-job") {
			p.jobs[s.Name] = true
		}
		for _, d := range s.DependsOn {
			p.dependants[d.Service] = append(p.dependants[d.Service], s)
			if d.Condition == Completed {
				p.jobs[d.Service] = true
			}
		}
	}
}

// IsJob reports whether s runs to completion: another service waits for its end, or its deploy mode says so.
func (p *Project) IsJob(s *Service) bool { return p.jobs[s.Name] }

// Dependants are the services that depend on s, sorted by name.
func (p *Project) Dependants(s *Service) []*Service { return p.dependants[s.Name] }

// Service returns the service of this name, or nil.
func (p *Project) Service(name string) *Service { return p.services[name] }

// Network returns the network of this key, or nil.
func (p *Project) Network(key string) *Network {
	return find(p.Networks, key, func(n *Network) string { return n.Key })
}

// Volume returns the volume of this key, or nil.
func (p *Project) Volume(key string) *Volume {
	return find(p.Volumes, key, func(n *Volume) string { return n.Key })
}

// Secret returns the secret of this key, or nil.
func (p *Project) Secret(key string) *Secret {
	return find(p.Secrets, key, func(n *Secret) string { return n.Key })
}

// Config returns the config of this key, or nil.
func (p *Project) Config(key string) *Config {
	return find(p.Configs, key, func(n *Config) string { return n.Key })
}

// find looks in a list that is sorted by key.
func find[T any](list []*T, key string, of func(*T) string) *T {
	lo, hi := 0, len(list)
	for lo < hi {
		mid := (lo + hi) / 2
		if of(list[mid]) < key {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < len(list) && of(list[lo]) == key {
		return list[lo]
	}
	return nil
}

// Extension is an x- key with its value.
type Extension struct {
	Key   string
	Value *tree.Node
}

// Target is one place that the application is compiled for.
type Target struct {
	Name    string `octo:"-"`
	Path    tree.Path
	Backend string `octo:"backend"` // systemd, compose, k8s
	// Namespace is the Kubernetes namespace; "": none in the objects.
	Namespace string `octo:"namespace"`
	// MinVersion is the oldest version that the output must work on, by program: systemd, podman, engine, compose,
	// kubernetes.
	MinVersion []Pair `octo:"min_version"`
	// Accept are patterns of fields that may be left out.
	Accept []string `octo:"accept"`
	// Publish says how a port that is published beyond loopback is exposed on Kubernetes: loadbalancer, nodeport, none.
	Publish    string `octo:"publish"`
	PullSecret string `octo:"pull_secret"`
	// SecretStore is the store of the External Secrets Operator: NAME, or cluster/NAME for a ClusterSecretStore.
	SecretStore  string `octo:"secret_store"`
	StorageClass string `octo:"storage_class"`
	IngressClass string `octo:"ingress_class"`
	VolumeSize   *Bytes `octo:"volume_size"`
	// Root is the folder on a systemd machine below which relative host paths lie; "": /srv/<project>.
	Root string `octo:"root"`
	// Registry is put before the name of an image that is built and has no name of its own.
	Registry string `octo:"registry"`
	// Sidecar is the image of octo-sidecar.
	Sidecar string `octo:"sidecar"`
	// EngineSocket is the socket of Docker's engine that octo-sidecar may use on Compose; "": none.
	EngineSocket string `octo:"engine_socket"`
	// MetricsPort is where octo-sidecar serves /metrics and /status; 0: nowhere but on its own socket.
	MetricsPort int `octo:"metrics_port"`
}

// Input is what a backend lowers.
type Input struct {
	Project *Project
	Target  *Target
	// Tree is the merged tree that the model was decoded from: for values that the model carries as they are.
	Tree *tree.Node
	// Files reads what the config names (configs from files, bind-mounted files), by a path relative to the project's
	// folder. A backend reads only what its output must hold.
	Files source.Reader
	// ToProject leads from the target's folder to the project's folder: "../..", so that a relative path in an output
	// that is read in place works.
	ToProject string
}

// Network is a network of the project.
type Network struct {
	Key         string `octo:"-"`
	Path        tree.Path
	From        []string `octo:"-"`    // source files
	Name        string   `octo:"name"` // on the platform, as written; "": <project>_<key>
	Driver      string   `octo:"driver"`
	DriverOpts  []Pair   `octo:"driver_opts"`
	IPAM        *IPAM    `octo:"ipam"`
	External    bool     `octo:"external"`
	Internal    bool     `octo:"internal"`
	EnableIPv4  *bool    `octo:"enable_ipv4"`
	EnableIPv6  *bool    `octo:"enable_ipv6"`
	Attachable  bool     `octo:"attachable"`
	Labels      []Pair   `octo:"labels"`
	Policy      string   `octo:"policy"` // members (default) or dependencies
	Implicit    bool     `octo:"-"`      // the default network, which nobody wrote
	Extensions  []Extension
	MemberNames []string `octo:"-"` // services on it, sorted
}

// IPAM is the address management of a network.
type IPAM struct {
	Driver  string     `octo:"driver"`
	Config  []IPAMPool `octo:"config"`
	Options []Pair     `octo:"options"`
}

// IPAMPool is one subnet.
type IPAMPool struct {
	Subnet       string `octo:"subnet"`
	IPRange      string `octo:"ip_range"`
	Gateway      string `octo:"gateway"`
	AuxAddresses []Pair `octo:"aux_addresses"`
}

// Volume is a named volume of the project.
type Volume struct {
	Key        string `octo:"-"`
	Path       tree.Path
	From       []string `octo:"-"`
	Name       string   `octo:"name"` // "": <project>_<key>
	Driver     string   `octo:"driver"`
	DriverOpts []Pair   `octo:"driver_opts"`
	External   bool     `octo:"external"`
	Labels     []Pair   `octo:"labels"`
	Size       *Bytes   `octo:"size"`
	Access     string   `octo:"access"`      // rwo (default), rwx
	PerReplica bool     `octo:"per_replica"` // each replica has its own
	Extensions []Extension
}

// Secret is a secret of the project: a reference, never a value.
type Secret struct {
	Key            string `octo:"-"`
	Path           tree.Path
	From           []string `octo:"-"`
	Name           string   `octo:"name"`
	File           string   `octo:"file"` // relative to the project's folder, or absolute
	Environment    string   `octo:"environment"`
	External       bool     `octo:"external"`
	Credential     string   `octo:"credential"` // of systemd: the name below /etc/credstore
	Vault          *Vault   `octo:"vault"`
	Sops           *Sops    `octo:"sops"`
	Prompt         string   `octo:"prompt"` // "true", or the question; see Question
	Generate       bool     `octo:"generate"`
	Labels         []Pair   `octo:"labels"`
	Driver         string   `octo:"driver"`
	DriverOpts     []Pair   `octo:"driver_opts"`
	TemplateDriver string   `octo:"template_driver"`
	Extensions     []Extension
}

// Config is a file of configuration of the project.
type Config struct {
	Key            string `octo:"-"`
	Path           tree.Path
	From           []string `octo:"-"`
	Name           string   `octo:"name"`
	File           string   `octo:"file"`
	Content        *string  `octo:"content"`
	Environment    string   `octo:"environment"`
	External       bool     `octo:"external"`
	Labels         []Pair   `octo:"labels"`
	TemplateDriver string   `octo:"template_driver"`
	Extensions     []Extension
}

// Model is an AI model of the project.
type Model struct {
	Key          string `octo:"-"`
	Path         tree.Path
	Name         string   `octo:"name"`
	Model        string   `octo:"model"`
	ContextSize  *int     `octo:"context_size"`
	RuntimeFlags []string `octo:"runtime_flags"`
	Extensions   []Extension
}
