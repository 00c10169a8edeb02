#!/bin/bash
# What OVN is said to do and to have dropped, beside what real packets meet: policies that come, change and go while traffic runs.
. "$(dirname "$0")/lib.sh"

MANIFESTS=$TOP/manifests/localnet
DB=192.168.200.1:5432
client() { k exec -n data-consumer client -- "$@"; }
connects() { client /agnhost connect --timeout=1s "$1"; }

# TCP in the client's network: SYNs that it sent so far, retransmitted ones too; nothing else of it speaks TCP meanwhile.
# shellcheck disable=SC2016 # for awk
syns() { lab exec data-consumer/client -- awk '/^Tcp:/ && ++n == 2 { print $6 + $13 }' /proc/net/snmp; }

# Becomes true when asked again and again; how long that took is told.
soon() { # NAME COMMAND...
	local name=$1 start
	start=$(now_ms)
	shift
	while [ $(($(now_ms) - start)) -le 10000 ]; do
		if out=$("$@" 2>&1); then
			result 0 "$name, after $(($(now_ms) - start)) ms"
			return
		fi
		pass 0.02
	done
	result 1 "$name" "not within 10 s: $* :: $out"
}
pass() { read -rt "$1" <> <(:) || :; } # of time, while something runs

# ---- the witness, kept open ----
watch() { # FROM TO PORT
	coproc WATCH { exec "$BUILD/labtest/witness_watch" "$XDG_RUNTIME_DIR/onesdn/lab/api.sock" "$XDG_RUNTIME_DIR/onesdn/lab/kubeconfig" lab "$1" "$2" data-net "$3" 2>&1; }
	exec {from}<&"${WATCH[0]}" # those of a coproc are not there in subshells
	exec {to}>&"${WATCH[1]}"
	eval "exec ${WATCH[1]}>&-"
	read -rt 20 out <&"$from"
	is "a witness of $1 to $2 $3" "$out" ready
}
unwatch() {
	local pid=$WATCH_PID
	exec {to}>&-
	wait "$pid"
	result $? "the witness ends"
	exec {from}<&-
}
question() { # ask or count: the reply in $out
	echo "$1" >&"$to"
	read -rt 20 out <&"$from"
	printf '%s\n' "$out"
}
answer_is() { # VERDICT reply|- ACL NODE
	question ask
	[[ "$out" == "answer $1 $2 $3 $4 "* ]]
}
answers() { answer_is "$1" - "$2" "$3"; } # VERDICT ACL NODE
counted() {
	question count >/dev/null
	out=${out#count }
	echo "${out%% *}"
}
count_is() { [ "$(counted)" = "$1" ] || { question count; return 1; }; }
count_is_by() { # PACKETS SENDER RECEIVER ACLS
	question count >/dev/null
	[[ "$out" =~ ^count\ $1\ $2\ $3\ [0-9]+\ $4$ ]] || { echo "$out"; return 1; }
}

prepare() {
	run "namespaces" k create namespace data-adapter
	run "namespaces" k create namespace data-consumer
	run "the VLAN's interface" lab exec -- sh -c 'ovs-vsctl add-port podman1 podman1.123 tag=123 -- set interface podman1.123 type=internal &&
		ip addr add 192.168.200.1/24 dev podman1.123 && ip link set podman1.123 up'
	run "network" k apply -f "$MANIFESTS/01-netconfig.yaml"
	run "the database" lab exec -- turtle-db start
	awk '/^---/ { n++ } n == 1' "$MANIFESTS/02-mixed-workloads.yaml" | k apply -f - >/dev/null
	result $? "the adapter's pod"
	k apply -f - >/dev/null <<-EOT
	apiVersion: v1
	kind: Pod
	metadata: {name: client, namespace: data-consumer, labels: {role: web-client}, annotations: {k8s.v1.cni.cncf.io/networks: '[{"name":"db-access-net","ips":["192.168.200.30/24"]}]'}}
	spec: {terminationGracePeriodSeconds: 1, nodeName: ovn-worker2, containers: [{name: c, image: registry.k8s.io/e2e-test-images/agnhost:2.36}]}
	EOT
	run "the adapter is Ready" k wait --for=condition=Ready pod/turtle-db-adapter -n data-adapter --timeout=8s
	run "the client is Ready" k wait --for=condition=Ready pod/client -n data-consumer --timeout=8s
	eventually "the adapter serves" 5 connects 192.168.200.10:9000
}

says_ovn() { # FROM TO PORT WHAT...: what verdict --witness prints of it
	local from=$1 to=$2 port=$3 what
	shift 3
	run "verdict of $from to $to $port" "$BUILD/onesdn" verdict --witness --from "$from" --to "$to" --port "$port" --network data-net
	for what in "$@"; do says "says: $what" "$what"; done
}

verdicts() {
	local adapter=data-adapter/turtle-db-adapter me=data-consumer/client
	run "policies again" k apply -f "$MANIFESTS/03-network-policies.yaml"
	says_ovn $me 192.168.200.1 tcp/5432 "OVN drops it on ovn-worker2: egress is denied by default in namespace data-consumer (ACL NP:data-consumer:Egress)"
	says_ovn $me $adapter tcp/9000 "OVN lets it pass, and the answer to it"
	says_ovn $adapter 192.168.200.1 tcp/5432 "OVN lets it pass, and the answer to it"
	says_ovn $adapter $me udp/53 "(ACL NP:data-adapter:Egress)"
	says_ovn 192.168.200.1 $adapter tcp/9000 "OVN lets it pass, and the answer to it"
	says_ovn 192.168.200.1 $adapter icmp "OVN drops it on ovn-worker: ingress is denied by default in namespace data-adapter (ACL NP:data-adapter:Ingress)"
	fails "verdict for a workload that is not there" 1 "$BUILD/onesdn" verdict --witness --from $me --to data-consumer/nobody --port tcp/1 --network data-net
	run "verdict as JSON" "$BUILD/onesdn" verdict --witness --json --from $me --to 192.168.200.1 --port tcp/5432 --network data-net
	is "has it all" "$(jq -r '.[0].ovn | "\(.verdict) \(.node) \(.acl) \(.policy) \(.reply) \(.droppedBy)"' <<<"$out")" "deny ovn-worker2 NP:data-consumer:Egress data-consumer false NP:data-consumer:Egress"
	out=$("$BUILD/onesdn" verdict --witness --kubeconfig "$XDG_RUNTIME_DIR/onesdn/lab/kubeconfig" --context lab-workload-owner --from $me --to 192.168.200.1 --port tcp/5432 --network data-net 2>&1)
	says "who may not, is told" 'OVN: not asked: Error from server (Forbidden): pods "ovnkube-node-'
}

# One packet counted for each that was sent, not one more.
exactly() {
	local before sent
	watch data-consumer/client 192.168.200.1 tcp/5432
	run "nothing is dropped yet" count_is_by 0 0 0 -
	run "nothing keeps it" answers allow - -
	run "and so it is" connects $DB
	run "policies" k apply -f "$MANIFESTS/03-network-policies.yaml"
	soon "OVN has them" answers deny NP:data-consumer:Egress ovn-worker2
	soon "and the count knows what drops" count_is_by 0 0 0 NP:data-consumer:Egress
	before=$(syns)
	for _ in 1 2 3 4; do fails "no way" 1 client /agnhost connect --timeout=500ms $DB; done
	says "packets are lost" TIMEOUT
	soon "four SYNs are counted" count_is_by 4 4 0 NP:data-consumer:Egress
	fails "one that tries again and again" 1 client /agnhost connect --timeout=3500ms $DB
	sent=$(($(syns) - before))
	[ "$sent" -ge 6 ]
	result $? "the kernel has sent more SYNs" "$sent"
	soon "all $sent are counted" count_is "$sent"
	run "another way is open" connects 192.168.200.10:9000
	run "the policy goes" k delete multi-policy -n data-consumer web-client
	soon "OVN lets it pass" answers allow - -
	run "and so it is" connects $DB
	soon "what was counted stays" count_is_by "$sent" "$sent" 0 -
	unwatch
}

at_the_receiver() {
	watch 192.168.200.1 data-consumer/client tcp/8080
	soon "OVN drops at the receiver" answers deny NP:data-consumer:Ingress ovn-worker2
	for _ in 1 2 3; do
		fails "from outside" 124 lab exec -- timeout 0.5 bash -c 'exec 3<>/dev/tcp/192.168.200.30/8080'
	done
	soon "counted at the receiver" count_is_by 3 0 3 NP:data-consumer:Ingress
	unwatch
}

# ---- while traffic runs ----
policy() { # EGRESS-PORT: web-client, which lets only that port out
	sed 's/port: 9000/port: '"$1"'/' "$MANIFESTS/03-network-policies.yaml" | awk '/^---/ { n++ } n == 2' | k apply -f - >/dev/null
}
reality() { [ "$(tail -n 1 "$PLACE/traffic")" = "$1" ] || { tail -n 3 "$PLACE/traffic"; return 1; }; }
agree() { # NAME open|TIMEOUT VERDICT ACL NODE: traffic, trace and, after a second of it, count
	local name=$1 sent counted dropped
	soon "$name: packets" reality "$2"
	soon "$name: OVN says so" answers "$3" "$4" "$5"
	pass 0.7
	sent=$(syns) dropped=$(counted)
	pass 1.5
	sent=$(($(syns) - sent))
	[ "$sent" -ge 3 ]
	result $? "$name: traffic runs" "$sent SYNs in 1.5 s"
	counted=$(($(counted) - dropped))
	[ "$2" = open ] && sent=0
	# figures of a moment ago on both sides: one or two SYNs may be on the way
	[ $((counted - sent)) -le 2 ] && [ $((sent - counted)) -le 2 ]
	result $? "$name: counted what was sent" "$counted counted, $sent sent and dropped"
}
while_traffic_runs() {
	k delete multi-policy -n data-consumer web-client >/dev/null
	: >"$PLACE/traffic"
	HOME=$PLACE/kubectl "$KUBECTL" --kubeconfig="$XDG_RUNTIME_DIR/onesdn/lab/kubeconfig" exec -n data-consumer client -- \
		sh -c 'while :; do /agnhost connect --timeout=150ms '$DB' 2>&1 && echo open; sleep 0.15; done' >"$PLACE/traffic" 2>&1 &
	local traffic=$!
	watch data-consumer/client 192.168.200.1 tcp/5432
	agree "before" open allow - -
	policy 9000
	agree "applied" TIMEOUT deny NP:data-consumer:Egress ovn-worker2
	policy 5432
	agree "changed" open allow - -
	policy 9001
	agree "changed back" TIMEOUT deny NP:data-consumer:Egress ovn-worker2
	k delete multi-policy -n data-consumer web-client >/dev/null
	agree "deleted" open allow - -
	kill "$traffic" 2>/dev/null
	wait "$traffic" 2>/dev/null
	unwatch
}

# Policies that only deny: nothing tracks connections then, so the answer to what is allowed is lost.
lost_answer() {
	k delete multi-policy --all -n data-adapter >/dev/null
	k apply -f - >/dev/null <<-EOT
	apiVersion: k8s.cni.cncf.io/v1beta1
	kind: MultiNetworkPolicy
	metadata: {name: deny-in, namespace: data-consumer, annotations: {k8s.v1.cni.cncf.io/policy-for: data-consumer/db-access-net}}
	spec: {podSelector: {}, policyTypes: [Ingress], ingress: []}
	EOT
	watch data-consumer/client 192.168.200.1 tcp/5432
	soon "OVN drops the answer" answer_is deny reply NP:data-consumer:Ingress ovn-worker2
	fails "so there is no connection" 1 connects $DB
	says "but a timeout" TIMEOUT
	question count >/dev/null
	[[ "$out" =~ ^count\ [1-9][0-9]*\ [1-9][0-9]*\ 0\ [0-9]+\ NP:data-consumer:Ingress$ ]]
	result $? "the answers that were dropped are counted" "$out"
	run "the policy goes" k delete multi-policy -n data-consumer deny-in
	soon "OVN lets it pass" answers allow - -
	run "and so it is" connects $DB
	unwatch
}

# ovn-controller installs all flows anew when it starts, and their counters begin at nought.
installed_anew() {
	policy 9000
	watch data-consumer/client 192.168.200.1 tcp/5432
	soon "denied" answers deny NP:data-consumer:Egress ovn-worker2
	for _ in 1 2 3; do fails "a SYN" 1 client /agnhost connect --timeout=300ms $DB; done
	soon "three are counted" count_is 3
	# shellcheck disable=SC2016 # for the shell in the lab
	run "ovn-controller ends" lab exec -- sh -c 'kill "$(cat /run/ovn-worker2/ovn-controller.pid)"'
	eventually "the next one has installed the drop anew" 15 lab exec ovn-worker2 -- sh -c 'ovs-ofctl dump-flows br-int |
		grep -q "n_packets=0, .*,reg0=0x200/0x200,reg14=.* actions=drop"'
	fails "another SYN" 1 client /agnhost connect --timeout=300ms $DB
	soon "makes four" count_is 4
	unwatch
}

# A session that is lost is opened anew; the sum goes on.
lost_session() {
	local before
	policy 9000
	watch data-consumer/client 192.168.200.1 tcp/5432
	soon "denied" answers deny NP:data-consumer:Egress ovn-worker2
	fails "one SYN" 1 client /agnhost connect --timeout=500ms $DB
	soon "is counted" count_is 1
	run "OVN's pod is deleted" k -n ovn-kubernetes delete pod "$(k -n ovn-kubernetes get pods -l app=ovnkube-node --field-selector spec.nodeName=ovn-worker2 -o jsonpath='{.items[*].metadata.name}')" --timeout=5s
	# shellcheck disable=SC2016 # for the shell in the lab
	run "and its shells end" lab exec -- sh -c 'for p in $(pgrep -x sh); do [ "$p" = $$ ] || kill "$p"; done'
	fails "another SYN" 1 client /agnhost connect --timeout=500ms $DB
	eventually "is counted in the new one" 3 count_is 2
	eventually "which answers, too" 3 answers deny NP:data-consumer:Egress ovn-worker2
	unwatch
}

# What asks ends with whoever asked.
nothing_stays() {
	no_shells() { ! lab exec -- pgrep -fx 'sh'; }
	eventually "no session is left" 5 no_shells
}

all() {
	new_place
	run "up" lab up
	prepare
	exactly
	verdicts
	at_the_receiver
	while_traffic_runs
	lost_answer
	installed_anew
	lost_session
	nothing_stays
	lab down >/dev/null
	rm -rf "$PLACE"
}
all
finish
