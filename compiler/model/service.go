package model

import (
	"slices"
	"strconv"
	"strings"

	"github.com/octocompose/octocompose/compiler/tree"
)

// Service is one service. Fields of the schema that only the Compose backend lowers are not here: it takes them
// from Input.Tree as they are (blkio_config, build's options, develop, provider, …).
type Service struct {
	Name string `octo:"-"`
	Path tree.Path
	// From are the source files that say something about the service, relative to the project's folder, in the order
	// of the layers.
	From []string `octo:"-"`

	Image      string   `octo:"image"`
	Build      *Build   `octo:"build"`
	PullPolicy string   `octo:"pull_policy"`
	Platform   string   `octo:"platform"`
	Binary     []Binary `octo:"binary,key=Platform"` // by platform; for targets without containers
	Source     *Source  `octo:"source"`              // likewise

	Command    []string `octo:"command"`    // nil: the image's; empty: none
	Entrypoint []string `octo:"entrypoint"` // likewise
	WorkingDir string   `octo:"working_dir"`
	User       string   `octo:"user"` // name or number, with an optional :group
	GroupAdd   []string `octo:"group_add"`

	Environment []Pair    `octo:"environment"`
	EnvFile     []EnvFile `octo:"env_file"`
	Labels      []Pair    `octo:"labels"`
	Annotations []Pair    `octo:"annotations"`

	Ports    []Port              `octo:"ports"`
	Expose   []string            `octo:"expose"` // port or range, with an optional /protocol
	Networks []NetworkAttachment `octo:"networks,key=Network"`
	// NetworkMode: "", host, none, bridge, service:NAME, container:NAME.
	NetworkMode   string   `octo:"network_mode"`
	Hostname      string   `octo:"hostname"`
	Domainname    string   `octo:"domainname"`
	MacAddress    string   `octo:"mac_address"`
	DNS           []string `octo:"dns"`
	DNSOpt        []string `octo:"dns_opt"`
	DNSSearch     []string `octo:"dns_search"`
	ExtraHosts    []Host   `octo:"extra_hosts,key=Name,value=Addresses"`
	Links         []string `octo:"links"` // SERVICE or SERVICE:ALIAS
	ContainerName string   `octo:"container_name"`

	Volumes     []Mount   `octo:"volumes"`
	Tmpfs       []string  `octo:"tmpfs"` // PATH or PATH:OPTIONS
	Configs     []FileRef `octo:"configs"`
	Secrets     []FileRef `octo:"secrets"`
	VolumesFrom []string  `octo:"volumes_from"`
	Devices     []Device  `octo:"devices"`

	DependsOn   []Dependency `octo:"depends_on,key=Service"` // sorted by service
	Healthcheck *Healthcheck `octo:"healthcheck"`
	Checks      []Check      `octo:"checks,key=Name"` // sorted by name, without the one named default: that is Healthcheck
	Restart     string       `octo:"restart"`         // "" (no), no, always, on-failure[:N], unless-stopped
	Deploy      *Deploy      `octo:"deploy"`
	Replicas    *int         `octo:"replicas"` // scale and deploy.replicas are the same field
	Profiles    []string     `octo:"profiles"`

	// PreStart are containers that run to completion, one after the other, before each start. What they take from the
	// service is filled in, so that each is whole; Path is that of the item.
	PreStart []*Service `octo:"pre_start"`
	// PerReplica: of a container in PreStart, that it runs for each replica.
	PerReplica bool        `octo:"per_replica"`
	PostStart  []Hook      `octo:"post_start"` // in the container, after each start
	PreStop    []Hook      `octo:"pre_stop"`   // in the container, before each stop
	Hooks      *Hooks      `octo:"hooks"`
	Preflight  []Preflight `octo:"preflight"`
	Priority   int         `octo:"priority"`
	// Preceded are the services of the next higher priority that start before this one although it does not depend on
	// them, sorted. Package resolve sets it; these edges and those of DependsOn together have no ring.
	Preceded  []string   `octo:"-"`
	Machines  *Machines  `octo:"placement"`
	Autoscale *Autoscale `octo:"autoscale"`

	StopSignal      string    `octo:"stop_signal"`
	StopGracePeriod *Duration `octo:"stop_grace_period"`
	Init            *bool     `octo:"init"`
	StdinOpen       bool      `octo:"stdin_open"`
	TTY             bool      `octo:"tty"`

	CPUs           *CPUs    `octo:"cpus"`
	CPUShares      *int64   `octo:"cpu_shares"`
	CPUQuota       *int64   `octo:"cpu_quota"`  // microseconds
	CPUPeriod      *int64   `octo:"cpu_period"` // microseconds
	CPUSet         string   `octo:"cpuset"`
	MemLimit       *Bytes   `octo:"mem_limit"`
	MemReservation *Bytes   `octo:"mem_reservation"`
	MemSwapLimit   *Bytes   `octo:"memswap_limit"` // -1: no limit
	MemSwappiness  *int     `octo:"mem_swappiness"`
	PidsLimit      *int64   `octo:"pids_limit"` // -1: no limit
	ShmSize        *Bytes   `octo:"shm_size"`
	OOMKillDisable bool     `octo:"oom_kill_disable"`
	OOMScoreAdj    *int     `octo:"oom_score_adj"`
	Ulimits        []Ulimit `octo:"ulimits,key=Name,value=Single"`

	Privileged   bool     `octo:"privileged"`
	ReadOnly     bool     `octo:"read_only"`
	CapAdd       []string `octo:"cap_add"`
	CapDrop      []string `octo:"cap_drop"`
	SecurityOpt  []string `octo:"security_opt"`
	Sysctls      []Pair   `octo:"sysctls"`
	IPC          string   `octo:"ipc"`
	PID          string   `octo:"pid"`
	UTS          string   `octo:"uts"`
	UsernsMode   string   `octo:"userns_mode"`
	Cgroup       string   `octo:"cgroup"`
	CgroupParent string   `octo:"cgroup_parent"`
	Runtime      string   `octo:"runtime"`
	Harden       *bool    `octo:"harden"`

	Logging    *Logging    `octo:"logging"`
	Extensions []Extension // x- keys
}

