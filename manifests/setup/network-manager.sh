#!/bin/bash
# usage: network-manager.sh [--look] NODE: NetworkManager installed and started inside the node's container. $OCI_BIN is the engine
# whose container it is: docker or podman, found, not assumed.
set -u
look=
if [ "$1" = --look ]; then look=1; shift; fi
node=$1
engine=${OCI_BIN:-}
for each in docker podman; do
	[ -n "$engine" ] || { command -v "$each" >/dev/null && "$each" inspect "$node" >/dev/null 2>&1 && engine=$each; }
done
[ -n "$engine" ] || { echo "no container $node: neither docker nor podman has it"; exit 1; }
runs() { "$engine" exec "$node" systemctl is-active --quiet NetworkManager; }
if [ -n "$look" ]; then runs; exit; fi
if ! runs; then
	echo "$engine: installing NetworkManager in $node"
	"$engine" exec "$node" bash -c 'apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y network-manager && systemctl enable --now NetworkManager' ||
		{ echo "that failed in $node: can its container reach Debian's servers? then run the stage again"; exit 1; }
fi
runs || { echo "NetworkManager does not run in $node: $engine exec $node systemctl status NetworkManager"; exit 1; }
echo "NetworkManager runs in $node"
