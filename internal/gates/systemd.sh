# $1: a root with systemd and Podman; $2: the etc folder of the output. Prints findings, nothing when there are none.
root=$1 etc=$2
base=$(mktemp -d)
trap 'umount -R "$base" 2>/dev/null; rmdir "$base"' EXIT
mount -t tmpfs tmpfs "$base"
mkdir "$base/upper" "$base/work" "$base/root"
mount -t overlay -o "lowerdir=$root,upperdir=$base/upper,workdir=$base/work" overlay "$base/root"
cp -r "$etc/." "$base/root/etc/"
mount -t proc proc "$base/root/proc"
chroot "$base/root" /bin/bash -euc '
mkdir -p /run/gen /etc/containers/systemd /etc/systemd/system
want=$(find /etc/containers/systemd -maxdepth 1 -type f | wc -l)
if [ "$want" -gt 0 ]; then
	# -dryrun prints on stderr what the generator itself would send to the kernel log.
	/usr/libexec/podman/quadlet -dryrun >/dev/null 2>/run/quadlet.log || echo "Quadlet failed"
	grep -vE "^quadlet-generator\[[0-9]+\]: (Loading source unit file|Loading .* with drop-in)" /run/quadlet.log || true
	/usr/libexec/podman/quadlet /run/gen
	got=$(find /run/gen -maxdepth 1 -type f | wc -l)
	[ "$want" = "$got" ] || echo "Quadlet made $got units of $want files"
fi
{ grep -rhoE "^Exec[A-Za-z]*=[+@:!-]*/[^ ]+" /etc/systemd/system /run/gen || true; } | sed -E "s/^[A-Za-z]*=[+@:!-]*//" | sort -u | while read -r p; do
	[ -e "$p" ] || install -D -m 755 /dev/null "$p"
done
units=$(find /etc/systemd/system /run/gen -maxdepth 1 -type f -name "*.*" | sed -E "s/@(\.[a-z]+)$/@1\1/")
SYSTEMD_UNIT_PATH=/etc/systemd/system:/run/gen: systemd-analyze verify --man=no --recursive-errors=yes $units 2>&1
'
