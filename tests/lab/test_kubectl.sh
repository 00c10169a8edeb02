#!/bin/bash
# Real kubectl binaries of five versions against a whole lab: its own runtime folder, so that other labs are not disturbed.
# Prints TAP.
set -u
cd "$(dirname "$0")/../.." || exit 2
BUILD=${BUILD:-build}
work=$(mktemp -d)
chmod 755 "$work"
export XDG_RUNTIME_DIR=$work/run XDG_CACHE_HOME=$work/cache XDG_STATE_HOME=$work/state
mkdir -m 700 "$XDG_RUNTIME_DIR" "$XDG_CACHE_HOME" "$XDG_STATE_HOME"
lab=$PWD/$BUILD/onesdn-lab
case $BUILD in /*) lab=$BUILD/onesdn-lab ;; esac
cleanup() {
	"$lab" down >/dev/null 2>&1
	rm -rf "$work"
}
trap cleanup EXIT
. tests/lab/kubectl_cases.sh

tests/lab/kubectl_versions.sh "${KUBECTL_CACHE:-$BUILD/kubectl}" >"$work/versions"
timeout 60 "$lab" up >"$work/out" 2>&1
tap $? "the lab comes up"
admin=$("$lab" kubeconfig)
sed 's/^current-context:.*/current-context: lab-workload-owner/' "$admin" >"$work/owner"
grep -q '^current-context: lab-workload-owner' "$work/owner"
tap $? "the kubeconfig has a context for the workload owner"
while read -r v path reason; do
	if [ -n "${KUBECTL_ONLY:-}" ] && [ "$v" != "$KUBECTL_ONLY" ]; then continue; fi
	if [ "$path" = - ]; then
		tap_skip "kubectl $v" "$reason"
	else
		kubectl_cases "$v" "$path" "$admin" "$work/owner" lab
	fi
done <"$work/versions"
"$lab" status >"$work/out" 2>&1
tap $? "the lab still runs"
"$lab" down >"$work/out" 2>&1
tap $? "the lab goes down"
echo "1..$tap_n"
[ "$tap_failed" -eq 0 ]
