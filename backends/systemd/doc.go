// Package systemd lowers the model to systemd: Quadlet units for images (Podman 5.4 or later), hardened native units
// for programs (systemd 252 or later), and what holds them together.
//
// In: a [model.Input]. Out: an artifact set that is copied over /etc of one machine, and APPLY.md:
//
//	services.X with an image    etc/containers/systemd/<project>-X.container   X@ when it has replicas
//	services.X.build            etc/containers/systemd/<project>-X.build
//	services.X with a binary    etc/systemd/system/<project>-X.service and <project>-X-fetch.service
//	services.X with a source    etc/systemd/system/<project>-X.service and <project>-X-build.service
//	alive checks of those       etc/systemd/system/<project>-X-alive.service and <project>-restart@.service
//	services.X.pre_start        etc/containers/systemd/<project>-X-pre-1.container, a one-shot before each start
//	networks.N, volumes.V       etc/containers/systemd/<project>-N.network, <project>-V.volume
//	secrets.S.vault             etc/systemd/system/<project>-secret-S.service, which puts the value on a tmpfs
//	configs                     etc/<project>/X/<config>
//	config.deliver.url          etc/systemd/system/<project>-config.service, which serves etc/<project>/config/configs/X.json
//	notifications               etc/systemd/system/<project>-monitor.service, which asks and tells by etc/<project>/monitor/run.json
//	the project                 etc/systemd/system/<project>.target and <project>.slice, etc/sysusers.d
//
// It never reads the disk but through Input.Files, never writes, knows no time and no environment, and never puts a
// value into a unit but through the builder of unit.go, which knows how the key is read: so no value can become a key,
// a section or a second command. Secrets never stand in a file: units name credentials and Podman secrets.
//
// What has no counterpart here stands in [Table]; what depends on a value is reported where it is lowered. Start order
// is Wants=, After= and a gate, a line that asks systemctl whether the dependency is active; active means healthy where
// a unit waits for its check (Notify=healthy), and completed for a one-shot (RemainAfterExit=yes). Checks that are no
// program of the image, waits of native programs, preflights and downloads are commands of octo-sidecar, which the
// machine has at /usr/local/bin and containers that need it at /octo.
//
//	set, diags := systemd.New().Lower(&model.Input{Project: p, Target: t, Tree: root, Files: files})
package systemd
