#!/bin/bash
# The localnet act with real packets: bridge mappings on the nodes, VLAN 123 on the wire, a database outside the cluster, the
# adapter's REST API, and what happens when one of them breaks.
. "$(dirname "$0")/lib.sh"

MANIFESTS=$TOP/manifests/localnet
U=192.168.200.10:9000

nad() { # NAME NETWORK VLAN: localnet, in data-consumer
	printf '{"apiVersion":"k8s.cni.cncf.io/v1","kind":"NetworkAttachmentDefinition","metadata":{"name":"%s","namespace":"data-consumer"},"spec":{"config":"%s"}}' "$1" \
		"$(printf '{"cniVersion":"0.3.1","name":"%s","netAttachDefName":"data-consumer/%s","topology":"localnet","vlanID":%s,"physicalNetworkName":"%s","type":"ovn-k8s-cni-overlay"}' \
			"$2" "$1" "$3" "${4:-data-net}" | sed 's/"/\\"/g')" | k apply -f - >/dev/null
}
pod() { # NAME NAD ADDRESS NODE: in data-consumer; NAD "" for none
	local networks=""
	[ -z "$2" ] || networks=$(printf ',"annotations":{"k8s.v1.cni.cncf.io/networks":"[{\\"name\\":\\"%s\\",\\"ips\\":[\\"%s/24\\"]}]"}' "$2" "$3")
	printf '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"%s","namespace":"data-consumer"%s},"spec":{"terminationGracePeriodSeconds":1,"nodeName":"%s","containers":[{"name":"c","image":"registry.k8s.io/e2e-test-images/agnhost:2.36"}]}}' \
		"$1" "$networks" "$4" | k apply -f - >/dev/null
}
mapping() { # NODE: the bridge mappings of its Open vSwitch
	lab exec "$1" -- ovs-vsctl get open . external_ids:ovn-bridge-mappings
}
mapping_is() { [ "$(mapping "$1")" = "\"$2\"" ] || { mapping "$1"; return 1; }; }
policy() { # NAME LOCALNET BRIDGE [STATE]: on all workers
	printf '{"apiVersion":"nmstate.io/v1","kind":"NodeNetworkConfigurationPolicy","metadata":{"name":"%s"},"spec":{"nodeSelector":{"node-role.kubernetes.io/worker":""},"desiredState":{"ovn":{"bridge-mappings":[{"localnet":"%s","bridge":"%s"%s}]}}}}' \
		"$1" "$2" "$3" "${4:+,\"state\":\"$4\"}" | k apply -f - >/dev/null
}
no_enactment_of() { ! k get nnce -o name | grep -q "\.$1\$"; }
shown_mapping_is() { # NODE LOCALNETS: in its NodeNetworkState
	local got
	got=$(k get nns "$1" -o jsonpath='{.status.currentState.ovn.bridge-mappings[*].localnet}')
	[ "$got" = "$2" ] || { echo "$got"; return 1; }
}
holds() { k get nncp "$1" --no-headers; }
policy_is() { # NAME STATUS REASON
	[[ "$(holds "$1")" =~ ^$1\ +$2\ +$3 ]] || { holds "$1"; return 1; }
}
from() { k exec -n data-consumer "$@"; }
connects() { from "$1" -- /agnhost connect --timeout=1s "$2"; } # POD ADDRESS:PORT
# A request from the client pod: the body and, on a line of its own, status and content type.
rest() { from client -- curl -sS -m 8 -w '\n%{http_code} %{content_type}' -H 'content-type: application/json' "$@"; }
gives() { # NAME STATUS BODY-PART CURL-ARGUMENTS...
	local name=$1 status=$2 part=$3
	shift 3
	out=$(rest "$@" 2>&1)
	[[ "$out" == *"$part"*$'\n'"$status"* ]]
	result $? "$name" "not $status with $part: $out"
}
four_turtles() { # the body is kept for the caller
	local n
	out=$(rest $U/turtles)
	n=$(grep -o '"user_id":' <<<"$out" | wc -l)
	[ "$n" -eq 4 ] || { echo "$out"; return 1; }
}

