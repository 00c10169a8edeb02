#!/bin/bash
# The explorations of the acts on a real lab: each is broken (a check says in words what is there instead) and mended (the
# checks hold again, and packets pass).
# shellcheck source=tests/lab/rehearse_lib.sh disable=SC2154
. "$(dirname "$0")/rehearse_lib.sh"

rehearse "every exploration of the acts is broken and mended" 0 --explore --verbose overlay localnet policies
holds "a wrong network name is named, and where the right one is" '^ok [0-9]+ - overlay/explore-name-broken.*carries the network "green-netwrok", not green-network; tenantblue has one, tenantblue/shared-net'
holds "mended, the packets pass again" '^#   yellow-server$'
holds "a missing attachment is named" '^ok [0-9]+ - overlay/explore-attachment-broken.*there is no NetworkAttachmentDefinition tenantblue/shard-net'
holds "an address on a network with IPAM is told" '^ok [0-9]+ - overlay/explore-static-broken.*it asks for 192.168.200.100/24, but the network green-network hands out its addresses itself'
holds "the act cleans up after them" '^ok 14 - overlay/cleanup'
holds "a wrong VLAN is named" '^ok [0-9]+ - localnet/explore-vlan-broken.*carries data-net on VLAN 132, not on VLAN 123'
holds "a missing mapping is named, and its node" '^ok [0-9]+ - localnet/explore-mapping-broken.*node ovn-worker maps data-net to no bridge'
holds "a selector that selects nobody is named" '^ok [0-9]+ - policies/explore-selector-broken.*it selects no attached workload of data-consumer'
holds "an annotation that names nothing is named, and what there is" '^ok [0-9]+ - policies/explore-policy-for-broken.*there is no usable attachment data-consumer/db-net; yours is in data-consumer/db-access-net'
end
