#!/bin/bash
# MultiNetworkPolicies with real packets: every case of tests/data/policy-cases.jsonl comes out in the lab as OVN-Kubernetes
# does it (policy_cases.c).
# shellcheck source=tests/lab/lib.sh disable=SC2154
. "$(dirname "$0")/lib.sh"

# The physical network's host: an address on each VLAN that the localnet cases use.
host_on_vlan() { # VLAN ADDRESS
	lab exec -- sh -c "ovs-vsctl add-port podman1 vlan$1 tag=$1 -- set interface vlan$1 type=internal &&
		ip addr add $2 dev vlan$1 && ethtool -K vlan$1 tx off >/dev/null && ip link set vlan$1 up"
}

new_place
run "up" lab up
run "a host on VLAN 123" host_on_vlan 123 192.168.200.1/24
run "a host on VLAN 33" host_on_vlan 33 192.168.201.1/24
while IFS= read -r line; do
	case $line in
	"ok "*) result 0 "${line#* - }" ;;
	"not ok "*) result 1 "${line#* - }" ;;
	"Bail out"*) result 1 "$line" ;;
	1..*) ;;
	*) echo "$line" ;;
	esac
done < <("$BUILD/labtest/policy_cases" run "$TOP/tests/data/policy-cases.jsonl" "$XDG_RUNTIME_DIR/onesdn/lab/api.sock" "$LAB" ${1:+"$1"} 2>&1)
run "the lab has had no trouble" lab logs
is "as its log says" "$(grep -c ' error \| warn ' <<<"$out")" 0
lab down >/dev/null
rm -rf "$PLACE"
finish