prepare() {
	run "namespaces" k create namespace data-adapter
	run "namespaces" k create namespace data-consumer
	run "no mapping yet" mapping_is ovn-worker physnet:breth0
	fails "the database needs its address first" 1 lab exec -- turtle-db start
	says "and says so" "make the VLAN's interface first"
	run "the VLAN's interface" lab exec -- sh -c 'ovs-vsctl add-port podman1 podman1.123 tag=123 -- set interface podman1.123 type=internal &&
		ip addr add 192.168.200.1/24 dev podman1.123 && ip link set podman1.123 up'
	eventually "has no checksum offload" 2 lab exec -- sh -c 'ethtool -k podman1.123 | grep -q "tx-checksumming: off"'
	run "network and policy" k apply -f "$MANIFESTS/01-netconfig.yaml"
	eventually "the policy is Available" 3 policy_is ovs-share-same-gw-bridge Available SuccessfullyConfigured
	run "its message" k get nncp ovs-share-same-gw-bridge -o jsonpath='{.status.conditions[?(@.status=="True")].message}'
	is "counts the nodes" "$out" "2/2 nodes successfully configured"
	run "the mapping is on a worker" mapping_is ovn-worker data-net:breth0,physnet:breth0
	run "and on the other" mapping_is ovn-worker2 data-net:breth0,physnet:breth0
	run "not on the control plane" mapping_is ovn-control-plane physnet:breth0
	run "enactments" k get nnce -o name
	is "one for each worker" "$(grep -c . <<<"$out")" 2
	run "node network state" k get nns ovn-worker -o jsonpath='{.status.currentState.ovn.bridge-mappings}'
	is "shows both mappings" "$out" '[{"bridge":"breth0","localnet":"data-net"},{"bridge":"breth0","localnet":"physnet"}]'
	run "the database" lab exec -- turtle-db start
	run "has no tables yet" lab exec -- env PGPASSWORD=cheese psql -h 192.168.200.1 -Usplinter turtles -c '\dt'
	says "as psql says" "Did not find any relations"
	fails "and wants the password" 2 lab exec -- env PGPASSWORD=wrong psql -h 192.168.200.1 -Usplinter turtles -c '\dt'
	awk '/^---/ { n++ } n == 1' "$MANIFESTS/02-mixed-workloads.yaml" | k apply -f - >/dev/null
	result $? "the adapter's pod"
	pod client db-access-net 192.168.200.30 ovn-worker2
	run "the adapter is Ready" k wait --for=condition=Ready pod/turtle-db-adapter -n data-adapter --timeout=8s
	run "the client is Ready" k wait --for=condition=Ready pod/client -n data-consumer --timeout=8s
	eventually "it serves four turtles" 5 four_turtles
}

northbound() {
	run "OVN: the network's switch" lab exec -- ovn-nbctl --format=json --columns=name,type,options,tag_request,addresses find Logical_Switch_Port name=data.net_ovn_localnet_port
	says "localnet port, VLAN" '"data.net_ovn_localnet_port","localnet",["map",[["network_name","data-net"]]],123,"unknown"'
	run "OVN: the pod's port" lab exec -- ovn-nbctl --bare --columns=addresses list Logical_Switch_Port data.adapter.db.access.net_data-adapter_turtle-db-adapter
	is "has the pod's address" "$out" "0a:58:c0:a8:c8:0a 192.168.200.10"
	run "the patch ports between the bridges" lab exec ovn-worker -- ovs-vsctl get interface patch-br-int-to-data.net_ovn_localnet_port name
}

