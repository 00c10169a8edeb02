#!/bin/bash
# The act overlay-mixed, rehearsed on a lab of its own from no lab at all: a virtual machine is logged in to on its console and
# reaches both servers. Twice: the second time finds nothing left of the first. And what a console stage says when it fails.
# shellcheck source=tests/lab/rehearse_lib.sh disable=SC2154
. "$(dirname "$0")/rehearse_lib.sh"

for round in first second; do
	begun=$(date +%s)
	rehearse "$round rehearsal" 0 overlay-mixed
	took=$(($(date +%s) - begun))
	echo "# $round rehearsal, from no lab: $took s"
	says "$round rehearsal" 'the output has "blue-server"'
	says "$round rehearsal" 'the output has "yellow-server"'
done

# A copy with a wrong password, and one that expects what does not come.
cp manifests/overlay/*.yaml "$work/"
sed 's/password: fedora}/password: wrong}/' manifests/overlay/overlay-mixed.scenario.yaml >"$work/wrong.scenario.yaml"
rehearse "wrong password" 1 "$work/wrong.scenario.yaml"
says "wrong password" "# expected: a shell after the password"
says "wrong password" "wrong/cleanup"
sed 's/expect: .*/expect: {text: no such prompt, within: 1s}/' manifests/overlay/overlay-mixed.scenario.yaml >"$work/wait.scenario.yaml"
rehearse "expected in vain" 1 "$work/wait.scenario.yaml"
says "expected in vain" '# expected: the text "no such prompt" on the console within 1.00 s'
says "expected in vain" "# found:    the console of tenantblue/vm-client shows "

end
