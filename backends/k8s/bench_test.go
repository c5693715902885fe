package k8s_test

import (
	"fmt"
	"testing"

	"github.com/octocompose/octocompose/backends/k8s"
	"github.com/octocompose/octocompose/compiler/diag"
	"github.com/octocompose/octocompose/compiler/model"
)

// many is n services of the kind that reference/performance measures: command, ten variables, two ports, a volume, a
// config, a check, a dependency on the one before.
func many(n int) *model.Project {
	p := &model.Project{Name: "many"}
	services := map[string]*model.Service{}
	for i := range n {
		name := fmt.Sprintf("svc%04d", i)
		s := &model.Service{
			Image: "ghcr.io/example/app:1.2.3", Command: []string{"serve", "--name", name}, Restart: "always", MemLimit: mib(256),
			Ports:       []model.Port{{Target: 8080, Published: fmt.Sprint(10000 + i)}, {Target: 9090, HostIP: "127.0.0.1", Published: "9090"}},
			Volumes:     []model.Mount{{Type: "volume", Source: name, Target: "/data"}},
			Configs:     []model.FileRef{{Source: name, Target: "/etc/app.conf"}},
			Labels:      []model.Pair{{Key: "a.b", Value: "1"}, {Key: "c", Value: "2"}, {Key: "d", Value: "3"}},
			Healthcheck: &model.Healthcheck{HTTP: &model.HTTPCheck{Port: 8080, Path: "/health"}, Interval: seconds(5)},
		}
		for j := range 10 {
			s.Environment = append(s.Environment, model.Pair{Key: fmt.Sprintf("KEY_%d", j), Value: "some value"})
		}
		if i > 0 {
			s.DependsOn = []model.Dependency{{Service: fmt.Sprintf("svc%04d", i-1), Condition: model.Healthy}}
		}
		services[name] = s
		p.Volumes = append(p.Volumes, &model.Volume{Key: name, Size: mib(1024)})
		p.Configs = append(p.Configs, &model.Config{Key: name, Content: ptr("a: 1\nb: 2\nc: 3\nd: 4\ne: 5\nf: 6\ng: 7\nh: 8\ni: 9\nj: 10\n")})
	}
	return project(p, services)
}

// BenchmarkLower prints the cost of one service, objects and text, at two sizes: it must not grow.
func BenchmarkLower(b *testing.B) {
	for _, n := range []int{100, 1000} {
		in := input(many(n), nil, nil)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, ds := k8s.New().Lower(in); ds.Has(diag.Error) {
					b.Fatal(texts(ds))
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/service")
		})
	}
}
