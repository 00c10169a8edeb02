#!/bin/bash
# MultiNetworkPolicies with real packets: every case of tests/data/policy-cases.jsonl and policy-own-cases.jsonl comes out in the
# lab as OVN-Kubernetes does it (policy_cases.c); then policies that come, change, go and are wrong.
#
# usage: test_policies.sh [PART OF CASE'S NAME | life]
# shellcheck source=tests/lab/lib.sh disable=SC2154
. "$(dirname "$0")/lib.sh"

# The physical network's host: an address on each VLAN that the localnet cases use. Cases follow each other with the same addresses on
# other MAC addresses: it must believe the newest at once, where the kernel holds on to an answer for a second.
host_on_vlan() { # VLAN ADDRESS
	lab exec -- sh -c "ovs-vsctl add-port podman1 vlan$1 tag=$1 -- set interface vlan$1 type=internal &&
		ip addr add $2 dev vlan$1 && ethtool -K vlan$1 tx off >/dev/null &&
		echo 0 >/proc/sys/net/ipv4/neigh/vlan$1/locktime && ip link set vlan$1 up"
}

only=${1:-}
new_place
run "up" lab up
run "a host on VLAN 123" host_on_vlan 123 192.168.200.1/24
run "a host on VLAN 33" host_on_vlan 33 192.168.201.1/24
cases() { # FILE
	"$BUILD/labtest/policy_cases" run "$TOP/tests/data/$1" "$XDG_RUNTIME_DIR/onesdn/lab/api.sock" "$LAB" ${only:+"$only"} 2>&1
	echo "status $? $1"
}
[ "$only" = life ] || while IFS= read -r line; do
	case $line in
	"ok "*) result 0 "${line#* - }" ;;
	"not ok "*) result 1 "${line#* - }" ;;
	"Bail out"*) result 1 "$line" ;;
	"status "*) [ -n "$only" ] || is "all of ${line##* } were run and hold" "$line" "status 0 ${line##* }" ;;
	1..*) ;;
	*) echo "$line" ;;
	esac
done < <(cases policy-cases.jsonl; cases policy-own-cases.jsonl)
# ---- policies that come, change and go while a connection lives ----

nad() { # NAME SUBNETS
	printf '{"apiVersion":"k8s.cni.cncf.io/v1","kind":"NetworkAttachmentDefinition","metadata":{"name":"%s","namespace":"t"},"spec":{"config":"%s"}}' "$1" \
		"$(printf '{"cniVersion":"0.3.1","name":"%s-network","netAttachDefName":"t/%s","topology":"layer2",%s"type":"ovn-k8s-cni-overlay"}' "$1" "$1" "$2" | sed 's/"/\\"/g')" | k apply -f - >/dev/null
}
pod() { # NAME NETWORKS
	printf '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"%s","namespace":"t","labels":{"app":"%s"},"annotations":{"k8s.v1.cni.cncf.io/networks":"%s"}},"spec":{"terminationGracePeriodSeconds":0,"containers":[{"name":"c","image":"registry.k8s.io/e2e-test-images/agnhost:2.36","args":["netexec","--http-port=9000"]}]}}' \
		"$1" "$1" "${2//\"/\\\"}" | k apply -f - >/dev/null
}
policy() { # NAME POLICY-FOR SPEC
	printf '{"apiVersion":"k8s.cni.cncf.io/v1beta1","kind":"MultiNetworkPolicy","metadata":{"name":"%s","namespace":"t","annotations":{"k8s.v1.cni.cncf.io/policy-for":"%s"}},"spec":%s}' "$1" "$2" "$3" | k apply -f -
}
in_force() { read -rt 0.2 <> <(:) || :; } # what was said must hold after 200 ms
reaches() { in_force; lab exec t/client -- curl -sS -o /dev/null -m 0.8 http://192.168.200.2:9000/hostname; }
cannot_reach() { ! reaches; }
# A connection that stays open: each line that it is given is one request; says whether the answer came within a second.
talk() {
	# shellcheck disable=SC2016 # for the shell in there
	lab exec t/client -- bash -c 'exec 3<>/dev/tcp/192.168.200.2/9000
		while read -r _; do
			printf "GET /hostname HTTP/1.1\r\nHost: x\r\n\r\n" >&3
			answer=nothing
			while read -rt 1 line <&3; do
				case $line in HTTP/1.1*200*) answer=answer; break ;; esac
			done
			echo $answer
		done'
}
tell() { # NAME WANTED: one request on the open connection
	local got
	echo >&"${CLIENT[1]}"
	read -rt 5 got <&"${CLIENT[0]}"
	is "$1" "$got" "$2"
}
event_of() { k get events -n t --field-selector "involvedObject.name=$1" -o custom-columns=T:.type,R:.reason,M:.message --no-headers; }
tells() { # POLICY TEXT
	[[ "$(event_of "$1")" == *"$2"* ]] || { event_of "$1"; return 1; }
}
acls() { lab exec -- ovn-nbctl --bare --columns=_uuid list "${1:-ACL}" | grep -c .; }
server='"podSelector":{"matchLabels":{"app":"server"}},"policyTypes":["Ingress"]'

