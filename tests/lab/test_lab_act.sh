#!/bin/bash
# The overlay act's packets: both servers answer over the secondary network, on the same node and across nodes; other
# networks stay apart; the default network is routed; nothing outside the lab is reached.
# shellcheck source=tests/lab/lib.sh disable=SC2154
. "$(dirname "$0")/lib.sh"

address() { # NS POD: on net1
	k get pod -n "$1" "$2" -o jsonpath='{.metadata.annotations.k8s\.v1\.cni\.cncf\.io/network-status}' |
		sed -n '/"net1"/,$ s/^ *"\([0-9.]*\)"$/\1/p' | head -n1
}
curl_from() { k exec -n "$1" "$2" -- curl -sS -m 3 "${@:3}"; }

create() {
	run "namespaces" k create namespace tenantblue
	run "namespaces" k create namespace tenantyellow
	run "network" k apply -f "$TOP/manifests/overlay/01-netconfig.yaml"
	run "workloads" k apply -f "$TOP/manifests/overlay/02-workloads.yaml"
	run "tenantblue is Ready" k wait --for=condition=Ready pod --all -n tenantblue --timeout=10s
	run "tenantyellow is Ready" k wait --for=condition=Ready pod --all -n tenantyellow --timeout=10s
	is "addresses in scheduling order" "$(address tenantblue podclient) $(address tenantblue blue-server) $(address tenantyellow yellow-server)" \
		"192.168.200.1 192.168.200.2 192.168.200.3"
	is "the client and a server on different nodes" "$(k get pod -n tenantblue -o jsonpath='{.items[*].spec.nodeName}')" "ovn-worker2 ovn-worker"
	is "and a server on the client's" "$(k get pod -n tenantyellow -o jsonpath='{.items[*].spec.nodeName}')" "ovn-worker"
}

reach() {
	run "blue-server across nodes" curl_from tenantblue podclient 192.168.200.2:9000/hostname
	is "is blue-server" "$out" blue-server
	run "yellow-server on the same node, other namespace" curl_from tenantblue podclient 192.168.200.3:9000/hostname
	is "is yellow-server" "$out" yellow-server
	run "the server sees the client's secondary address" curl_from tenantblue podclient 192.168.200.2:9000/clientip
	says "it is the one of the annotation" "192.168.200.1:"
	run "dial from server to server" curl_from tenantblue podclient "192.168.200.2:9000/dial?host=192.168.200.3&port=9000&request=hostname&tries=2"
	is "answers twice" "$out" '{"responses":["yellow-server","yellow-server"]}'
	run "dial over UDP" curl_from tenantblue podclient "192.168.200.2:9000/dial?host=192.168.200.3&port=8081&request=hostname&protocol=udp"
	is "answers" "$out" '{"responses":["yellow-server"]}'
	run "a megabyte across nodes" k exec -n tenantblue podclient -- sh -c 'head -c 1000000 /usr/bin/* 2>/dev/null | head -c 1000000 | curl -sS -m 5 --data-binary @- 192.168.200.2:9000/hostname'
	is "arrives" "$out" blue-server
	local blue
	blue=$(k get pod -n tenantblue blue-server -o jsonpath='{.status.podIP}')
	run "the default network between nodes" curl_from tenantblue podclient "$blue:9000/hostname"
	is "is routed" "$out" blue-server
	run "a node reaches a pod" lab exec ovn-control-plane -- curl -sS -m 3 "$blue:9000/hostname"
	is "through the management port" "$out" blue-server
	k exec -n tenantblue podclient -- /agnhost connect --timeout 1s 192.168.200.2:9001 >"$PLACE/home/refused" 2>&1
	is "a closed port refuses" "$(head -n1 "$PLACE/home/refused")" REFUSED
	rm "$PLACE/home/refused"
}