// Build says how the image is built.
type Build struct {
	Context          string   `octo:"context"` // a folder relative to the project's, or a URL
	Dockerfile       string   `octo:"dockerfile"`
	DockerfileInline string   `octo:"dockerfile_inline"`
	Args             []Pair   `octo:"args"`
	Target           string   `octo:"target"`
	Labels           []Pair   `octo:"labels"`
	Network          string   `octo:"network"`
	Pull             *bool    `octo:"pull"`
	Platforms        []string `octo:"platforms"`
	Tags             []string `octo:"tags"`
}

// Binary is a program for one platform.
type Binary struct {
	Platform  string `octo:"-"` // linux_amd64
	URL       string `octo:"url"`
	SHA256    string `octo:"sha256"`
	SHA256URL string `octo:"sha256_url"`
	InArchive string `octo:"path"`
}

// EnvFile is a file of environment variables that is read where the service runs. Those that are inlined are part of
// Environment.
type EnvFile struct {
	Path     string `octo:"path"`
	Required *bool  `octo:"required"` // default true
	Format   string `octo:"format"`
}

// Port is one port of a service. A range is written out, one Port each, unless only the published end is one.
type Port struct {
	Name        string `octo:"name"`
	Mode        string `octo:"mode"` // ingress, host
	HostIP      string `octo:"host_ip"`
	Target      int    `octo:"target"`
	Published   string `octo:"published"` // "": any; a number; a range 8000-8010
	Protocol    string `octo:"protocol"`  // tcp, udp, sctp
	AppProtocol string `octo:"app_protocol"`
}

// TCPPorts are the TCP ports that the service is said to have, in the order of ports and expose, each once; of a range in
// expose the first.
func (s *Service) TCPPorts() []int {
	var out []int
	add := func(port int) {
		if port > 0 && !slices.Contains(out, port) {
			out = append(out, port)
		}
	}
	for i := range s.Ports {
		if p := s.Ports[i].Protocol; p == "" || p == "tcp" {
			add(s.Ports[i].Target)
		}
	}
	for _, e := range s.Expose {
		port, protocol, _ := strings.Cut(e, "/")
		port, _, _ = strings.Cut(port, "-")
		if n, err := strconv.Atoi(port); err == nil && (protocol == "" || protocol == "tcp") {
			add(n)
		}
	}
	return out
}

