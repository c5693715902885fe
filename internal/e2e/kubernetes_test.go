//go:build linux

package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// kubernetes is a cluster of one node.
type kubernetes struct{}

func (c *kubernetes) name() string { return "k8s" }

func (c *kubernetes) missing() []string {
	return []string{"etcd", "containerd", "runc", "ctr", "conntrack", "iptables", "ip", "openssl", "bin/kube-apiserver", "bin/kubectl",
		"bin/kube-controller-manager", "bin/kube-scheduler", "bin/kubelet", "bin/kube-proxy", "bin/coredns", "bin/nats-server"}
}

func (c *kubernetes) boot(t *testing.T, k *kit) {
	pause := k.made.images[len(k.made.images)-1]
	must(t, box("kube.sh", "up", pause))
	for _, file := range k.made.images {
		must(t, c.cluster("ctr", "-n", "k8s.io", "images", "import", file))
	}
	disks := box("kube.sh", "exec", "kubectl", "apply", "-f", "-")
	disks.Stdin = strings.NewReader(c.disks(t, 8))
	must(t, disks)
}

// disks is a storage class without a provisioner, and so many disks of the node for the claims of the fixtures.
func (c *kubernetes) disks(t *testing.T, n int) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(`apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: box}
provisioner: kubernetes.io/no-provisioner
volumeBindingMode: WaitForFirstConsumer
`)
	for i := range n {
		dir := boxState("kube", fmt.Sprintf("disk%d", i))
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, `---
apiVersion: v1
kind: PersistentVolume
metadata: {name: disk%d}
spec:
  capacity: {storage: 1Gi}
  accessModes: [ReadWriteOnce, ReadWriteMany]
  storageClassName: box
  local: {path: %s}
  nodeAffinity:
    required:
      nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [node]}]}]
`, i, dir)
	}
	return b.String()
}

func (c *kubernetes) cluster(args ...string) *exec.Cmd {
	return box("kube.sh", append([]string{"exec"}, args...)...)
}

func (c *kubernetes) down(t *testing.T) {
	if _, err := output(box("kube.sh", "down")); err != nil {
		t.Error(err)
	}
}

// in runs a line of shell in a folder.
func (c *kubernetes) in(dir, line string) (string, error) {
	return output(c.cluster("bash", "-c", `cd "$0" && eval "$1"`, dir, line))
}

func (c *kubernetes) settle(t *testing.T, k *kit, apply *page) {
	t.Helper()
	c.commands(t, k.out(), apply)
}

// patience is how long APPLY.md waits for a rollout: longer than a test may.
var patience = regexp.MustCompile(`--timeout=[0-9]+m\b`)

// stalls is what kubectl says when the cluster did not answer in time, as on a machine whose disk stands still: an operator
// does the same once more.
var stalls = regexp.MustCompile(`etcdserver: |watch closed before|TLS handshake timeout|connection refused|i/o timeout|unexpected EOF|http2: `)

