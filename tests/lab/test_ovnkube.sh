#!/bin/bash
# The pods of OVN: there as on a cluster, commands really run in them, on their node; who may not, may not; and nothing harms them.
. "$(dirname "$0")/lib.sh"

NS=ovn-kubernetes
pod_of() { k -n $NS get pods -l "app=$1" --field-selector "spec.nodeName=$2" -o jsonpath='{.items[*].metadata.name}'; } # APP NODE
owner() { k --context lab-workload-owner -n $NS "$@"; }
on() { # CONTAINER COMMAND...: in the pod of ovn-worker2
	local container=$1
	shift
	k -n $NS exec "$POD" -c "$container" -- "$@"
}

there() {
	run "pods are there" k -n $NS get pods -o wide --no-headers
	is "one a node of OVN, all running" "$(grep -cE '^ovnkube-node-[a-z0-9]{5} +6/6 +Running +0 .* 10\.89\.1\.[234] +ovn-(control-plane|worker2?) ' <<<"$out")" 3
	is "and one a node of Open vSwitch" "$(grep -cE '^ovs-node-[a-z0-9]{5} +1/1 +Running ' <<<"$out")" 3
	POD=$(pod_of ovnkube-node ovn-worker2)
	run "describe" k -n $NS describe pod "$POD"
	says "names its node" "ovn-worker2/10.89.1.4"
}

commands() {
	run "nb-ovsdb: ovn-nbctl" on nb-ovsdb ovn-nbctl show
	says "knows the node's switch" "(ovn-worker2)"
	run "sb-ovsdb: ovn-sbctl" on sb-ovsdb ovn-sbctl --bare --columns=hostname list Chassis ovn-worker2
	is "knows the chassis" "$out" ovn-worker2
	run "ovn-northd: its control socket" on ovn-northd ovn-appctl -t ovn-northd status
	says "answers" "Status: active"
	run "ovn-controller: its control socket" on ovn-controller ovn-appctl -t ovn-controller connection-status
	is "answers" "$out" connected
	run "ovn-controller: ovs-vsctl" on ovn-controller ovs-vsctl get open . external_ids:system-id
	is "it is that node's switch" "$out" ovn-worker2
	run "ovn-controller: ovs-appctl" on ovn-controller ovs-appctl bridge/dump-flows br-int
	run "ovnkube-controller: ovs-ofctl" on ovnkube-controller ovs-ofctl dump-flows br-int
	says "has OVN's flows" "metadata=0x"
	run "ovn-trace" on ovn-controller ovn-trace --minimal ovn-worker2 \
		'inport == "k8s-ovn-worker2" && eth.src == 0a:58:0a:f4:02:02 && eth.dst == 0a:58:0a:f4:02:01 && ip4 && ip.ttl == 64 && ip4.src == 10.244.2.2 && ip4.dst == 10.244.1.2'
	says "traces to the other node" 'output("k8s-ovn-worker")'
	run "ovs-node" k -n $NS exec "$(pod_of ovs-node ovn-worker)" -- ovs-vsctl get open . external_ids:system-id
	is "on its own node" "$out" ovn-worker
	run "the node's network" on ovn-controller ip -o -4 addr show breth0
	says "is the node's" 10.89.1.4/24
	fails "an exit status comes through" 7 on nb-ovsdb sh -c 'exit 7'
	out=$(printf 'one\ntwo\n' | k -n $NS exec -i "$POD" -c ovn-controller -- sh -c 'cat; echo end >&2' 2>&1 | sort)
	is "input and both outputs, which need not keep their order" "$out" $'end\none\ntwo'
	fails "a program that is not there" 1 on nb-ovsdb no-such-program
	fails "a container that is not there" 1 on postgres true
	says "in the API's words" "container postgres is not valid for pod"
}

harmless() {
	fails "no file of the machine can be changed" 1 on ovn-controller touch /usr/touched
	run "the user's own are not seen" on ovn-controller sh -c 'ls -A /home /root /tmp /proc/1/root 2>/dev/null | grep -v ":$" | grep .; test $? = 1'
	fails "nor can that be undone" 32 on ovn-controller mount -o remount,rw /
	fails "the workload owner may not" 1 owner exec "$POD" -c nb-ovsdb -- ovn-nbctl show
	says "in Kubernetes' words" 'User "workload-owner" cannot create resource "pods/exec" in API group "" in the namespace "ovn-kubernetes"'
	fails "nor delete" 1 owner delete pod "$POD"
	fails "nor make one" 1 owner run it --image=registry.k8s.io/pause
	run "but look" owner get pod "$POD"
	is "and kubectl knows" "$(k --context lab-workload-owner auth can-i create pods/exec -n $NS 2>/dev/null)" no
	is "what it may elsewhere" "$(k --context lab-workload-owner auth can-i create pods/exec -n default 2>/dev/null)" yes
	fails "the namespace stays" 1 k delete namespace $NS
	says "and says so" "this namespace may not be deleted"
}

comes_back() { # HOW TO DELETE...
	local old=$POD
	run "a deleted pod goes at once ($*)" k -n $NS delete pod "$old" --timeout=5s "$@"
	POD=$(pod_of ovnkube-node ovn-worker2)
	[ -n "$POD" ] && [ "$POD" != "$old" ]
	result $? "and another is there" "$POD after $old"
	run "which works" on nb-ovsdb ovn-nbctl show
	is "three are there" "$(k -n $NS get pods -l app=ovnkube-node -o name | wc -l)" 3
}

# What is exec'd ends with its client, and is no process of the lab's otherwise.
processes() {
	local pid
	HOME=$PLACE/kubectl "$KUBECTL" --kubeconfig="$XDG_RUNTIME_DIR/onesdn/lab/kubeconfig" -n $NS exec "$POD" -c ovn-controller -- sleep 987 2>/dev/null &
	pid=$!
	eventually "a command is a process of the lab" 3 lab exec -- pgrep -f 'sleep 987'
	kill "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	# shellcheck disable=SC2317 # eventually calls it
	has_ended() { ! lab exec -- pgrep -f 'sleep 987'; }
	eventually "and ends with its client" 5 has_ended
}

readiness() {
	local pid
	pid=$(lab exec -- cat /run/ovn-worker2/ovn-controller.pid)
	k -n $NS get pod "$POD" --watch --no-headers >"$PLACE/watch" 2>&1 &
	local watcher=$!
	eventually "watched" 3 grep -q 6/6 "$PLACE/watch"
	lab exec -- kill "$pid"
	eventually "a node that is not ready shows in its pods" 5 grep -q 0/6 "$PLACE/watch"
	run "and again when it is" k -n $NS wait --for=condition=Ready "pod/$POD" --timeout=10s
	kill "$watcher" 2>/dev/null
	wait "$watcher" 2>/dev/null
}

all() {
	new_place
	run "up" lab up
	there
	commands
	harmless
	comes_back
	comes_back --force --grace-period=0
	processes
	readiness
	lab down >/dev/null
	rm -rf "$PLACE"
}
both_users all
