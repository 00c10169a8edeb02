#!/bin/bash
# Networks and pods that are wrong: a pod that waits and says why, and goes on by itself once it can.
# shellcheck source=tests/lab/lib.sh disable=SC2154
. "$(dirname "$0")/lib.sh"

nad() { # NAME NETWORK SUBNETS [NADNAME] [MORE]
	local subnets=""
	[ -z "$3" ] || subnets="\"subnets\":\"$3\","
	printf '{"apiVersion":"k8s.cni.cncf.io/v1","kind":"NetworkAttachmentDefinition","metadata":{"name":"%s","namespace":"t"},"spec":{"config":"%s"}}' "$1" \
		"$(printf '{"cniVersion":"0.3.1","name":"%s","netAttachDefName":"%s","topology":"%s",%s"type":"ovn-k8s-cni-overlay"}' "$2" "${4:-t/$1}" "${5:-layer2}" "$subnets" | sed 's/"/\\"/g')" |
		k apply -f - >/dev/null
}
pod() { # NAME NETWORKS [CONTAINER-JSON-FIELDS] [SPEC-JSON-FIELDS]
	printf '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"%s","namespace":"t","annotations":{"k8s.v1.cni.cncf.io/networks":"%s"}},"spec":{"terminationGracePeriodSeconds":1,%s"containers":[{"name":"c",%s}]}}' \
		"$1" "${2//\"/\\\"}" "${4:-}" "${3:-"\"image\":\"registry.k8s.io/e2e-test-images/agnhost:2.36\""}" | k apply -f - >/dev/null
}
event_of() { k get events -n t --field-selector "involvedObject.name=$1" -o custom-columns=R:.reason,M:.message --no-headers; }
tells() { # POD TEXT: an event of the pod says it
	[[ "$(event_of "$1")" == *"$2"* ]] || { event_of "$1"; return 1; }
}
status_is() { # POD STATUS
	local got
	got=$(k get pod -n t "$1" --no-headers | awk '{print $3}')
	[ "$got" = "$2" ] || { echo "$got"; return 1; }
}
ready() { k wait --for=condition=Ready "pod/$1" -n t --timeout=8s; }
net1() { k get pod -n t "$1" -o jsonpath='{.metadata.annotations.k8s\.v1\.cni\.cncf\.io/network-status}'; }
waits() { # POD TEXT
	eventually "$1: says why" 4 tells "$1" "$2"
	run "$1: stays ContainerCreating" status_is "$1" ContainerCreating
}
agnhost='"image":"registry.k8s.io/e2e-test-images/agnhost:2.36"'

broken_networks() {
	pod missing nothere
	waits missing 'cannot find a network-attachment-definition (nothere) in namespace (t)'
	run "missing: as multus says it" tells missing NoNetworkFound
	nad nothere n-late 10.20.0.0/24
	run "missing: goes on when the network comes" ready missing
	nad mismatch n-mismatch 10.21.0.0/24 t/other
	run "mismatch: the definition has an event" k get events -n t
	says "mismatch: that names both" "net-attach-def name (t/mismatch) is inconsistent with config (t/other)"
	pod mismatched mismatch
	waits mismatched "is inconsistent with config"
	nad mismatch n-mismatch 10.21.0.0/24
	run "mismatched: goes on when it is repaired" ready mismatched
	nad inside n-inside 10.244.9.0/24
	pod overlaps inside
	waits overlaps "overlaps with already configured internal subnets"
	nad first n-shared 10.22.0.0/24
	nad second n-shared 10.23.0.0/24
	pod differs second
	waits differs "NAD t/second CNI config does not match that of network n-shared"
	k delete net-attach-def -n t first >/dev/null
	run "differs: goes on when the other definition is gone" ready differs
	nad three n-three 10.24.0.0/16/24 t/three layer3
	pod layer3 three
	waits layer3 "layer3 is not in the lab"
	pod twice first,first
	waits twice "cannot find"
	pod same nothere,nothere
	waits same "more than one of the same NAD"
	pod syntax '[{"name":'
	waits syntax parsePodNetworkAnnotation
}