// commands runs what APPLY.md says. What is once for each cluster may be there already; diff answers 1 where it finds
// something.
func (c *kubernetes) commands(t *testing.T, dir string, apply *page) {
	t.Helper()
	for _, line := range apply.commands("Once for each cluster") {
		if _, err := c.in(dir, line); err != nil && !strings.Contains(err.Error(), "already exists") {
			t.Fatal(err)
		}
	}
	for _, line := range apply.commands("Each time") {
		line = patience.ReplaceAllString(line, "--timeout=3m")
		_, err := c.in(dir, line)
		if err != nil && stalls.MatchString(err.Error()) {
			t.Logf("the cluster stood still, so this is done again: %v", err)
			_, err = c.in(dir, line)
		}
		var exit *exec.ExitError
		if strings.Contains(line, " diff ") && errors.As(err, &exit) && exit.ExitCode() == 1 {
			err = nil
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// pod is what the API says of a pod, as far as we read it.
type pod struct {
	Metadata struct {
		Name, UID         string
		Labels            map[string]string
		DeletionTimestamp string
	}
	Spec struct {
		Containers []struct {
			Name           string
			ReadinessProbe json.RawMessage
		}
	}
	Status struct {
		Phase             string
		ContainerStatuses []struct {
			Name, ContainerID string
			Ready             bool
			State             struct{ Running *struct{ StartedAt string } }
		}
	}
}

func (c *kubernetes) pods(t *testing.T) []pod {
	t.Helper()
	var list struct{ Items []pod }
	if err := json.Unmarshal([]byte(must(t, c.cluster("kubectl", "-n", "kit", "get", "pods", "-o", "json"))), &list); err != nil {
		t.Fatal(err)
	}
	return list.Items
}

func (c *kubernetes) instances(t *testing.T, _ *kit) []instance {
	t.Helper()
	var all []instance
	for _, p := range c.pods(t) {
		if p.Metadata.DeletionTimestamp != "" {
			continue
		}
		in := instance{service: p.Metadata.Labels["app.kubernetes.io/name"], id: p.Metadata.Name, run: p.Metadata.UID,
			done: p.Status.Phase == "Succeeded"}
		for _, s := range p.Status.ContainerStatuses {
			if s.Name != in.service {
				continue
			}
			in.run += " " + s.ContainerID
			in.running = s.State.Running != nil
			if p.Spec.Containers[0].ReadinessProbe != nil {
				in.health = map[bool]string{true: "healthy", false: "unhealthy"}[s.Ready]
			}
		}
		all = append(all, in)
	}
	return all
}

func (c *kubernetes) exec(in instance, args ...string) (string, error) {
	return output(c.cluster(append([]string{"kubectl", "-n", "kit", "exec", in.id, "-c", in.service, "--"}, args...)...))
}

func (c *kubernetes) kill(t *testing.T, in instance) {
	t.Helper()
	_, id, ok := strings.Cut(in.run, "containerd://")
	if !ok {
		t.Fatalf("%s has no container", in)
	}
	must(t, c.cluster("ctr", "-n", "k8s.io", "tasks", "kill", "--signal", "SIGKILL", id))
}

func (c *kubernetes) restart(t *testing.T, k *kit, service string) {
	t.Helper()
	kind := "deployment"
	if _, err := os.Stat(filepath.Join(k.out(), service, "statefulset.yaml")); err == nil {
		kind = "statefulset"
	}
	must(t, c.cluster("kubectl", "-n", "kit", "rollout", "restart", kind+"/"+service))
	must(t, c.cluster("kubectl", "-n", "kit", "rollout", "status", kind+"/"+service, "--timeout=120s"))
}

const selector = "app.kubernetes.io/instance=kit"

func (c *kubernetes) events(t *testing.T, _ *kit) []event {
	t.Helper()
	return parseEvents(must(t, c.cluster("kubectl", "-n", "kit", "logs", "-l", selector, "--tail=-1", "--max-log-requests=50")))
}

// stop deletes the pods and their logs with them, so these are followed.
func (c *kubernetes) stop(t *testing.T, _ *kit, apply *page) []event {
	t.Helper()
	log := newFollower(t, c.cluster("kubectl", "-n", "kit", "logs", "-l", selector, "--follow", "--tail=-1", "--max-log-requests=50"))
	for _, line := range apply.commands("Remove") {
		if _, err := c.in("/", line); err != nil {
			t.Fatal(err)
		}
	}
	return parseEvents(log.end(t))
}

func (c *kubernetes) logs(*kit) string {
	script := `kubectl -n kit get pods,pvc,jobs -o wide
kubectl -n kit get events --sort-by=.lastTimestamp -o custom-columns=TIME:.lastTimestamp,OBJECT:.involvedObject.name,MESSAGE:.message | tail -n 40
for p in $(kubectl -n kit get pods -o name); do echo "--- $p"; kubectl -n kit logs "$p" --all-containers --tail=50; done`
	out, err := output(c.cluster("bash", "-c", script))
	if err != nil {
		out += err.Error()
	}
	return out
}

func (c *kubernetes) stopsInOrder() bool { return false }
