package k8s_test

import (
	"testing"

	"github.com/octocompose/octocompose/compiler/model"
	"github.com/octocompose/octocompose/compiler/source"
)

const digest = "@sha256:2499a34cad53a44f1148bf22e21f24887a0805158882d0437cf1a2b9c1d45aba"

// shop is the application of a vendor who says as which user its images run.
func shop() (*model.Project, map[string]*model.Service) {
	back := func(more ...string) (out []model.NetworkAttachment) {
		for _, n := range append([]string{"back"}, more...) {
			out = append(out, model.NetworkAttachment{Network: n})
		}
		return out
	}
	base := func(s model.Service) *model.Service {
		s.User, s.ReadOnly, s.Restart = "10001:10001", true, "unless-stopped"
		if s.Networks == nil {
			s.Networks = back()
		}
		return &s
	}
	password := []model.FileRef{{Source: "db_password"}}
	healthyDB := model.Dependency{Service: "db", Condition: model.Healthy}
	migrated := model.Dependency{Service: "migrate", Condition: model.Completed}
	return &model.Project{
			Networks: []*model.Network{{Key: "back", Internal: true, Policy: "dependencies"}, {Key: "front"}},
			Volumes:  []*model.Volume{{Key: "db-data", Size: ptr(model.Bytes(10 << 30))}},
			Secrets:  []*model.Secret{{Key: "db_password", Credential: "shop.db_password"}},
			Configs:  []*model.Config{{Key: "api", Content: ptr("db:\n  host: db\n  pool: 40\nlisten: \":8080\"\n")}},
			Steps:    [][]string{{"cache", "db"}, {"migrate"}, {"api"}, {"web"}},
		}, map[string]*model.Service{
			"db": base(model.Service{
				Image: "ghcr.io/example/shop-db:17.2" + digest, Command: []string{"serve"}, Expose: []string{"5432"},
				Volumes: []model.Mount{{Type: "volume", Source: "db-data", Target: "/var/lib/shop-db"}}, Secrets: password,
				Healthcheck: &model.Healthcheck{
					Test: []string{"CMD", "/shop-db", "ready"}, Interval: seconds(5), Timeout: seconds(2), Retries: ptr(3), StartPeriod: seconds(30),
				},
				MemLimit: mib(512),
			}),
			"migrate": base(model.Service{
				Image: "ghcr.io/example/shop-api:2.4.1" + digest, Command: []string{"migrate"}, Secrets: password,
				Environment: []model.Pair{{Key: "SHOP_DB_HOST", Value: "db"}}, DependsOn: []model.Dependency{healthyDB}, MemLimit: mib(128),
			}),
			"api": base(model.Service{
				Image: "ghcr.io/example/shop-api:2.4.1" + digest, Command: []string{"serve"}, Expose: []string{"8080"}, Secrets: password,
				Configs:   []model.FileRef{{Source: "api", Target: "/etc/shop/api.yaml"}},
				DependsOn: []model.Dependency{healthyDB, migrated}, Replicas: ptr(3), StopGracePeriod: seconds(20),
				Healthcheck: &model.Healthcheck{
					HTTP: &model.HTTPCheck{Port: 8080, Path: "/readyz"}, Interval: seconds(5), Timeout: seconds(2), StartPeriod: seconds(20),
				},
				Deploy: &model.Deploy{Resources: &model.Resources{
					Limits:       &model.Resource{CPUs: ptr(model.CPUs(5e8)), Memory: mib(256)},
					Reservations: &model.Resource{CPUs: ptr(model.CPUs(1e8)), Memory: mib(128)},
				}},
			}),
			"web": base(model.Service{
				Image: "ghcr.io/example/shop-web:2.4.1" + digest, Command: []string{"serve"}, Networks: back("front"),
				Ports:       []model.Port{{HostIP: "127.0.0.1", Target: 8080, Published: "8088", Protocol: "tcp"}},
				DependsOn:   []model.Dependency{{Service: "api", Condition: model.Healthy}},
				Healthcheck: &model.Healthcheck{HTTP: &model.HTTPCheck{Port: 8080, Path: "/healthz"}, Interval: seconds(5), Timeout: seconds(2)},
				MemLimit:    mib(64),
			}),
			"cache": base(model.Service{
				Image: "ghcr.io/example/shop-cache:8.0.1" + digest, Command: []string{"serve"}, Expose: []string{"6379"},
				Healthcheck: &model.Healthcheck{TCP: &model.TCPCheck{Port: 6379}, Interval: seconds(5), Timeout: seconds(2)}, MemLimit: mib(64),
			}),
		}
}

func TestGoldenShop(t *testing.T) {
	set, ds := lowerOK(t, input(project(shop()), nil, func(t *model.Target) { t.Namespace = "shop" }))
	golden(t, "shop", "A vendor's application that names its user: hardened, gated, on an internal network by dependencies.", set, ds)
}

func TestGoldenStock(t *testing.T) {
	p := project(&model.Project{
		Name: "blog", Volumes: []*model.Volume{{Key: "db_data"}},
		Secrets: []*model.Secret{{Key: "db-password", File: "db/password.txt"}, {Key: "token", Environment: "TOKEN"}},
	}, map[string]*model.Service{
		"db": {
			Image: "mariadb:10.6", Restart: "always", Command: []string{"--default-authentication-plugin=mysql_native_password"},
			Volumes: []model.Mount{{Type: "volume", Source: "db_data", Target: "/var/lib/mysql"}},
			Secrets: []model.FileRef{{Source: "db-password"}, {Source: "token", Target: "token.txt"}},
			Healthcheck: &model.Healthcheck{
				Test:     []string{"CMD-SHELL", `mysqladmin ping -h 127.0.0.1 --password="$(cat /run/secrets/db-password)"`},
				Interval: seconds(3), Retries: ptr(5), StartPeriod: seconds(30),
			},
		},
		"web": {
			Build: &model.Build{Context: "web", Target: "builder", Args: []model.Pair{{Key: "MODE", Value: "a b"}}}, StopSignal: "SIGINT",
			Ports:     []model.Port{{Target: 80, Published: "8080", Protocol: "tcp"}, {Target: 9229, HostIP: "127.0.0.1", Published: "9229"}},
			DependsOn: []model.Dependency{{Service: "db", Condition: model.Healthy}},
			EnvFile:   []model.EnvFile{{Path: "web.env"}},
			Environment: []model.Pair{
				{Key: "PRICE", Value: "$$5 $(HOME) $HOME"}, {Key: "YES", Value: "yes"},
			},
			Labels: []model.Pair{{Key: "traefik.http.routers.go.rule", Value: "Path(`/`)"}},
			Volumes: []model.Mount{
				{Type: "bind", Source: "web/src", Target: "/code/src"},
				{Type: "bind", Source: "nginx/nginx.conf", Target: "/etc/nginx/nginx.conf", ReadOnly: true},
				{Type: "bind", Source: "conf", Target: "/etc/app", ReadOnly: true},
				{Type: "bind", Source: "data", Target: "/data"},
				{Type: "volume", Target: "/code/node_modules"},
			},
		},
	})
	files := source.Mem{
		"web/src/main.js": "main", "nginx/nginx.conf": "events {}\n", "conf/a.txt": "a\n", "conf/sub/run.sh": "#!/bin/sh\ntrue\n",
		"conf/logo.png": "\x89PNG\xff",
	}
	set, ds := lowerOK(t, input(p, files, nil))
	golden(t, "stock", "Stock images of which nobody says the user: nothing is taken away. Secrets, bind mounts, a build, a gate without a port.", set, ds)
}