life() {
	k create namespace t >/dev/null
	nad green '"subnets":"192.168.200.0/24",'
	nad free ""
	pod client green
	run "client: Ready" k wait --for=condition=Ready pod/client -n t --timeout=10s
	pod server green
	run "server: Ready" k wait --for=condition=Ready pod/server -n t --timeout=10s
	eventually "open without a policy" 5 reaches
	coproc CLIENT { talk 2>&1; }
	tell "an open connection: works" answer
	policy p green "{$server,\"ingress\":[{\"from\":[{\"podSelector\":{\"matchLabels\":{\"role\":\"friend\"}}}]}]}" >/dev/null
	run "closed by a policy" cannot_reach
	tell "the open connection: cut as well" nothing
	k label pod -n t client role=friend >/dev/null
	run "open for who has the label" reaches
	tell "the open connection: goes on" answer
	k label pod -n t client role- >/dev/null
	run "closed without it" cannot_reach
	policy p green "{$server,\"ingress\":[{\"from\":[{\"ipBlock\":{\"cidr\":\"192.168.200.1/32\"}}],\"ports\":[{\"port\":9000}]}]}" >/dev/null
	run "a policy that changes is in force at once" reaches
	policy p green "{$server,\"ingress\":[{\"ports\":[{\"port\":9001}]}]}" >/dev/null
	run "also when it closes" cannot_reach
	k delete pod -n t server >/dev/null
	pod server2 green
	k label pod -n t server2 app=server --overwrite >/dev/null
	run "server2: Ready" k wait --for=condition=Ready pod/server2 -n t --timeout=10s
	in_force
	fails "a pod that comes later is selected too" 28 lab exec t/client -- curl -sS -m 0.8 http://192.168.200.3:9000/hostname
	k delete multi-policy -n t p >/dev/null
	in_force
	run "open when the policy is gone" lab exec t/client -- curl -sS -m 0.8 http://192.168.200.3:9000/hostname
	to_client=${CLIENT[1]}
	exec {to_client}>&-
	is "no ACL is left" "$(acls)" 0
	is "no port group is left" "$(acls Port_Group)" 0
	is "no address set is left" "$(acls Address_Set)" 0
}

wrong() {
	policy refused free "{$server,\"ingress\":[{\"from\":[{\"podSelector\":{}}]}]}" >/dev/null
	eventually "refused without IPAM: says so" 2 tells refused "IPAM-less networks can only have \`ipBlock\` peers"
	is "nothing of it is in force" "$(acls)" 0
	policy nowhere "" "{$server}" >/dev/null
	eventually "without policy-for: says so" 2 tells nowhere "policy-for is missing"
	policy bad green "{$server,\"ingress\":[{\"from\":[{\"ipBlock\":{\"cidr\":\"192.168.200.0/33\"}}]},{\"ports\":[{\"port\":70000}]},{\"from\":[{\"ipBlock\":{\"cidr\":\"10.0.0.0/8\",\"except\":[\"11.0.0.0/8\"]}}]}]}" >/dev/null
	eventually "bad CIDR: says so" 2 tells bad "spec.ingress[0].from[0] has a CIDR that is none"
	run "port 70000: says so" tells bad "spec.ingress[1].ports[0] is not within 1 to 65535"
	run "except outside: says so" tells bad "has an except that is not within its CIDR"
	fails "all of it void: nothing is open" 28 lab exec t/client -- curl -sS -m 0.8 http://192.168.200.3:9000/hostname
	policy operator green '{"podSelector":{"matchExpressions":[{"key":"a","operator":"Is"}]}}' >/dev/null
	eventually "unknown operator: says so" 2 tells operator "unknown operator"
	fails "without podSelector" 1 policy none green '{"policyTypes":["Ingress"]}'
	says "as the API says it" "spec.podSelector: Required value"
	fails "ingress that is no list" 1 policy none green '{"podSelector":{},"ingress":{}}'
	says "as the API says that" "spec.ingress in body must be of type array"
	is "no event came twice" "$(k get events -n t -o json | jq '[.items[] | select(.reason == "NotInForce") | .count] | max')" 1
}
life
wrong
run "the lab has had no trouble" lab logs
is "as its log says" "$(grep -c ' error \| warn ' <<<"$out")" 0
lab down >/dev/null
rm -rf "$PLACE"
finish
