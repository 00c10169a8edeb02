#!/bin/bash
# The act in which a flow is blocked, recorded twice by itself: at each marker both recordings show the same text, also what OVN
# says of the flows and how many packets it has dropped; and those are what psql has sent, not what OVN sends in a new port's name.
# shellcheck source=tests/lab/lib.sh disable=SC2154
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/record_lib.sh
. "$(dirname "$0")/record_lib.sh"
RECORD_TIMEOUT=600

run "a lab" timeout 60 "$LAB" up
run "the act is recorded" record -o "$PLACE/one.cast" policies
says "a marker a stage" "7 markers"
run "once more" record -o "$PLACE/two.cast" policies
same_at_markers "$PLACE/one.cast" "$PLACE/two.cast" 7
out=$(export_ "$PLACE/one.cast" --txt --marker 5)
says "OVN has answered before the stage in which it is tried" "policies: deny  OVN: drop at ACL NP:data-consumer:Egress"
out=$(export_ "$PLACE/one.cast" --txt --marker 6)
says "Linux tries three times within five seconds, and no other packet is counted" "3 packets dropped"
finish
