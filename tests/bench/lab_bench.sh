#!/bin/bash
# What the lab costs in time and memory, beside its bars; and, as a measure of the machine, kubectl's own start.
# usage: BUILD=build tests/bench/lab_bench.sh [ROUNDS]
set -u
cd "$(dirname "$0")/../.." || exit 2
BUILD=${BUILD:-build}
ROUNDS=${1:-5}
DIR=$(mktemp -d /tmp/onesdn-bench.XXXXXX)
export XDG_RUNTIME_DIR=$DIR/run XDG_CACHE_HOME=$DIR/cache
mkdir -m 700 "$XDG_RUNTIME_DIR" "$XDG_CACHE_HOME"
LAB=$BUILD/onesdn-lab
trap '"$LAB" down >/dev/null 2>&1; rm -rf "$DIR"' EXIT

now() { date +%s%N; }
timed() { # NAME COMMAND...: appends milliseconds to the list of that name
	local name=$1 start
	shift
	start=$(now)
	"$@" >/dev/null 2>&1 || echo "lab_bench: failed: $*" >&2
	echo $((($(now) - start) / 1000000)) >>"$DIR/$name"
}
row() { # LABEL NAME BAR_MS
	local median
	median=$(sort -n "$DIR/$2" | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}')
	printf '%-44s %8d ms   bar %6s ms  %s\n' "$1" "$median" "$3" "$([ "$3" = - ] || { [ "$median" -le "$3" ] && echo ok || echo OVER; })"
}
api() { curl -sS -m 20 --unix-socket "$XDG_RUNTIME_DIR/onesdn/lab/api.sock" "$@"; }
# Ready minus creation by the API's own clock is whole seconds only: the watch that says so is read instead.
pod_ready() {
	local start
	start=$(now)
	api -H 'Content-Type: application/json' -X POST -o "$DIR/created" http://localhost/api/v1/namespaces/bench/pods \
		-d '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"registry.k8s.io/e2e-test-images/agnhost:2.36","args":["pause"]}]}}'
	grep -qm1 '"type": *"Ready" *, *"status": *"True"' \
		< <(exec curl -sS -N -m 20 --unix-socket "$XDG_RUNTIME_DIR/onesdn/lab/api.sock" \
			"http://localhost/api/v1/namespaces/bench/pods?watch=true&timeoutSeconds=15" 2>/dev/null)
	echo $((($(now) - start) / 1000000)) >>"$DIR/pod"
	kubectl delete pod -n bench p --now >/dev/null 2>&1
}

for _ in $(seq "$ROUNDS"); do
	timed up "$LAB" up
	KUBECONFIG=$("$LAB" kubeconfig)
	export KUBECONFIG
	timed kubectl kubectl version
	timed down "$LAB" down
	for act in overlay overlay-mixed localnet policies; do timed "rehearse-$act" "$BUILD/onesdn" rehearse "$act"; done
done
timed rehearse-all "$BUILD/onesdn" rehearse
"$LAB" up >/dev/null
KUBECONFIG=$("$LAB" kubeconfig)
export KUBECONFIG
kubectl create namespace bench >/dev/null
for _ in $(seq "$ROUNDS"); do pod_ready; done
for file in manifests/overlay/01-netconfig.yaml manifests/overlay/02-workloads.yaml; do
	[ "$file" = manifests/overlay/01-netconfig.yaml ] && kubectl create namespace tenantblue >/dev/null && kubectl create namespace tenantyellow >/dev/null
	kubectl apply -f "$file" >/dev/null
done
kubectl wait -n tenantblue --for=condition=Ready pod --all --timeout=60s >/dev/null
memory_kb=$("$LAB" status --json | sed -n 's/.*"memoryKb": *\([0-9]*\).*/\1/p')
row "lab up until all nodes are Ready" up 3000
row "lab down, nothing left" down 1000
row "pod created to Ready" pod 300
row "rehearse overlay, lab up and down included" rehearse-overlay 15000
row "rehearse overlay-mixed, likewise" rehearse-overlay-mixed 40000
row "rehearse localnet, likewise" rehearse-localnet 45000
row "rehearse policies, likewise" rehearse-policies 60000
row "rehearse all acts, once" rehearse-all 90000
row "for comparison: kubectl version" kubectl -
printf '%-44s %8d MB   bar    600 MB, of the last act\n' "memory, the overlay act's pods running" $((memory_kb / 1024))