# A second network with the same subnet, and the world outside.
apart() {
	sed 's/green-network/red-network/; s/shared-net/red-net/; s/tenantyellow/tenantblue/' <<-'END' | k apply -f - >/dev/null
		apiVersion: k8s.cni.cncf.io/v1
		kind: NetworkAttachmentDefinition
		metadata: {name: shared-net, namespace: tenantyellow}
		spec: {config: '{"cniVersion":"0.3.1","name":"green-network","netAttachDefName":"tenantyellow/shared-net","topology":"layer2","subnets":"192.168.200.0/24","type":"ovn-k8s-cni-overlay"}'}
	END
	k run stranger -n tenantblue --image=registry.k8s.io/e2e-test-images/agnhost:2.36 \
		--overrides='{"metadata":{"annotations":{"k8s.v1.cni.cncf.io/networks":"red-net"}}}' -- pause >/dev/null
	run "a pod on another network with the same subnet" k wait --for=condition=Ready pod/stranger -n tenantblue --timeout=10s
	is "has its first address too" "$(address tenantblue stranger)" 192.168.200.1
	fails "does not reach the first network" 28 curl_from tenantblue stranger -m 1 192.168.200.3:9000/hostname
	k delete pod -n tenantblue stranger --grace-period=1 >/dev/null
	fails "the internet is out of reach" 28 curl_from tenantblue podclient -m 1 http://93.184.216.34/
	local host
	host=$(ip -4 route get 192.0.2.1 2>/dev/null | sed -n 's/.* src \([0-9.]*\).*/\1/p')
	[ -n "$host" ] || host=10.0.0.1
	fails "the host's network is out of reach" 28 curl_from tenantblue podclient -m 1 "http://$host:22/"
	fails "the API is out of reach" 7 curl_from tenantblue podclient -m 1 "$(sed -n 's/.*server: *//p' "$(lab kubeconfig)" | head -n1)/version"
}

looks_real() {
	run "OVN's switch has OVN-Kubernetes' name" lab exec -- ovn-nbctl --bare --columns=name list logical_switch
	says "by the prefix rule" green.network_ovn_layer2_switch
	run "ports likewise" lab exec -- ovn-nbctl lsp-list green.network_ovn_layer2_switch
	says "with namespace and pod" tenantblue.shared.net_tenantblue_podclient
	run "port security" lab exec -- ovn-nbctl lsp-get-port-security tenantblue.shared.net_tenantblue_podclient
	is "is MAC and address" "$out" "0a:58:c0:a8:c8:01 192.168.200.1"
	run "pod-networks annotation" k get pod -n tenantblue podclient -o jsonpath='{.metadata.annotations.k8s\.ovn\.org/pod-networks}'
	says "with tunnel id and role" '"tenantblue/shared-net":{"ip_addresses":["192.168.200.1/24"],"mac_address":"0a:58:c0:a8:c8:01","ip_address":"192.168.200.1/24","tunnel_id":10,"role":"secondary"}}'
	run "events" k get events -n tenantblue
	says "of multus" "Add net1 [192.168.200.1/24] from tenantblue/shared-net"
	run "a container's user" k exec -n tenantblue podclient -- id -u
	is "is 1000" "$out" 1000
	run "a container's capabilities" k exec -n tenantblue podclient -- grep -h ^Cap /proc/1/status /proc/self/status
	is "are none" "$(grep -vc '0000000000000000$' <<<"$out")" 0
	run "a container's host name" k exec -n tenantblue podclient -- hostname
	is "is the pod's" "$out" podclient
	fails "exec passes an exit status on" 42 k exec -n tenantblue podclient -- sh -c 'exit 42'
	run "exec passes input on" k exec -i -n tenantblue podclient -- cat <<<"through"
	is "and output" "$out" through
	run "exec on a terminal" script -qec "stty rows 33 cols 101; HOME=$PLACE/kubectl $KUBECTL --kubeconfig=$(lab kubeconfig) exec -it -n tenantblue podclient -- sh -c 'tty; stty size'" /dev/null
	says "which is the container's own" /dev/pts/
	says "and has the right size" "33 101"
	run "logs" k logs -n tenantblue blue-server
	says "of the server" "GET /hostname from 192.168.200.1:"
}

fast() {
	local start took
	start=$(now_ms)
	run "a pod of one line" k run quick -n tenantblue --image=registry.k8s.io/e2e-test-images/agnhost:2.36 -- pause
	run "is Ready" k wait --for=condition=Ready pod/quick -n tenantblue --timeout=20s
	took=$(($(now_ms) - start))
	echo "# created to Ready, two kubectl included: $took ms"
	run "its deletion" k delete pod quick -n tenantblue --timeout=5s
}

cleanup() {
	run "clean up" k delete namespace tenantblue tenantyellow --timeout=20s
	eventually "no namespaces of pods are left" 2 lab exec -- sh -c '! ls /run/netns | grep -q tenant'
	eventually "no switches are left" 2 lab exec -- sh -c '! ovn-nbctl --bare --columns=name list logical_switch | grep -q layer2'
	eventually "no ports are left" 2 lab exec ovn-worker -- sh -c '! ovs-vsctl --bare --columns=external_ids list interface | grep -q sandbox'
	eventually "no files of pods are left" 2 lab exec -- sh -c '! ls /run/pods | grep -q .'
	eventually "no containers are left" 2 lab exec -- sh -c '! ps -eo comm | grep -q bwrap'
}

all() {
	new_place
	run "up" lab up
	create
	reach
	apart
	looks_real
	fast
	cleanup
	lab down >/dev/null
	rm -rf "$PLACE"
}
both_users all
