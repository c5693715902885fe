#!/bin/bash
# A Kubernetes cluster of one node in a network of its own: etcd, API server, controllers, scheduler, containerd,
# kubelet, kube-proxy and CoreDNS.
#
#   kube.sh up PAUSE.tar  start it, and wait until the node is ready; the archive holds the image localhost/pause:1
#   kube.sh exec CMD...   run CMD in it: kubectl has its config, ClusterIPs are reachable
#   kube.sh down          end it; everything is gone
# shellcheck source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
dir=$RUN/kube
address=10.99.0.1

# daemon NAME CMD...: a program of the box, its log beside the state. When it ends, so does the box.
daemon() {
	local name=$1
	shift
	{
		"$@" >"$dir/$name.log" 2>&1 </dev/null || true
		echo "$name has ended"
		kill -TERM $$
	} &
}

# configs copies the files of kube/ with the state folder and the token filled in.
configs() {
	local f token
	token=$(openssl rand -hex 16)
	echo "$token,admin,1,\"system:masters\"" >tokens.csv
	for f in "$HERE"/kube/*; do sed "s#@DIR@#$dir#g;s#@TOKEN@#$token#" "$f" >"${f##*/}"; done
	mkdir -p cni
	mv cni.conflist cni/10-bridge.conflist
	: >resolv.conf
	openssl genrsa -out sa.key 2048 2>/dev/null
	openssl rsa -in sa.key -pubout -out sa.pub 2>/dev/null
}

control_plane() {
	daemon etcd etcd --data-dir etcd --unsafe-no-fsync --listen-client-urls http://127.0.0.1:2379 \
		--advertise-client-urls http://127.0.0.1:2379 --listen-peer-urls http://127.0.0.1:2380
	daemon apiserver kube-apiserver --etcd-servers=http://127.0.0.1:2379 --service-cluster-ip-range=10.96.0.0/16 \
		--service-account-issuer=https://kubernetes.default.svc --service-account-key-file=sa.pub \
		--service-account-signing-key-file=sa.key --authorization-mode=Node,RBAC --token-auth-file=tokens.csv \
		--cert-dir=certs --secure-port=6443 --bind-address=0.0.0.0 --advertise-address=$address \
		--allow-privileged=true --enable-admission-plugins=NodeRestriction --kubelet-preferred-address-types=InternalIP
	until kubectl get --raw /readyz; do sleep 0.1; done >/dev/null 2>&1
	daemon controllers kube-controller-manager --kubeconfig=kubeconfig --service-account-private-key-file=sa.key \
		--root-ca-file=certs/apiserver.crt --leader-elect=false --secure-port=0
	daemon scheduler kube-scheduler --kubeconfig=kubeconfig --leader-elect=false --secure-port=0
	daemon dns coredns -conf Corefile
}

node() {
	local f
	# The kubelet sets these for the whole machine, unless it reads the values that it wants.
	for f in vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1 \
		kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000; do
		echo "${f#*=}" >"sysctl.$(basename "${f%=*}")"
		mount --bind "sysctl.$(basename "${f%=*}")" "/proc/sys/${f%=*}"
	done
	sysctl -qw net.ipv4.ip_forward=1
	sysctl -qw net.bridge.bridge-nf-call-iptables=1 || true # there when the module is
	daemon containerd containerd -c containerd.toml
	until ctr -n k8s.io images import "$pause"; do sleep 0.1; done >/dev/null 2>&1
	daemon kubelet kubelet --config=kubelet.yaml --kubeconfig=kubeconfig --root-dir="$dir/kubelet" \
		--cert-dir="$dir/kubelet-certs" --hostname-override=node --node-ip=$address
	daemon proxy kube-proxy --kubeconfig=kubeconfig --hostname-override=node --proxy-mode=iptables --conntrack-max-per-core=0
}

init() {
	enter kube "" rw
	hide kube /var/lib /var/log
	export PATH=$BIN:$SYSPATH KUBECONFIG=$dir/kubeconfig KUBECACHEDIR=$dir/kubectl-cache
	cd "$dir"
	ip link add uplink type bridge # the API server and the kubelet want a default route
	ip address add $address/24 dev uplink
	ip link set uplink up
	ip route add default dev uplink
	configs
	trap 'exit 1' TERM
	control_plane
	node
	wait
}

cluster() {
	inside kube env KUBECONFIG="$dir/kubeconfig" KUBECACHEDIR="$dir/kubectl-cache" PATH="$BIN:$SYSPATH" "$@"
}

ready() {
	(cluster kubectl wait --for=condition=Ready node/node --timeout=0s) && (cluster kubectl get serviceaccount default)
}

verb=${1:-}
[[ -n $verb ]] || usage
shift
case $verb in
__init) init ;;
up)
	[[ -n ${1:-} ]] || usage
	pause=$(readlink -f "$1")
	export pause
	up kube
	wait_for kube 180 ready
	;;
exec) cluster "$@" ;;
down) down kube ;;
*) usage ;;
esac