// NetworkAttachment is a service on a network.
type NetworkAttachment struct {
	Network       string   `octo:"-"` // the key
	Aliases       []string `octo:"aliases"`
	InterfaceName string   `octo:"interface_name"`
	IPv4Address   string   `octo:"ipv4_address"`
	IPv6Address   string   `octo:"ipv6_address"`
	LinkLocalIPs  []string `octo:"link_local_ips"`
	MacAddress    string   `octo:"mac_address"`
	DriverOpts    []Pair   `octo:"driver_opts"`
	Priority      int      `octo:"priority"`
	GwPriority    int      `octo:"gw_priority"`
	// UseServiceNameAlias: the service's own name is one of its names on the network. Default true.
	UseServiceNameAlias *bool `octo:"use_service_name_alias"`
}

// Host is a name with its addresses.
type Host struct {
	Name      string   `octo:"-"`
	Addresses []string `octo:"-"`
}

// Mount is a mount in the container.
type Mount struct {
	Type        string       `octo:"type"` // bind, volume, tmpfs, npipe, cluster, image
	Source      string       `octo:"source"`
	Target      string       `octo:"target"`
	ReadOnly    bool         `octo:"read_only"`
	Consistency string       `octo:"consistency"`
	Bind        *MountBind   `octo:"bind"`
	Volume      *MountVolume `octo:"volume"`
	Tmpfs       *MountTmpfs  `octo:"tmpfs"`
	Image       *MountImage  `octo:"image"`
}

// MountBind are the options of a bind mount.
type MountBind struct {
	Propagation    string `octo:"propagation"`
	CreateHostPath *bool  `octo:"create_host_path"` // default true
	Recursive      string `octo:"recursive"`
	SELinux        string `octo:"selinux"`
}

// MountVolume are the options of a volume mount.
type MountVolume struct {
	Labels  []Pair `octo:"labels"`
	NoCopy  bool   `octo:"nocopy"`
	Subpath string `octo:"subpath"`
}

// MountTmpfs are the options of a tmpfs.
type MountTmpfs struct {
	Size *Bytes `octo:"size"`
	Mode *Mode  `octo:"mode"`
}

// MountImage are the options of an image mount.
type MountImage struct {
	Subpath string `octo:"subpath"`
}

// FileRef is a config or a secret in a service.
type FileRef struct {
	Source string `octo:"source"`
	Target string `octo:"target"` // "": /<source> for a config, /run/secrets/<source> for a secret
	UID    string `octo:"uid"`
	GID    string `octo:"gid"`
	Mode   *Mode  `octo:"mode"`
}

// Device is a device of the host.
type Device struct {
	Source      string `octo:"source"`
	Target      string `octo:"target"`
	Permissions string `octo:"permissions"`
}

// The conditions of a dependency.
const (
	Started   = "service_started"
	Healthy   = "service_healthy"
	Completed = "service_completed_successfully"
)

// Dependency is a service that must be there before this one starts.
type Dependency struct {
	Service   string `octo:"-"`
	Condition string `octo:"condition"`
	Restart   bool   `octo:"restart"`
	Required  *bool  `octo:"required"` // default true
	// Implied is the field that makes the dependency, as in Compose: links[0], network_mode, volumes_from[0], pid, …;
	// the root for one that depends_on names.
	Implied tree.Path
}

// IsRequired is Required with its default.
func (d Dependency) IsRequired() bool { return d.Required == nil || *d.Required }

// Deploy is how the service is run.
type Deploy struct {
	Mode          string         `octo:"mode"` // replicated (default), global, replicated-job, global-job
	EndpointMode  string         `octo:"endpoint_mode"`
	Labels        []Pair         `octo:"labels"`
	Resources     *Resources     `octo:"resources"`
	RestartPolicy *RestartPolicy `octo:"restart_policy"`
	UpdateConfig  *UpdateConfig  `octo:"update_config"`
	Placement     *Placement     `octo:"placement"`
}

// Resources are limits and reservations.
type Resources struct {
	Limits       *Resource `octo:"limits"`
	Reservations *Resource `octo:"reservations"`
}

// Resource is an amount of each resource.
type Resource struct {
	CPUs    *CPUs           `octo:"cpus"`
	Memory  *Bytes          `octo:"memory"`
	Pids    *int64          `octo:"pids"`
	Devices []DeviceRequest `octo:"devices"`
}

