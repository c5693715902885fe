// Package synth writes the configs that benchmarks compile: one application of any size, with what real services
// have.
//
// In: a number of services. Out: YAML. The same number is the same text.
package synth

import (
	"bytes"
	"fmt"
)

// Config is an application of n services. Each has an image, a command, 10 environment variables, 2 ports, a named
// volume, a config of 10 lines, a health check, a dependency on the service before it, limits and reservations, and
// 3 labels.
func Config(n int) []byte {
	var b bytes.Buffer
	b.WriteString("name: synth\n")
	write(&b, 0, n)
	return b.Bytes()
}

// One is the part of [Config] that service i is, as a config of its own: all of them merged are the whole.
func One(i int) []byte {
	var b bytes.Buffer
	write(&b, i, i+1)
	return b.Bytes()
}

// write writes the services from first to before end.
func write(b *bytes.Buffer, first, end int) {
	b.WriteString("services:\n")
	for i := first; i < end; i++ {
		service(b, i)
	}
	b.WriteString("volumes:\n")
	for i := first; i < end; i++ {
		fmt.Fprintf(b, "  data-%d:\n    size: 1Gi\n", i)
	}
	b.WriteString("configs:\n")
	for i := first; i < end; i++ {
		fmt.Fprintf(b, "  config-%d:\n    content: |\n", i)
		for k := range 10 {
			fmt.Fprintf(b, "      key_%d: some value of service %d\n", k, i)
		}
	}
}

func service(b *bytes.Buffer, i int) {
	fmt.Fprintf(b, `  service-%d:
    image: registry.example.com/team/service-%d:1.%d.0
    command: ["serve", "--listen=0.0.0.0:8080", "--verbose"]
    restart: unless-stopped
    user: "10001:10001"
    environment:
`, i, i, i%10)
	for k := range 10 {
		fmt.Fprintf(b, "      SETTING_%d: value-%d-%d\n", k, i, k)
	}
	fmt.Fprintf(b, `    ports:
      - "127.0.0.1:%d:8080"
      - "127.0.0.1:%d:9090"
    volumes:
      - data-%d:/var/lib/service
    configs:
      - source: config-%d
        target: /etc/service/config.yaml
    healthcheck:
      test: ["CMD", "/service", "health"]
      interval: 10s
      timeout: 2s
      retries: 3
      start_period: 20s
    deploy:
      resources:
        limits:
          cpus: "0.50"
          memory: 256M
        reservations:
          cpus: "0.10"
          memory: 128M
    labels:
      com.example.team: team-%d
      com.example.tier: backend
      com.example.index: "%d"
`, 10000+2*i%50000, 10001+2*i%50000, i, i, i%7, i)
	if i > 0 {
		fmt.Fprintf(b, "    depends_on:\n      service-%d:\n        condition: service_healthy\n", i-1)
	}
}
