package model

// Healthcheck says whether the service is healthy. One of Test, HTTP, TCP and GRPC is set, unless Disable is.
type Healthcheck struct {
	// Test is CMD and a program with arguments, CMD-SHELL and a command for the shell, or NONE.
	Test          []string   `octo:"test"`
	HTTP          *HTTPCheck `octo:"http"`
	TCP           *TCPCheck  `octo:"tcp"`
	GRPC          *GRPCCheck `octo:"grpc"`
	Interval      *Duration  `octo:"interval"`       // Docker's default: 30s
	Timeout       *Duration  `octo:"timeout"`        // 30s
	Retries       *int       `octo:"retries"`        // 3
	StartPeriod   *Duration  `octo:"start_period"`   // 0s
	StartInterval *Duration  `octo:"start_interval"` // 5s
	Disable       bool       `octo:"disable"`
}

// Off reports whether the check is switched off: disable, or test: [NONE].
func (h *Healthcheck) Off() bool {
	return h == nil || h.Disable || (len(h.Test) > 0 && h.Test[0] == "NONE")
}

// HTTPCheck asks for a page: healthy is a status from 200 to 399.
type HTTPCheck struct {
	Port   int    `octo:"port"`
	Path   string `octo:"path"`   // default /
	Scheme string `octo:"scheme"` // http (default), https
	Host   string `octo:"host"`
}

// TCPCheck opens a connection.
type TCPCheck struct {
	Port int `octo:"port"`
}

// GRPCCheck calls grpc.health.v1.Health/Check.
type GRPCCheck struct {
	Port    int    `octo:"port"`
	Service string `octo:"service"`
}
