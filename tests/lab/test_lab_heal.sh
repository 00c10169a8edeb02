#!/bin/bash
# Daemons of the data plane killed one after another: the node says NotReady, they come back, packets flow again.
# shellcheck source=tests/lab/lib.sh disable=SC2154
. "$(dirname "$0")/lib.sh"

node_is() { # NODE STATUS
	[ "$(k get node "$1" --no-headers | awk '{print $2}')" = "$2" ]
}
talk() { k exec -n t client -- curl -sS -m 1 10.40.0.2:8080/hostname; }
kill_daemon() { # PATTERN: in the lab's PID namespace
	lab exec -- pkill -9 -f "$1"
}

create() {
	k create namespace t >/dev/null
	k apply -f - >/dev/null <<-'END'
		apiVersion: k8s.cni.cncf.io/v1
		kind: NetworkAttachmentDefinition
		metadata: {name: net, namespace: t}
		spec: {config: '{"cniVersion":"0.3.1","name":"net","netAttachDefName":"t/net","topology":"layer2","subnets":"10.40.0.0/24","type":"ovn-k8s-cni-overlay"}'}
		---
		apiVersion: v1
		kind: Pod
		metadata: {name: client, namespace: t, annotations: {k8s.v1.cni.cncf.io/networks: net}}
		spec: {nodeName: ovn-worker, containers: [{name: c, image: registry.k8s.io/e2e-test-images/agnhost:2.36}]}
		---
		apiVersion: v1
		kind: Pod
		metadata: {name: server, namespace: t, annotations: {k8s.v1.cni.cncf.io/networks: net}}
		spec: {nodeName: ovn-worker2, containers: [{name: c, image: registry.k8s.io/e2e-test-images/agnhost:2.36, args: [netexec]}]}
	END
	run "pods" k wait --for=condition=Ready pod --all -n t --timeout=10s
	eventually "talk" 3 talk
}

heals() { # NAME PATTERN
	run "$1 killed" kill_daemon "$2"
	eventually "$1 killed: nodes are Ready again" 15 ready_all
	eventually "$1 killed: packets flow again" 15 talk
}
ready_all() { [ "$(k get nodes --no-headers | awk '$2 == "Ready"' | wc -l)" -eq 3 ]; }

all() {
	new_place
	run "up" lab up
	create
	run "ovn-controller stopped" kill_daemon "ovn-controller unix:/run/ovn-worker2/"
	eventually "ovn-controller stopped: an event tells" 5 bash -c "$(declare -f k); k get events -A | grep -q 'ovn-worker2 status is now: NodeNotReady'"
	eventually "ovn-controller stopped: comes back" 15 node_is ovn-worker2 Ready
	eventually "ovn-controller stopped: packets flow" 5 talk
	heals "ovs-vswitchd of a node" "ovs-vswitchd unix:/run/ovn-worker2/"
	heals "ovs-vswitchd of the physical network" "ovs-vswitchd unix:/run/phys/"
	heals "a node's database server" "ovsdb-server /run/ovn-worker/"
	heals "northd" "ovn-northd"
	heals "the northbound database server" "ovsdb-server /run/central/nb.db"
	heals "the southbound database server" "ovsdb-server /run/central/sb.db"
	k delete pod -n t client --grace-period=1 >/dev/null
	k run client -n t --image=registry.k8s.io/e2e-test-images/agnhost:2.36 --overrides='{"metadata":{"annotations":{"k8s.v1.cni.cncf.io/networks":"net"}}}' -- pause >/dev/null
	run "a new pod after all that" k wait --for=condition=Ready pod/client -n t --timeout=10s
	eventually "talks" 5 talk
	run "down" lab down
	rm -rf "$PLACE"
}
export KUBECTL
prefix=""
all
finish
