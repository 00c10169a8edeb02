#!/bin/bash
# The explorations of the acts on a real lab: each is broken (a check says in words what is there instead) and mended (the
# checks hold again, and packets pass).
set -u
cd "$(dirname "$0")/../.." || exit 2
build=$(cd "${BUILD:-build}" && pwd) || exit 2
work=$(mktemp -d /tmp/onesdn-explore.XXXXXX) || exit 2
chmod 700 "$work"
mkdir -m 700 "$work/run" "$work/home"
export XDG_RUNTIME_DIR=$work/run XDG_CACHE_HOME=$work/cache HOME=$work/home ONESDN_DATA=$PWD
unset KUBECONFIG
n=0 failed=0

# shellcheck disable=SC2317 # the trap calls it
finish() {
	"$build/onesdn-lab" down >/dev/null 2>&1
	rm -rf "$work"
}
trap finish EXIT

tap() { # STATUS NAME
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		sed 's/^/#     /' "$work/out" | tail -n 40
		failed=1
	fi
}
holds() { # NAME REGEX: a line of the rehearsal
	grep -qE -- "$2" "$work/out"
	tap $? "$1"
}

"$build/onesdn" rehearse --explore --verbose overlay localnet policies >"$work/out" 2>&1
tap $? "every exploration of the acts is broken and mended"
holds "a wrong network name is named, and where the right one is" '^ok [0-9]+ - overlay/explore-name-broken.*carries the network "green-netwrok", not green-network; tenantblue has one, tenantblue/shared-net'
holds "mended, the packets pass again" '^#   yellow-server$'
holds "a missing attachment is named" '^ok [0-9]+ - overlay/explore-attachment-broken.*there is no NetworkAttachmentDefinition tenantblue/shard-net'
holds "an address on a network with IPAM is told" '^ok [0-9]+ - overlay/explore-static-broken.*it asks for 192.168.200.100/24, but the network green-network hands out its addresses itself'
holds "the act cleans up after them" '^ok 14 - overlay/cleanup'
holds "a wrong VLAN is named" '^ok [0-9]+ - localnet/explore-vlan-broken.*carries data-net on VLAN 132, not on VLAN 123'
holds "a missing mapping is named, and its node" '^ok [0-9]+ - localnet/explore-mapping-broken.*node ovn-worker maps data-net to no bridge'
holds "a selector that selects nobody is named" '^ok [0-9]+ - policies/explore-selector-broken.*it selects no attached workload of data-consumer'
holds "an annotation that names nothing is named, and what there is" '^ok [0-9]+ - policies/explore-policy-for-broken.*there is no usable attachment data-consumer/db-net; yours is in data-consumer/db-access-net'
echo "1..$n"
exit $failed