// DeviceRequest asks for devices by what they can do: GPUs.
type DeviceRequest struct {
	Capabilities []string `octo:"capabilities"`
	Count        string   `octo:"count"` // a number or all
	DeviceIDs    []string `octo:"device_ids"`
	Driver       string   `octo:"driver"`
	Options      []Pair   `octo:"options"`
}

// RestartPolicy says when a task is started again.
type RestartPolicy struct {
	Condition   string    `octo:"condition"` // none, on-failure, any
	Delay       *Duration `octo:"delay"`
	MaxAttempts *int      `octo:"max_attempts"`
	Window      *Duration `octo:"window"`
}

// UpdateConfig says how replicas are replaced.
type UpdateConfig struct {
	Parallelism     *int      `octo:"parallelism"`
	Delay           *Duration `octo:"delay"`
	FailureAction   string    `octo:"failure_action"`
	Monitor         *Duration `octo:"monitor"`
	MaxFailureRatio string    `octo:"max_failure_ratio"`
	Order           string    `octo:"order"` // start-first, stop-first
}

// Placement says where tasks may run.
type Placement struct {
	Constraints        []string     `octo:"constraints"`
	Preferences        []Preference `octo:"preferences"`
	MaxReplicasPerNode *int         `octo:"max_replicas_per_node"`
}

// Preference spreads tasks over the values of a node label.
type Preference struct {
	Spread string `octo:"spread"`
}

// Ulimit is a limit of a process. Single: one number for both.
type Ulimit struct {
	Name   string `octo:"-"`
	Single *int64 `octo:"-"`
	Soft   int64  `octo:"soft"`
	Hard   int64  `octo:"hard"`
}

// Logging says where the output of the service goes.
type Logging struct {
	Driver  string `octo:"driver"`
	Options []Pair `octo:"options"`
}

// Count is the number of replicas. Default: the least number of autoscale, else 1.
func (s *Service) Count() int {
	switch {
	case s.Replicas != nil:
		return *s.Replicas
	case s.Autoscale != nil && s.Autoscale.Min != nil:
		return *s.Autoscale.Min
	}
	return 1
}

// Everywhere reports whether every machine runs one: placement.mode every, or deploy.mode global.
func (s *Service) Everywhere() bool {
	return s.Machines != nil && s.Machines.Mode == "every" || s.Deploy != nil && s.Deploy.Mode == "global"
}

// Limits are the limits of s, from deploy.resources.limits or the older keys (mem_limit, cpus, pids_limit).
func (s *Service) Limits() Resource {
	var r Resource
	if s.Deploy != nil && s.Deploy.Resources != nil && s.Deploy.Resources.Limits != nil {
		r = *s.Deploy.Resources.Limits
	}
	r.CPUs, r.Memory, r.Pids = first(r.CPUs, s.CPUs), first(r.Memory, s.MemLimit), first(r.Pids, s.PidsLimit)
	return r
}

// Reservations are what is kept for s, from deploy.resources.reservations or mem_reservation.
func (s *Service) Reservations() Resource {
	var r Resource
	if s.Deploy != nil && s.Deploy.Resources != nil && s.Deploy.Resources.Reservations != nil {
		r = *s.Deploy.Resources.Reservations
	}
	r.Memory = first(r.Memory, s.MemReservation)
	return r
}

func first[T any](a, b *T) *T {
	if a != nil {
		return a
	}
	return b
}

// InProfile reports whether the service is started under these profiles: it has none, or one of them is asked for.
func (s *Service) InProfile(profiles []string) bool {
	if len(s.Profiles) == 0 || slices.Contains(profiles, "*") {
		return true
	}
	for _, p := range s.Profiles {
		if slices.Contains(profiles, p) {
			return true
		}
	}
	return false
}

// NumericUser is the user and group of s as numbers; ok is false when user is not a number. gid is -1 when no group
// is given.
func (s *Service) NumericUser() (uid, gid int64, ok bool) { return parseUser(s.User) }

// Hardened reports whether the output may take from the image what an image can notice (root, capabilities, a
// writable root): its user is a known number other than 0, or harden says so.
func (s *Service) Hardened() bool {
	if s.Harden != nil {
		return *s.Harden
	}
	uid, _, ok := s.NumericUser()
	return ok && uid != 0 && !s.Privileged
}
