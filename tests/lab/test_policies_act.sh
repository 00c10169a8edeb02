#!/bin/bash
# The policies act, rehearsed from no lab at all: what it builds on first, then the flow that is blocked, proved by the policies,
# by OVN and by the packets that it dropped; in the end nothing is left.
# shellcheck source=tests/lab/lib.sh disable=SC2154
. "$(dirname "$0")/lib.sh"

new_place
begin=$(now_ms)
run "the act, unattended, from no lab running" timeout 120 "$BUILD/onesdn" rehearse policies
took=$(($(now_ms) - begin))
lines=$out
echo "# it took $took ms"
says "what it builds on is performed first" "ok 1 - policies/localnet-namespaces"
says "a manifest is asked about before it is applied" "03-network-policies.yaml would close vm-workload ─▶ turtle-db tcp/5432; of 2 pairs of workloads 2 would lose something, 0 gain"
blocked=$(printf '%s\n' "$lines" | grep 'policies/blocked')
out=$blocked
says "the command timed out" "blocked, as intended: vm-workload ─▶ turtle-db timed out after "
says "the policies deny it" "policies: deny: data-consumer/web-client selects data-consumer/vm-workload for egress; none allows it"
says "OVN drops it" "OVN drops it on ovn-worker"
says "and names its ACL" "(ACL NP:data-consumer:Egress)"
[[ $blocked =~ ([0-9]+)\ packets\ dropped ]] && [ "${BASH_REMATCH[1]}" -ge 2 ] && [ "${BASH_REMATCH[1]}" -le 12 ]
result $? "as many packets as a connection attempt of five seconds sends" "$blocked"
out=$lines
says "what it builds on cleans up last" "policies/localnet-cleanup-host"
fails "no lab is left" 3 lab status
finish
