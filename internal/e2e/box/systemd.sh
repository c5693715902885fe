#!/bin/bash
# A machine with systemd 257 as pid 1 and Podman 5 with Quadlet: a throw-away copy of $OCTO_TOOLS/quadlet-root.
#
#   systemd.sh up            boot, and wait until the machine runs
#   systemd.sh exec CMD...   run CMD in the machine
#   systemd.sh put DIR       unpack the tar archive on stdin below DIR of the machine
#   systemd.sh down          end it; all that it wrote is gone
# shellcheck source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
dir=$RUN/systemd

# devices gives the machine the devices that a container has.
devices() {
	local d
	mount -t tmpfs -o mode=755 tmpfs "$1/dev"
	for d in null zero full random urandom tty; do
		: >"$1/dev/$d"
		mount --bind "/dev/$d" "$1/dev/$d"
	done
	mkdir "$1/dev/pts" "$1/dev/shm"
	mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$1/dev/pts"
	mount -t tmpfs -o mode=1777 tmpfs "$1/dev/shm"
	ln -s pts/ptmx "$1/dev/ptmx"
	ln -s /proc/self/fd "$1/dev/fd"
	ln -s /proc/self/fd/0 "$1/dev/stdin"
	ln -s /proc/self/fd/1 "$1/dev/stdout"
	ln -s /proc/self/fd/2 "$1/dev/stderr"
}

# init runs as pid 1 and becomes systemd.
init() {
	local base=$dir/fs root=$dir/fs/root
	mkdir -p "$base"
	mount -t tmpfs -o mode=755 tmpfs "$base"
	mkdir "$base/upper" "$base/work" "$root"
	mount -t overlay -o "lowerdir=$OCTO_TOOLS/quadlet-root,upperdir=$base/upper,workdir=$base/work" overlay "$root"
	enter systemd "$root" ro # a read-only /sys tells systemd that it is in a container: no udev
	hostname machine
	devices "$root"
	mount -t tmpfs -o mode=755 tmpfs "$root/run"
	mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
	rm -rf "$root"/etc/systemd/system/*.wants "$root/var/log/journal" "$root/var/lib/dbus/machine-id"
	rm -f "$root"/usr/lib/modules-load.d/* "$root"/etc/modules-load.d/*
	: >"$root/etc/fstab"
	tr -d - </proc/sys/kernel/random/uuid >"$root/etc/machine-id"
	echo machine >"$root/etc/hostname"
	printf '127.0.0.1 localhost machine\n' >"$root/etc/hosts"
	# The root is an overlay, on which the kernel allows no other.
	mkdir -p "$root/etc/containers"
	printf '[storage]\ndriver = "vfs"\nrunroot = "/run/containers/storage"\ngraphroot = "/var/lib/containers/storage"\n' \
		>"$root/etc/containers/storage.conf"
	cd "$root"
	mkdir -p .old
	pivot_root . .old
	umount -l /.old
	rmdir /.old
	mount --make-rshared / # without it LoadCredential= gives an empty folder, and says nothing
	exec env -i container=octo PATH="$SYSPATH" /lib/systemd/systemd --unit=basic.target --log-target=journal
}

machine() {
	cd /
	inside systemd env -i PATH="$SYSPATH" HOME=/root TERM=dumb "$@"
}

# put goes through the machine, not through /proc/PID/root: an absolute symlink there would lead back to the host.
put() {
	# shellcheck disable=SC2016
	machine sh -c 'mkdir -p "$0" && tar -C "$0" --no-same-owner -xf -' "$1"
}

settled() {
	local state
	state=$(machine timeout 20 systemctl is-system-running --wait 2>/dev/null) || [[ $state == degraded ]]
}

verb=${1:-}
[[ -n $verb ]] || usage
shift
case $verb in
__init) init ;;
up)
	up systemd
	wait_for systemd 60 settled
	;;
exec) machine "$@" ;;
put) put "$1" ;;
down) down systemd ;;
*) usage ;;
esac
