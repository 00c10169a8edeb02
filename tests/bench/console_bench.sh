#!/bin/bash
# A VM's console three ways, one after another: a bare socat on the serial socket of a guest of its own, virtctl through the
# lab's API, and virtctl in a pane of `onesdn term`.
# usage: BUILD=build tests/bench/console_bench.sh
set -u
cd "$(dirname "$0")/../.." || exit 2
BUILD=${BUILD:-build}
DIR=$(mktemp -d /tmp/onesdn-bench.XXXXXX)
export XDG_RUNTIME_DIR=$DIR/run XDG_CACHE_HOME=$DIR/cache
mkdir -m 700 "$XDG_RUNTIME_DIR" "$XDG_CACHE_HOME"
LAB=$BUILD/onesdn-lab
qemu=
trap '"$LAB" down >/dev/null 2>&1; [ -z "$qemu" ] || kill "$qemu"; rm -rf "$DIR"' EXIT

"$LAB" up >/dev/null || exit 1
KUBECONFIG=$("$LAB" kubeconfig)
export KUBECONFIG
for name in tenantblue tenantyellow; do kubectl create namespace "$name" >/dev/null; done
kubectl apply -f manifests/overlay/01-netconfig-no-ipam.yaml -f manifests/overlay/02-mixed-workloads.yaml >/dev/null
kubectl wait -n tenantblue --for=condition=Ready vmi/vm-client --timeout=60s >/dev/null || exit 1
echo "a key's echo: median, 95 %, and the client's CPU while nothing happens"
"$BUILD/bench/console_bench" "virtctl console" "$BUILD/virtctl" console -n tenantblue vm-client
"$BUILD/bench/console_bench" "virtctl console in a pane" "$BUILD/onesdn" term -- "$BUILD/virtctl" console -n tenantblue vm-client
if ! command -v socat >/dev/null; then
	echo "socat is not installed: no bare serial line to compare with"
	exit 0
fi
# the same kernel, image and options as the lab's, without its network; the serial line is a socket
kubectl delete namespace tenantblue tenantyellow >/dev/null 2>&1
image=$(find "$XDG_CACHE_HOME" -name 'guest-*.cpio' | head -1)
kernel=/boot/vmlinuz-$(basename "$image" .cpio | sed 's/^guest-//')
printf 'hostname vm-client\nuser fedora\npassword fedora\n' >"$DIR/seed"
qemu-system-x86_64 -accel tcg -machine q35 -cpu max -m 256 -nodefaults -no-user-config -display none \
	-chardev socket,id=c,path="$DIR/serial",server=on,wait=off -serial chardev:c -kernel "$kernel" -initrd "$image" \
	-fw_cfg "name=opt/onesdn/seed,file=$DIR/seed" -append 'console=ttyS0 quiet net.ifnames=0' &
qemu=$!
until [ -S "$DIR/serial" ]; do read -rt 0.1 <> <(:) || :; done
"$BUILD/bench/console_bench" "for comparison: socat on the serial socket" socat -,raw,echo=0 "UNIX-CONNECT:$DIR/serial"