rest_api() {
	gives "GET: the rows" 200 '{"Ok":[{"user_id":1,"name":"leonardo","email":"leo@tmnt.org","weapon":"swords","created_on":"2' $U/turtles
	gives "GET one" 200 '{"user_id":4,"name":"raphael","email":"raph@tmnt.org","weapon":"twin sai","created_on":"' $U/turtles/4
	gives "GET one that is not there" 404 '{"message":"The '"'turtle'"' record not found"}' $U/turtles/99
	gives "GET what is no number" 404 'can not parse "x" to a i32' $U/turtles/x
	gives "another path" 404 "" $U/other
	gives "another method" 405 "" -X PATCH $U/turtles/1
	run "without the content type" from client -- curl -sS -m 5 -o /dev/null -w '%{http_code}' $U/turtles
	is "405" "$out" 405
	gives "POST" 200 '"name":"april","email":"april@news.org","weapon":"'"'"'); drop table ninja_turtles; --"' \
		$U/turtles -d '{"name":"april","email":"april@news.org","weapon":"'"'"'); drop table ninja_turtles; --"}'
	gives "POST again" 409 '{"message":"Internal server error"}' $U/turtles -d '{"name":"april","email":"x","weapon":"y"}'
	# shellcheck disable=SC2016 # backquotes of the answer
	gives "POST half of it" 400 'missing field `weapon`' $U/turtles -d '{"name":"casey","email":"c@x"}'
	# shellcheck disable=SC2016
	gives "POST a number" 400 'invalid type: integer `5`, expected a string' $U/turtles -d '{"name":5}'
	gives "POST too long a name" 409 '{"message":"Internal server error"}' $U/turtles -d '{"name":"'"$(printf 'x%.0s' {1..51})"'","email":"e","weapon":"w"}'
	gives "POST nothing" 400 'EOF while parsing' -X POST $U/turtles
	local id
	id=$(rest $U/turtles | grep -o '"user_id":[0-9]*,"name":"april"' | grep -o '[0-9]*')
	gives "PUT" 200 '"weapon":"camera"' -X PUT "$U/turtles/$id" -d '{"name":"april","email":"a@n.org","weapon":"camera"}'
	gives "PUT one that is not there" 404 'record not found' -X PUT $U/turtles/99 -d '{"name":"z","email":"z","weapon":"z"}'
	gives "PUT another's name" 409 'Internal server error' -X PUT "$U/turtles/$id" -d '{"name":"leonardo","email":"a@n.org","weapon":"camera"}'
	gives "DELETE" 204 "" -X DELETE "$U/turtles/$id"
	gives "DELETE again" 204 "" -X DELETE "$U/turtles/$id"
	run "four are left" four_turtles
}

# Runs a capture while the client asks the adapter, which asks the database.
capture() { # TARGET: text in $out
	local file=$PLACE/capture pid i
	: >"$file.errors"
	timeout 20 "$LAB" capture "$1" -U >"$file" 2>"$file.errors" &
	pid=$!
	for ((i = 0; i < 100; i++)); do
		grep -q "listening on" "$file.errors" && break
		read -rt 0.05 <> <(:) || :
	done
	four_turtles >/dev/null
	for ((i = 0; i < 40; i++)); do
		[ "$(grep -c '\.5432: Flags' "$file")" -ge 1 ] && break
		read -rt 0.05 <> <(:) || :
	done
	kill "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	out=$(cat "$file")
}
on_the_wire() {
	local target n
	for target in ovn-worker ovn-worker2 podman1; do
		capture "$target"
		n=$(grep '192\.168\.200\.' <<<"$out" | grep -c 'vlan 123')
		[ "$n" -ge 4 ]
		result $? "$target: frames of the network are tagged 123" "only $n of them: $out"
		n=$(grep '192\.168\.200\.' <<<"$out" | grep -vc 'vlan 123')
		is "$target: and none without a tag" "$n" 0
	done
	run "the bridge is as it was" lab exec -- ovs-vsctl list-ports podman1
	is "without the capture's port" "$(tr '\n' ' ' <<<"$out")" "p-n2 p-n3 p-n4 podman1.123 "
}

unreachable() {
	run "the client reaches the database" connects client 192.168.200.1:5432
	pod outsider "" "" ovn-worker
	nad untagged net-untagged 0
	nad other net-other 124
	pod untagged untagged 192.168.200.40 ovn-worker
	pod other other 192.168.200.41 ovn-worker
	run "three who are not on the VLAN" k wait --for=condition=Ready pod/outsider pod/untagged pod/other -n data-consumer --timeout=8s
	local who
	for who in outsider untagged other; do
		fails "$who: does not reach the database" 1 connects $who 192.168.200.1:5432
		fails "$who: nor the host's other address" 1 connects $who 10.89.1.1:5432
	done
	k delete pod -n data-consumer outsider untagged other --now >/dev/null
	k delete net-attach-def -n data-consumer untagged other >/dev/null
}

