# shellcheck shell=bash
# What the boxes share; sourced, never run.
#
# A box is pid 1 of new pid, mount, net, uts, ipc and cgroup namespaces, in a cgroup of its own in every hierarchy. When
# that one process is killed, the kernel ends every other process of the box, and its mounts and network go with them;
# only the cgroups and the state folder, $OCTO_TOOLS/run/NAME with pid, cgroup and logs, are left to be removed.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
OCTO_TOOLS=${OCTO_TOOLS:-$HOME/.cache/octocompose/tools}
export OCTO_TOOLS
RUN=$OCTO_TOOLS/run
# shellcheck disable=SC2034 # for the scripts that source this
BIN=$OCTO_TOOLS/bin SYSPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
PATH=$PATH:/usr/sbin:/sbin

die() {
	echo "${0##*/}: $*" >&2
	exit 1
}

# usage prints the comment at the top of the calling script.
usage() {
	sed -n '/^# shellcheck/q;2,$s/^# \{0,1\}//p' "$HERE/${0##*/}" >&2
	exit 2
}

# hierarchies prints "MOUNTPOINT OPTIONS" for each cgroup hierarchy; OPTIONS is what mount -t cgroup takes, or "v2".
hierarchies() {
	local mnt type opts o keep
	while read -r _ mnt type opts _; do
		[[ $mnt == /sys/fs/cgroup* ]] || continue
		case $type in
		cgroup2) echo "$mnt v2" ;;
		cgroup)
			keep=
			for o in ${opts//,/ }; do
				case $o in
				rw | ro | relatime | noatime | nosuid | nodev | noexec | xattr | clone_children | release_agent=*) ;;
				name=*) keep=none,$o ;;
				*) keep+=${keep:+,}$o ;;
				esac
			done
			echo "$mnt $keep"
			;;
		esac
	done </proc/self/mounts
}

# join NAME makes the cgroup NAME in every hierarchy and moves this shell into it.
join() {
	local mnt opts dir f
	while read -r mnt opts; do
		dir=$mnt/$1
		mkdir -p "$dir" || die "cannot make a cgroup in $mnt: a box needs a cgroup tree that can be written"
		if [[ -e $dir/cpuset.cpus && $opts != v2 ]]; then
			for f in cpuset.cpus cpuset.mems; do cat "$mnt/$f" >"$dir/$f"; done
			echo 1 >"$dir/cgroup.clone_children"
		fi
		if [[ $mnt == /sys/fs/cgroup ]]; then # v2 alone: hand the controllers down, where that is allowed
			for f in $(<"$mnt/cgroup.controllers"); do echo "+$f" >"$mnt/cgroup.subtree_control" 2>/dev/null || true; done
		fi
		echo "$BASHPID" >"$dir/cgroup.procs"
	done < <(hierarchies)
}

# leave NAME removes that cgroup and all below it. The kernel takes a moment to let go of a process that has ended.
leave() {
	local mnt i
	[[ $1 == octo-?* ]] || return 0
	while read -r mnt _; do
		for ((i = 0; i < 200; i++)); do
			[[ -d $mnt/$1 ]] || break
			find "$mnt/$1" -depth -type d -exec rmdir {} \; 2>/dev/null || true
			[[ -d $mnt/$1 ]] && sleep 0.05
		done
		[[ ! -d $mnt/$1 ]] || die "cannot remove the cgroup $mnt/$1"
	done < <(hierarchies)
}

# pid_of NAME prints pid 1 of the box as the host sees it; fails when the box is down. The time of its start guards
# against a number that another process has been given since.
pid_of() {
	local pid start st
	[[ -r $RUN/$1/pid ]] && read -r pid start <"$RUN/$1/pid" || return 1
	{ read -r -a st <"/proc/$pid/stat"; } 2>/dev/null || return 1
	[[ ${st[21]} == "$start" && ${st[2]} != [ZX] ]] || return 1
	echo "$pid"
}