addresses() {
	nad tiny n-tiny 10.30.0.0/30
	pod one tiny
	run "one: has an address" ready one
	pod two tiny
	run "two: has the other one" ready two
	pod three tiny
	waits three "subnet 10.30.0.0/30 has no free address left: all 2 are in use"
	k delete pod -n t one >/dev/null
	run "three: goes on when one is given back" ready three
	run "three: its address" net1 three
	says "three: is the one that came back" 10.30.0.1
	pod static '[{"name":"tiny","ips":["10.30.0.2/30"]}]'
	waits static "cannot allocate a static IP request with IPAM for pod t/static"
	nad free n-free ""
	pod chosen '[{"name":"free","ips":["10.31.0.20/24"],"interface":"blue0"}]'
	run "chosen: a static address where there is no IPAM" ready chosen
	run "chosen: has it" k exec -n t chosen -- ip -4 -br address show blue0
	says "chosen: with its prefix" 10.31.0.20/24
	pod bare '[{"name":"free","ips":["10.31.0.20"]}]'
	waits bare "invalid CIDR address: 10.31.0.20"
	pod none free
	run "none: no address at all" ready none
	run "none: annotations" k get pod -n t none -o jsonpath='{.metadata.annotations.k8s\.ovn\.org/pod-networks}'
	says "none: say null as the real one" '"t/free":{"ip_addresses":null,"mac_address":"'
	pod mac '[{"name":"free","mac":"02:00:00:00:00:99"}]'
	run "mac: an asked for MAC" ready mac
	run "mac: has it" net1 mac
	says "mac: in network-status" '"mac": "02:00:00:00:00:99"'
	run "a pod next to it" k exec -n t chosen -- ip route
	run "excluded addresses" k apply -f - <<-'END'
		apiVersion: k8s.cni.cncf.io/v1
		kind: NetworkAttachmentDefinition
		metadata: {name: ex, namespace: t}
		spec: {config: '{"cniVersion":"0.3.1","name":"n-ex","netAttachDefName":"t/ex","topology":"layer2","subnets":"10.32.0.0/24","excludeSubnets":"10.32.0.0/30","type":"ovn-k8s-cni-overlay"}'}
	END
	pod excluded ex
	run "excluded: Ready" ready excluded
	run "excluded: its address" net1 excluded
	says "excluded: is after them" 10.32.0.4
}

