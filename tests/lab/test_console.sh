#!/bin/bash
# The act overlay-mixed, rehearsed on a lab of its own from no lab at all: a virtual machine is logged in to on its console and
# reaches both servers. Twice: the second time finds nothing left of the first. And what a console stage says when it fails.
set -u
cd "$(dirname "$0")/../.." || exit 2
build=$(cd "${BUILD:-build}" && pwd) || exit 2
work=$(mktemp -d /tmp/onesdn-console.XXXXXX) || exit 2
chmod 700 "$work"
mkdir -m 700 "$work/run"
export XDG_RUNTIME_DIR=$work/run ONESDN_DATA=$PWD
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
		sed 's/^/#     /' "$work/out" | head -n 60
		failed=1
	fi
}

says() { # NAME TEXT
	grep -qF -- "$2" "$work/out"
	tap $? "$1: says \"$2\""
}

rehearse() { # NAME STATUS ARGUMENT...
	local name=$1 status=$2 got
	shift 2
	timeout -k 5 120 "$build/onesdn" rehearse "$@" >"$work/out" 2>&1
	got=$?
	echo "(status $got)" >>"$work/out"
	[ "$got" -eq "$status" ]
	tap $? "$name: ends with status $status"
}

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

echo "1..$n"
exit $failed
