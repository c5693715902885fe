package serve

import "time"

// Status is what a server does, for people and for metrics. It holds no secret.
type Status struct {
	Services []ServiceStatus `json:"services"` // by name
	// CertificateEnds is when the certificate in use ends, and CertificateError why a newer one is not used.
	CertificateEnds  time.Time `json:"certificate_ends"`
	CertificateError string    `json:"certificate_error,omitempty"`
	// Connections that are open; Evicted were closed to make room for others, Refused found none. Both only grow.
	Connections int    `json:"connections"`
	Evicted     uint64 `json:"connections_evicted"`
	Refused     uint64 `json:"connections_refused"`
}

// ServiceStatus is about one service.
type ServiceStatus struct {
	Name string `json:"name"`
	// Ready tells whether it has a config to get.
	Ready bool `json:"ready"`
	// Generation counts the configs since the start of the server, and Since is when this one took its place.
	Generation uint64    `json:"generation"`
	Since      time.Time `json:"since"`
	// Error is why the newest config is not served; the last good one is.
	Error string `json:"error,omitempty"`
	// PasswordError is why the newest password does not count; the last one does.
	PasswordError string `json:"password_error,omitempty"`
	// Admits tells whether there is a password that is not empty.
	Admits  bool           `json:"admits"`
	Waiting int            `json:"waiting"` // requests that wait for a change
	Secrets []SecretStatus `json:"secrets,omitempty"`
}

// SecretStatus is about one secret of a service.
type SecretStatus struct {
	Name string `json:"name"`
	// Known tells whether there is a value.
	Known bool `json:"known"`
	// Age is how long ago the value was last read or confirmed, in nanoseconds; 0 for a file that can be read.
	Age time.Duration `json:"age_ns"`
	// Error is why it could not be read the last time.
	Error string `json:"error,omitempty"`
}

// Status is that of now.
func (s *Server) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.o.Now()
	out := Status{CertificateEnds: s.identity.cert.Leaf.NotAfter, CertificateError: text(s.identity.err)}
	out.Connections, out.Evicted, out.Refused = s.guard.counts()
	for _, c := range s.clients {
		v := c.view.Load()
		x := ServiceStatus{Name: c.name, Ready: v.missing == nil, Generation: v.generation, Since: v.since, Error: text(c.err),
			PasswordError: text(s.files[c.spec.Password].err), Admits: c.password.Load() != nil, Waiting: int(c.waiting.Load())}
		if c.good != nil {
			x.Secrets = s.secrets(c, now)
		}
		out.Services = append(out.Services, x)
	}
	return out
}

func (s *Server) secrets(c *client, now time.Time) []SecretStatus {
	var out []SecretStatus
	for _, x := range c.good.secrets {
		st := SecretStatus{Name: x.Name}
		if x.Vault != nil {
			l := c.leases[x.Name]
			st.Known, st.Error = l.has, text(l.err)
			if l.has {
				st.Age = now.Sub(l.got)
			}
		} else {
			f := s.files[x.File]
			st.Known, st.Error = f.has, text(f.err)
			if f.has && f.err == nil {
				if err := checkValue(string(f.data)); err != nil {
					st.Known, st.Error = false, "cannot use "+f.name+": "+err.Error()
				}
			} else if f.has {
				st.Age = now.Sub(f.got)
			}
		}
		out = append(out, st)
	}
	return out
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