containers() {
	pod image "" '"image":"nginx:latest"'
	eventually "image: ImagePullBackOff" 4 status_is image ImagePullBackOff
	run "image: says which there are" tells image "the images there are: registry.k8s.io/e2e-test-images/agnhost:2.36"
	fails "image: no logs yet" 1 k logs -n t image
	says "image: because" 'is waiting to start: trying and failing to pull image'
	run "image: edited" k set image -n t pod/image c=registry.k8s.io/e2e-test-images/agnhost:2.36
	run "image: goes on" ready image
	pod crash "" "$agnhost,\"command\":[\"sh\",\"-c\",\"echo attempt; exit 3\"]"
	eventually "crash: CrashLoopBackOff" 4 status_is crash CrashLoopBackOff
	run "crash: exit status" k get pod -n t crash -o jsonpath='{.status.containerStatuses[0].lastState.terminated.exitCode}'
	is "crash: is 3" "$out" 3
	run "crash: the log before" k logs -n t crash -p
	is "crash: has it" "$out" attempt
	pod nosuch "" "$agnhost,\"command\":[\"/nosuch\"]"
	eventually "nosuch: says so" 4 tells nosuch 'exec: "/nosuch": stat /nosuch: no such file or directory'
	pod once "" "$agnhost,\"command\":[\"sh\",\"-c\",\"echo done\"]" '"restartPolicy":"Never",'
	eventually "once: Completed" 4 status_is once Completed
	run "once: log" k logs -n t once
	is "once: has it" "$out" "done"
	pod bad "" "$agnhost,\"command\":[\"false\"]" '"restartPolicy":"Never",'
	eventually "bad: Error" 4 status_is bad Error
	pod root "" "$agnhost,\"securityContext\":{\"runAsUser\":0,\"runAsNonRoot\":true}"
	eventually "root: refused" 4 status_is root CreateContainerConfigError
	pod where "" "$agnhost" '"nodeSelector":{"kubernetes.io/hostname":"nowhere"},'
	eventually "where: unschedulable" 4 tells where "0/3 nodes are available: 1 node(s) had untolerated taint"
	run "where: Pending" status_is where Pending
	pod user "" "$agnhost,\"securityContext\":{\"runAsUser\":4711},\"env\":[{\"name\":\"A\",\"value\":\"1\"},{\"name\":\"B\",\"value\":\"\$(A)2\"},{\"name\":\"N\",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":\"spec.nodeName\"}}}],\"workingDir\":\"/tmp\"" \
		'"nodeName":"ovn-control-plane",'
	run "user: Ready" ready user
	# shellcheck disable=SC2016 # for the shell in the pod
	run "user: what it sees" k exec -n t user -- sh -c 'echo $(id -u) $B $N $PWD'
	is "user: uid, environment, node, directory" "$out" "4711 12 ovn-control-plane /tmp"
	pod init "" "$agnhost,\"volumeMounts\":[{\"name\":\"v\",\"mountPath\":\"/v\"}]" \
		"\"volumes\":[{\"name\":\"v\",\"emptyDir\":{}}],\"initContainers\":[{\"name\":\"i\",$agnhost,\"command\":[\"sh\",\"-c\",\"echo prepared >/v/file\"],\"volumeMounts\":[{\"name\":\"v\",\"mountPath\":\"/v\"}]}],"
	run "init: Ready" ready init
	run "init: what it prepared" k exec -n t init -c c -- cat /v/file
	is "init: is there" "$out" prepared
	printf '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"pair","namespace":"t"},"spec":{"containers":[{"name":"a",%s,"args":["netexec"]},{"name":"b",%s}]}}' "$agnhost" "$agnhost" | k apply -f - >/dev/null
	run "pair: Ready" ready pair
	eventually "pair: both share the network" 2 k exec -n t pair -c b -- curl -sS -m 1 127.0.0.1:8080/hostname
	pod stubborn "" "$agnhost,\"command\":[\"sleep\",\"1000\"]"
	run "stubborn: Ready" ready stubborn
	local start
	start=$(now_ms)
	run "stubborn: deleted" k delete pod -n t stubborn --timeout=5s
	[ $(($(now_ms) - start)) -ge 900 ]
	result $? "stubborn: only after its grace"
	run "stubborn: now" k delete pod -n t pair --grace-period=0 --force
}

# Only breth0 may answer for a node: were its port eth0 to answer too, the race decided where tunnels end.
one_mac_a_node() {
	local mac
	mac=$(lab exec ovn-worker2 -- ip -o link show breth0 | grep -o 'link/ether [0-9a-f:]*')
	# shellcheck disable=SC2016 # for the shell in the node
	run "nodes: ask for each other" lab exec ovn-worker -- sh -c 'for i in 1 2 3 4 5; do
		ip neigh del 10.89.1.4 dev breth0; ping -c 1 -W 2 10.89.1.4 >&2; ip -o neigh show 10.89.1.4 dev breth0; done'
	is "nodes: one MAC answers, each time" "$(grep -o 'lladdr [0-9a-f:]*' <<<"$out" | sort | uniq -c | tr -s ' ')" " 5 lladdr ${mac#* }"
}

all() {
	new_place
	run "up" lab up
	one_mac_a_node
	run "namespace" k create namespace t
	broken_networks
	addresses
	containers
	run "all of it goes" k delete namespace t --timeout=20s
	eventually "no files of pods are left" 2 lab exec -- sh -c '! ls /run/pods | grep -q .'
	run "the lab has had no trouble" lab logs
	is "as its log says" "$(grep -c ' error \| warn ' <<<"$out")" 0
	lab down >/dev/null
	rm -rf "$PLACE"
}
both_users all