# up NAME starts the calling script as "__init" inside a new box. What was left of an older one is removed.
up() {
	local name=$1 dir=$RUN/$1 starter fd
	[[ $EUID -eq 0 ]] || die "cannot make namespaces: not root"
	# A socket below it may have a path of 107 bytes.
	[[ $OCTO_TOOLS =~ ^/[A-Za-z0-9/._+-]{1,60}$ ]] || die "cannot use OCTO_TOOLS=$OCTO_TOOLS: want an absolute path of at most 60 of A-Z a-z 0-9 / . _ + -"
	down "$name"
	mkdir -p "$dir"
	echo "octo-$name-$$" >"$dir/cgroup"
	(
		join "octo-$name-$$"
		for fd in /proc/"$BASHPID"/fd/*; do # who waits for the caller's pipes to close must not wait for the box
			fd=${fd##*/}
			if ((fd > 2 && fd != 255)); then exec {fd}>&-; fi
		done
		exec setsid unshare --mount --pid --fork --kill-child --uts --ipc --net --cgroup --propagation private \
			"$HERE/${0##*/}" __init
	) >"$dir/log" 2>&1 </dev/null &
	starter=$!
	until pid_of "$name" >/dev/null; do
		kill -0 "$starter" 2>/dev/null || failed "$name"
		sleep 0.02
	done
}

# wait_for NAME SECONDS CMD...: ask CMD until it succeeds. It is a failure when the box ends or the time is up.
wait_for() {
	local name=$1 end=$((SECONDS + $2))
	shift 2
	until "$@" >/dev/null 2>&1; do
		if ! pid_of "$name" >/dev/null || ((SECONDS >= end)); then failed "$name"; fi
		sleep 0.1
	done
}

failed() {
	local f
	for f in "$RUN/$1"/log "$RUN/$1"/*.log; do
		[[ -s $f ]] && { echo "--- ${f##*/}"; tail -n 8 "$f"; } >&2
	done
	down "$1"
	die "cannot start $1: its logs end as above"
}

# enter NAME ROOT ro|rw is the first thing that pid 1 does: it says who it is, and mounts proc, sys and the box's own
# cgroups below ROOT.
enter() {
	local dir=$RUN/$1 root=$2 mode=$3 st groups g mnt
	read -r -a st </proc/self/stat # /proc is still the host's
	mapfile -t groups < <(hierarchies)
	echo "${st[0]} ${st[21]}" >"$dir/pid.new"
	mv "$dir/pid.new" "$dir/pid"
	mount -t proc proc "$root/proc"
	mount -t sysfs -o "$mode" sysfs "$root/sys"
	mount -t tmpfs -o mode=755 tmpfs "$root/sys/fs/cgroup"
	for g in "${groups[@]}"; do
		mnt=$root${g%% *}
		mkdir -p "$mnt"
		case ${g#* } in
		v2) mount -t cgroup2 cgroup2 "$mnt" ;;
		*) mount -t cgroup -o "${g#* }" cgroup "$mnt" ;;
		esac
	done
	ip link set lo up
}

# hide NAME DIR...: what the box writes below DIR stays in memory and never reaches the host; /run starts empty.
hide() {
	local upper=$RUN/$1/private d
	shift
	mount -t tmpfs -o mode=755 tmpfs /run
	mkdir -p "$upper"
	mount -t tmpfs -o mode=755 tmpfs "$upper"
	for d; do
		[[ $OCTO_TOOLS/ != "$d"/* ]] || die "cannot use OCTO_TOOLS=$OCTO_TOOLS: it lies below $d, which the box hides"
		mkdir -p "$upper$d/u" "$upper$d/w"
		mount -t overlay -o "lowerdir=$d,upperdir=$upper$d/u,workdir=$upper$d/w" overlay "$d"
	done
	mount --make-rshared /
}

# inside NAME CMD... runs CMD in all namespaces of the box, in the caller's working directory where the box has it.
inside() {
	local pid
	pid=$(pid_of "$1") || die "cannot enter $1: it is not up"
	shift
	# shellcheck disable=SC2016
	exec nsenter -t "$pid" -a -- bash -c 'cd "$0" 2>/dev/null || cd /; exec "$@"' "$PWD" "$@"
}

# down NAME ends the box and removes its cgroups and its state. It is no error when there is none.
down() {
	local dir=$RUN/$1 pid
	if pid=$(pid_of "$1"); then
		kill -s KILL "$pid"
		while pid_of "$1" >/dev/null; do sleep 0.05; done
	fi
	[[ -d $dir ]] || return 0
	if [[ -s $dir/cgroup ]]; then leave "$(<"$dir/cgroup")"; fi
	rm -rf --one-file-system "$dir"
}