broken_mappings() {
	policy broken lost-net br-none
	eventually "a bridge that is not there: Degraded" 3 policy_is broken Degraded FailedToConfigure
	run "its message" k get nncp broken -o jsonpath='{.status.conditions[?(@.status=="True")].message}'
	is "counts the nodes" "$out" "2/2 nodes failed to configure"
	run "the enactment's" k get nnce ovn-worker.broken -o jsonpath='{.status.conditions[?(@.type=="Failing")].message}'
	says "says what is wrong" "refers to OVS bridge br-none, which does not exist"
	run "nothing was set" mapping_is ovn-worker data-net:breth0,physnet:breth0
	nad lost lost-net 0 lost-net
	pod lost lost 192.168.201.1 ovn-worker
	run "a pod on a network that no mapping carries is Ready all the same" k wait --for=condition=Ready pod/lost -n data-consumer --timeout=8s
	fails "but reaches nobody" 1 connects lost 192.168.201.2:80
	for node in ovn-worker ovn-worker2; do
		run "the bridge is made on $node" lab exec $node -- ovs-vsctl add-br br-none -- set bridge br-none datapath_type=netdev
	done
	eventually "the policy is tried again by itself" 3 policy_is broken Available SuccessfullyConfigured
	run "the mapping is there" mapping_is ovn-worker data-net:breth0,lost-net:br-none,physnet:breth0
	policy broken lost-net br-none absent
	eventually "state absent" 3 mapping_is ovn-worker data-net:breth0,physnet:breth0
	run "the policy is deleted" k delete nncp broken
	eventually "its enactments go" 3 no_enactment_of broken
	run "its pod" k delete pod -n data-consumer lost --now
	printf '{"apiVersion":"nmstate.io/v1","kind":"NodeNetworkConfigurationPolicy","metadata":{"name":"nobody"},"spec":{"nodeSelector":{"a":"b"},"desiredState":{}}}' | k apply -f - >/dev/null
	eventually "a policy that selects no node: Ignored" 3 policy_is nobody Ignored NoMatchingNode
	k delete nncp nobody >/dev/null
	nad disagree data-net 7
	run "two definitions that disagree" k get events -n data-consumer
	says "have an event" "NAD data-consumer/disagree CNI config does not match that of network data-net"
	k delete net-attach-def -n data-consumer disagree lost >/dev/null
}

# What turtle-db watch says, a line a state, while the database and its address come and go.
watched() {
	local file=$PLACE/watched pid
	lab exec -- turtle-db watch >"$file" &
	pid=$!
	eventually "the watch says how it is now" 3 last_is "$file" up
	lab exec -- turtle-db stop >/dev/null
	eventually "that it has stopped, and what to do" 3 last_is "$file" "down PostgreSQL has stopped; start it again: turtle-db start"
	lab exec -- turtle-db start >/dev/null
	eventually "that it is up again" 5 last_is "$file" up
	# shellcheck disable=SC2016 # the lab's shell expands it
	lab exec -- sh -c 'kill -9 $(head -n 1 /run/turtle-db/data/postmaster.pid)'
	eventually "that it was killed" 3 last_is "$file" "down PostgreSQL has stopped; start it again: turtle-db start"
	lab exec -- turtle-db start >/dev/null
	eventually "and started" 5 last_is "$file" up
	# What it has started stands still and goes two seconds after it.
	# shellcheck disable=SC2016 # the lab's shell expands it
	run "killed, it starts when what it left behind has gone" lab exec -- sh -c 'p=$(head -n 1 /run/turtle-db/data/postmaster.pid)
		left=$(cat "/proc/$p/task/$p/children"); kill -STOP $left; kill -9 "$p"
		(sleep 2; kill -9 $left) & turtle-db start'
	eventually "and is up" 5 last_is "$file" up
	lab exec -- ip addr del 192.168.200.1/24 dev podman1.123
	eventually "that its address is gone" 3 last_is "$file" "down no interface here has 192.168.200.1; make the VLAN's interface again"
	lab exec -- ip addr add 192.168.200.1/24 dev podman1.123
	eventually "and back" 3 last_is "$file" up
	run "a picture of the act asks it" "$BUILD/onesdn" diagram localnet
	says "as up" "● turtle-db"
	kill "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
}
last_is() { [ "$(tail -n 1 "$1")" = "$2" ] || { cat "$1"; return 1; }; }
failures() {
	run "the database is stopped" lab exec -- turtle-db stop
	fails "status" 3 lab exec -- turtle-db status
	rest $U/turtles >"$PLACE/waiting" 2>&1 &
	local pid=$!
	run "and started again" lab exec -- turtle-db start
	wait $pid
	is "a request that waited is answered" "$(grep -o '"user_id":' "$PLACE/waiting" | wc -l)" 4
	run "the adapter did not restart" k get pod -n data-adapter turtle-db-adapter -o jsonpath='{.status.containerStatuses[0].restartCount}'
	is "at all" "$out" 0
	run "the database is lost with its data" lab exec -- turtle-db rm
	run "and made anew" lab exec -- turtle-db start
	eventually "the adapter fills it again" 5 four_turtles
	k exec -n data-adapter turtle-db-adapter -- sh -c 'kill -TERM 1' >/dev/null 2>&1 # the shell may go with it
	eventually "and is back" 15 four_turtles
	local node
	node=$(k get pod -n data-adapter turtle-db-adapter -o jsonpath='{.spec.nodeName}')
	run "the mapping is taken away by hand" lab exec "$node" -- ovs-vsctl set open . external_ids:ovn-bridge-mappings=physnet:breth0
	eventually "the node's state says so" 3 shown_mapping_is "$node" physnet
	fails "the client does not reach the adapter" 28 from client -- curl -sS -m 1 $U/turtles
	run "and given back" lab exec "$node" -- ovs-vsctl set open . external_ids:ovn-bridge-mappings=data-net:breth0,physnet:breth0
	eventually "all is well again" 15 four_turtles
}

two_users() {
	# shellcheck disable=SC2317 # others call it
	owner() { k --context lab-workload-owner "$@"; }
	fails "the owner may not see nodes" 1 owner get nodes
	says "Forbidden" 'nodes is forbidden: User "workload-owner" cannot list resource "nodes"'
	fails "nor node network policies" 1 owner get nncp
	says "Forbidden" nodenetworkconfigurationpolicies.nmstate.io
	fails "nor delete one" 1 owner delete nncp ovs-share-same-gw-bridge
	run "but pods" owner get pods -n data-consumer
	run "the policy is deleted by the admin" k delete nncp ovs-share-same-gw-bridge
	run "which takes no mapping back" mapping_is ovn-worker data-net:breth0,physnet:breth0
}

all() {
	new_place
	run "up" lab up
	local pidns
	pidns=$(readlink "/proc/$(lab_state init)/ns/pid")
	prepare
	northbound
	rest_api
	on_the_wire
	unreachable
	broken_mappings
	failures
	watched
	two_users
	run "the lab has had no trouble" lab logs
	is "as its log says" "$(grep -c ' error \| warning ' <<<"$out")" 0
	run "down, with the database running" lab down
	run "nothing is left" nothing_left "$pidns"
	run "the act, unattended, from no lab running" timeout 120 "$BUILD/onesdn" rehearse localnet
	mkdir "$PLACE/act"
	cp "$MANIFESTS"/* "$TOP/tests/lab/rest.scenario.yaml" "$PLACE/act"
	run "the adapter's API from the virtual machine, errors included" timeout 120 "$BUILD/onesdn" rehearse "$PLACE/act/rest.scenario.yaml"
	rm -rf "$PLACE"
}
both_users all
