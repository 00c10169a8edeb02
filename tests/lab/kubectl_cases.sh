# kubectl_cases: what every kubectl must be able to do with the lab's API, as TAP lines. Sourced, then:
#   kubectl_cases VERSION BINARY KUBECONFIG OWNER_KUBECONFIG MODE      (MODE: api, without a data plane, or lab)
# Needs $work, an empty folder. Counts in $tap_n and $tap_failed.
# shellcheck shell=bash disable=SC2154,SC2016 # $work is the caller's; $i is the shell's in the pod
tap_n=${tap_n:-0} tap_failed=${tap_failed:-0}
IMAGE=k8s.gcr.io/e2e-test-images/agnhost:2.36

tap() { # STATUS NAME
	tap_n=$((tap_n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $tap_n - $2"
	else
		tap_failed=$((tap_failed + 1))
		echo "not ok $tap_n - $2"
		sed 's/^/# /' "$work/out" | head -n 20
	fi
}
tap_skip() { # NAME REASON
	tap_n=$((tap_n + 1))
	echo "ok $tap_n - $1 # SKIP $2"
}

# expect NAME STATUS REGEX COMMAND...: both outputs together must match the extended regex ("" matches all)
expect() {
	local name="kubectl $version: $1" status=$2 regex=$3 got
	shift 3
	timeout 60 "$@" >"$work/out" 2>&1 </dev/null
	got=$?
	echo "(status $got)" >>"$work/out"
	{ [ "$status" = any ] || [ "$got" -eq "$status" ]; } && tr '\n' '~' <"$work/out" | grep -qE -- "$regex"
	tap $? "$name"
}

at_least() { # MINOR: of the client
	[ "${version#1.}" -ge "$1" ]
}

pod_yaml() { # NAME [IMAGE]
	cat <<-EOF
	apiVersion: v1
	kind: Pod
	metadata: {name: $1, namespace: $ns, labels: {app: cases, one: $1}}
	spec:
	  terminationGracePeriodSeconds: 1
	  containers:
	  - name: main
	    image: ${2:-$IMAGE}
	    args: [netexec, --http-port, "9000"]
	EOF
}

nad_yaml() { # SUBNET
	cat <<-EOF
	apiVersion: k8s.cni.cncf.io/v1
	kind: NetworkAttachmentDefinition
	metadata: {name: cases-net, namespace: $ns}
	spec:
	  config: '{"cniVersion": "0.3.1", "name": "cases-$ns", "netAttachDefName": "$ns/cases-net", "topology": "layer2", "subnets": "$1", "type": "ovn-k8s-cni-overlay"}'
	EOF
}

cases_objects() {
	expect "version" 0 'Server Version' "$K" version
	expect "cluster-info" 0 'running at' "$K" cluster-info
	expect "api-resources" 0 'network-attachment-definitions +net-attach-def' "$K" api-resources
	expect "api-versions" 0 'k8s.cni.cncf.io/v1' "$K" api-versions
	expect "get crd" 0 'network-attachment-definitions.k8s.cni.cncf.io' "$K" get crd
	expect "create namespace" 0 "namespace/$ns created" "$K" create namespace "$ns"
	expect "create namespace again" 1 'AlreadyExists.*already exists' "$K" create namespace "$ns"
	nad_yaml 10.77.0.0/24 >"$work/nad.yaml"
	expect "apply creates" 0 'cases-net created' "$K" apply -f "$work/nad.yaml"
	expect "apply again" 0 'cases-net unchanged' "$K" apply -f "$work/nad.yaml"
	sed 's/cases-net, namespace/cases-net, labels: {changed: "yes"}, namespace/' "$work/nad.yaml" >"$work/nad2.yaml"
	expect "diff" 1 'changed: "yes"' "$K" diff -f "$work/nad2.yaml"
	expect "apply --dry-run=server" 0 'cases-net configured \(server dry run\)' "$K" apply --dry-run=server -f "$work/nad2.yaml"
	expect "dry run changed nothing" 0 'cases-net unchanged' "$K" apply -f "$work/nad.yaml"
	expect "apply changes" 0 'cases-net configured' "$K" apply -f "$work/nad2.yaml"
	expect "label is there" 0 'cases-net' "$K" -n "$ns" get net-attach-def -l changed=yes -o name
	expect "apply --server-side" 0 'serverside-applied' "$K" apply --server-side --force-conflicts -f "$work/nad2.yaml"
	expect "apply --server-side again" 0 'serverside-applied' "$K" apply --server-side --force-conflicts -f "$work/nad2.yaml"
	{ pod_yaml p1; echo ---; pod_yaml p2; } >"$work/pods.yaml"
	expect "apply pods" 0 'pod/p1 created~pod/p2 created' "$K" apply -f "$work/pods.yaml"
	expect "wait Ready" 0 'pod/p1 condition met~pod/p2 condition met' "$K" -n "$ns" wait --for=condition=Ready pod --all --timeout=30s
	expect "apply pods again" 0 'pod/p1 unchanged~pod/p2 unchanged' "$K" apply -f "$work/pods.yaml"
	if at_least 28; then
		expect "wait jsonpath" 0 'condition met' "$K" -n "$ns" wait --for=jsonpath='{.status.phase}'=Running pod/p1 --timeout=10s
	fi
}

cases_get() {
	expect "get table" 0 'NAME +READY +STATUS +RESTARTS +AGE~p1 +1/1 +Running +0 ' "$K" -n "$ns" get pods
	expect "get wide" 0 'IP +NODE +NOMINATED NODE.*p1 .* 10\.244\.' "$K" -n "$ns" get pods -o wide
	expect "get nodes" 0 'ovn-worker2 +Ready' "$K" get nodes
	expect "get yaml" 0 'kind: Pod.*podIP: ' "$K" -n "$ns" get pod p1 -o yaml
	expect "get json" 0 '"kind": "Pod"' "$K" -n "$ns" get pod p1 -o json
	expect "get jsonpath" 0 '^p1 p2' "$K" -n "$ns" get pods -o 'jsonpath={.items[*].metadata.name}'
	expect "get -A" 0 "NAMESPACE +NAME.*$ns +p1 " "$K" get pods -A
	expect "get -l" 0 '^p2 ' "$K" -n "$ns" get pods -l 'one in (p2,p3),app!=other' --no-headers
	expect "get -l finds none" 0 'No resources found' "$K" -n "$ns" get pods -l one=p9
	expect "get --field-selector" 0 '^p1 ' "$K" -n "$ns" get pods --field-selector metadata.name=p1 --no-headers
	expect "get --sort-by" 0 '^p1 .*~p2 ' "$K" -n "$ns" get pods --sort-by=.metadata.name --no-headers
	expect "get --show-labels" 0 'app=cases,one=p1' "$K" -n "$ns" get pods --show-labels
	expect "get all" 0 'pod/p1 ' "$K" -n "$ns" get all
	expect "get several" 1 'p1 .*"p9" not found' "$K" -n "$ns" get pods p1 p9
	expect "get in no namespace" 1 'NotFound.*"nowhere" not found' "$K" -n nowhere get pod p1
	expect "get of no kind" 1 "doesn't have a resource type" "$K" get foos
	expect "get events" 0 'LAST SEEN +TYPE +REASON +OBJECT +MESSAGE' "$K" -n "$ns" get events
	if at_least 28; then expect "events" 0 'LAST SEEN +TYPE +REASON +OBJECT' "$K" -n "$ns" events; fi
	expect "describe pod" 0 'Name: +p1~.*Containers:.*Events:.*Started' "$K" -n "$ns" describe pod p1
	expect "describe node" 0 'Name: +ovn-worker~' "$K" describe node ovn-worker
	expect "describe net-attach-def" 0 'Kind: +NetworkAttachmentDefinition' "$K" -n "$ns" describe net-attach-def cases-net
	expect "label" 0 'pod/p1 labeled' "$K" -n "$ns" label pod p1 colour=blue
	expect "label is refused" 1 "already has a value" "$K" -n "$ns" label pod p1 colour=red
	expect "label is removed" 0 'labeled' "$K" -n "$ns" label pod p1 colour-
	expect "bad label" 1 'invalid|Invalid' "$K" -n "$ns" patch pod p1 -p '{"metadata":{"labels":{"a b":"c"}}}'
	expect "annotate" 0 'pod/p1 annotated' "$K" -n "$ns" annotate pod p1 note='a b'
	expect "annotation" 0 '^a b' "$K" -n "$ns" get pod p1 -o 'jsonpath={.metadata.annotations.note}'
}

cases_watch() {
	timeout 20 "$K" -n "$ns" get pods -w --no-headers >"$work/out" 2>&1 &
	local watcher=$!
	for _ in $(seq 100); do grep -q '^p2' "$work/out" && break; read -rt 0.1 <> <(:); done
	pod_yaml p3 >"$work/p3.yaml"
	"$K" apply -f "$work/p3.yaml" >/dev/null 2>&1
	for _ in $(seq 100); do grep -qE '^p3 +1/1' "$work/out" && break; read -rt 0.1 <> <(:); done
	kill "$watcher" 2>/dev/null
	wait "$watcher" 2>/dev/null
	grep -qE '^p3 +1/1 +Running' "$work/out"
	tap $? "kubectl $version: get -w"
	expect "delete pod" 0 'pod "p3" (force )?deleted' "$K" -n "$ns" delete pod p3
	expect "it is gone" 1 'pods "p3" not found' "$K" -n "$ns" get pod p3
	expect "delete --ignore-not-found" 0 '' "$K" -n "$ns" delete pod p3 --ignore-not-found
	expect "wait --for=delete" any 'condition met|not found|no matching|^\(status 0\)' "$K" -n "$ns" wait --for=delete pod/p3 --timeout=5s
	expect "wait runs out" 1 'timed out waiting for the condition' "$K" -n "$ns" wait --for=condition=Never pod/p1 --timeout=1s
}

cases_change() {
	expect "patch strategic" 0 'patched' "$K" -n "$ns" patch pod p1 -p '{"metadata":{"annotations":{"s":"1"}}}'
	expect "patch merge" 0 'patched' "$K" -n "$ns" patch net-attach-def cases-net --type merge -p '{"metadata":{"annotations":{"m":"1"}}}'
	expect "patch json" 0 'patched' "$K" -n "$ns" patch pod p1 --type json -p '[{"op":"add","path":"/metadata/annotations/j","value":"1"}]'
	expect "all three are there" 0 '^1 1' "$K" -n "$ns" get pod p1 -o 'jsonpath={.metadata.annotations.s} {.metadata.annotations.j}'
	expect "patch strategic of a custom kind" 1 'UnsupportedMediaType|unsupported|unknown format|not supported' "$K" -n "$ns" patch net-attach-def cases-net --type strategic -p '{}'
	"$K" -n "$ns" get net-attach-def cases-net -o yaml | sed 's/m: "1"/m: "2"/' >"$work/replace.yaml"
	expect "replace" 0 'replaced' "$K" replace -f "$work/replace.yaml"
	expect "replace of something stale" 1 'Conflict' "$K" replace -f "$work/replace.yaml"
	printf '#!/bin/sh\nsed -i "s/m: \\"2\\"/m: \\"3\\"/" "$1"\n' >"$work/editor" && chmod +x "$work/editor"
	expect "edit" 0 'edited' env KUBE_EDITOR="$work/editor" "$K" -n "$ns" edit net-attach-def cases-net
	expect "edit came through" 0 '^3' "$K" -n "$ns" get net-attach-def cases-net -o 'jsonpath={.metadata.annotations.m}'
	pod_yaml 'Bad_Name' >"$work/bad.yaml"
	expect "bad name" 1 'is invalid: metadata.name: Invalid value: "Bad_Name": a lowercase RFC 1123' "$K" apply -f "$work/bad.yaml"
	pod_yaml p4 true >"$work/bad.yaml"
	expect "image that is no text" 1 'image of type string|got "?bool|of type bool|invalid type|unmarshal bool' "$K" apply --validate=false -f "$work/bad.yaml"
	pod_yaml p4 | sed 's/^spec:/spec:\n  foo: 1/' >"$work/bad.yaml"
	if at_least 24; then
		expect "unknown field" 1 'strict decoding error: unknown field "spec.foo"' "$K" apply -f "$work/bad.yaml"
	fi
	pod_yaml p1 | sed 's/containerPort/&/; s/  containers:/  hostname: other\n  containers:/' >"$work/bad.yaml"
	expect "immutable field" 1 'pod updates may not change fields other than' "$K" apply -f "$work/bad.yaml"
	pod_yaml p4 | sed "s/namespace: $ns/namespace: nowhere/" >"$work/bad.yaml"
	expect "create in no namespace" 1 'namespaces "nowhere" not found' "$K" apply -f "$work/bad.yaml"
	expect "create configmap and secret" 0 'configmap/c1 created' "$K" -n "$ns" create configmap c1 --from-literal=a=b
	expect "create secret" 0 'secret/s1 created' "$K" -n "$ns" create secret generic s1 --from-literal=a=b
	expect "secret is base64" 0 '^Yg==' "$K" -n "$ns" get secret s1 -o 'jsonpath={.data.a}'
}

cases_deployment() {
	expect "create deployment" 0 'deployment.apps/d1 created' "$K" -n "$ns" create deployment d1 --image="$IMAGE" --replicas=2
	expect "rollout status" 0 'successfully rolled out' "$K" -n "$ns" rollout status deployment/d1 --timeout=30s
	expect "get deployment" 0 'd1 +2/2 +2 +2' "$K" -n "$ns" get deployment d1
	expect "scale" 0 'scaled' "$K" -n "$ns" scale deployment d1 --replicas=1
	expect "rollout status after scale" 0 'successfully rolled out' "$K" -n "$ns" rollout status deployment/d1 --timeout=30s
	expect "rollout restart" 0 'restarted' "$K" -n "$ns" rollout restart deployment/d1
	expect "rollout status after restart" 0 'successfully rolled out' "$K" -n "$ns" rollout status deployment/d1 --timeout=30s
	expect "rollout history" 0 '1 .*2 ' "$K" -n "$ns" rollout history deployment/d1
	expect "delete deployment" 0 'deleted' "$K" -n "$ns" delete deployment d1
	for _ in $(seq 100); do "$K" -n "$ns" get pods -l app=d1 2>&1 | grep -q 'No resources' && break; done
	expect "its pods are gone" 0 'No resources found' "$K" -n "$ns" get pods -l app=d1
}

cases_exec() {
	expect "exec" 0 '^hello' "$K" -n "$ns" exec p1 -- echo hello
	expect "exec passes the exit status" 3 'exit code 3' "$K" -n "$ns" exec p1 -- sh -c 'exit 3'
	expect "exec of nothing there" any 'no-such-program' "$K" -n "$ns" exec p1 -- no-such-program
	"$K" -n "$ns" exec p1 -- sh -c 'echo one; echo two >&2' >"$work/o1" 2>"$work/o2"
	{ [ "$(cat "$work/o1")" = one ] && grep -qx two "$work/o2"; } >"$work/out" 2>&1
	tap $? "kubectl $version: exec keeps both outputs apart"
	echo 'to stdin' | timeout 30 "$K" -n "$ns" exec -i p1 -- cat >"$work/out" 2>&1
	grep -qx 'to stdin' "$work/out"
	tap $? "kubectl $version: exec -i"
	timeout 60 "$K" -n "$ns" exec p1 -- head -c 20000000 /dev/zero 2>"$work/out" | wc -c >"$work/o1"
	echo "got $(cat "$work/o1") bytes" >>"$work/out"
	[ "$(cat "$work/o1")" -eq 20000000 ]
	tap $? "kubectl $version: exec, 20 MB out"
	head -c 5000000 /dev/zero | timeout 60 "$K" -n "$ns" exec -i p1 -- wc -c >"$work/out" 2>&1
	grep -q '^5000000' "$work/out"
	tap $? "kubectl $version: exec, 5 MB in"
	head -c 3000000 /dev/zero | timeout 60 "$K" -n "$ns" exec -i p1 -- sh -c 'sleep 1; wc -c' >"$work/out" 2>&1
	grep -q '^3000000' "$work/out"
	tap $? "kubectl $version: exec, a slow reader of 3 MB"
	head -c 3000000 /dev/zero | timeout 60 "$K" -n "$ns" exec -i p1 -- sh -c 'head -c 10 >/dev/null; exit 5' >"$work/out" 2>&1
	[ $? -eq 5 ]
	tap $? "kubectl $version: exec, status kept though stdin was not read"
	timeout 30 "$K" -n "$ns" exec p1 -- sh -c 'i=0; while [ $i -lt 200 ]; do echo line $i; i=$((i+1)); done; exit 7' >"$work/out" 2>&1
	[ $? -eq 7 ] && [ "$(grep -c '^line' "$work/out")" -eq 200 ]
	tap $? "kubectl $version: exec, all output before the status"
	timeout 30 script -qec "stty rows 40 cols 100; $K -n $ns exec -it p1 -- sh -c 'sleep 0.3; stty size; test -t 0 && echo a terminal'" /dev/null >"$work/out" 2>&1 </dev/null
	grep -q 'a terminal' "$work/out" && grep -q '40 100' "$work/out"
	tap $? "kubectl $version: exec -it, with the size of the terminal"
	expect "exec in no pod" 1 'pods "p9" not found' "$K" -n "$ns" exec p9 -- true
	expect "exec in no container" 1 'not valid|not found' "$K" -n "$ns" exec p1 -c other -- true
}

cases_logs() { # in the lab netexec says what it does; without one the file is ours
	if [ "$mode" = api ]; then
		for i in 1 2 3 4 5; do echo "2026-11-23T00:00:0$i.000000000Z stdout F line $i"; done >"$work/server/${ns}_p1_main.log"
		expect "logs" 0 '^line 1~.*line 5~' "$K" -n "$ns" logs p1
		expect "logs --tail" 0 '^line 4~line 5~\(' "$K" -n "$ns" logs p1 --tail=2
		expect "logs --timestamps" 0 '^2026-11-23T00:00:01.000000000Z line 1~' "$K" -n "$ns" logs p1 --timestamps
		expect "logs --since-time" 0 '^line 4~line 5~\(' "$K" -n "$ns" logs p1 --since-time=2026-11-23T00:00:04Z
		timeout 10 "$K" -n "$ns" logs -f p1 --tail=1 >"$work/out" 2>&1 &
		local follower=$!
		for _ in $(seq 50); do grep -q 'line 5' "$work/out" && break; read -rt 0.1 <> <(:); done
		echo '2026-11-23T00:00:06.000000000Z stdout F line 6' >>"$work/server/${ns}_p1_main.log"
		for _ in $(seq 50); do grep -q 'line 6' "$work/out" && break; read -rt 0.1 <> <(:); done
		kill "$follower" 2>/dev/null
		wait "$follower" 2>/dev/null
		[ "$(grep -c '^line [56]$' "$work/out")" -eq 2 ]
		tap $? "kubectl $version: logs -f"
	else
		expect "logs" 0 '9000|serving|Started' "$K" -n "$ns" logs p1
		expect "logs --tail" 0 '' "$K" -n "$ns" logs p1 --tail=1
	fi
	expect "logs of no pod" 1 'pods "p9" not found' "$K" -n "$ns" logs p9
}

cases_rights() {
	local O=$4
	expect "auth can-i" 0 '^yes' "$K" auth can-i create pods
	KUBECONFIG=$O expect "owner: auth can-i create pods" 0 '^yes' "$K" -n "$ns" auth can-i create pods
	KUBECONFIG=$O expect "owner: auth can-i get nodes" 1 '~?no' "$K" auth can-i get nodes
	KUBECONFIG=$O expect "owner: auth can-i --list" 0 'pods ' "$K" -n "$ns" auth can-i --list
	if at_least 28; then KUBECONFIG=$O expect "owner: auth whoami" 0 'workload-owner' "$K" auth whoami; fi
	KUBECONFIG=$O expect "owner: get pods" 0 '^p1 ' "$K" -n "$ns" get pods --no-headers
	KUBECONFIG=$O expect "owner: get nodes" 1 'Forbidden\): nodes is forbidden: User "workload-owner" cannot list resource "nodes" in API group "" at the cluster scope' "$K" get nodes
	KUBECONFIG=$O expect "owner: create namespace" 1 'Forbidden.*cannot create resource "namespaces"' "$K" create namespace "$ns-2"
	KUBECONFIG=$O expect "owner: apply a network" 1 'Forbidden.*network-attachment-definitions' "$K" apply -f "$work/nad.yaml"
	KUBECONFIG=$O expect "owner: exec" 0 '^mine' "$K" -n "$ns" exec p1 -- echo mine
}

kubectl_cases() { # VERSION BINARY KUBECONFIG OWNER_KUBECONFIG MODE
	version=$1 K=$2 mode=$5 ns=cases-${1/./-}
	export KUBECONFIG=$3 HOME=$work/home-$1
	mkdir -p "$HOME"
	cases_objects
	cases_get
	cases_watch
	cases_change
	cases_logs
	cases_exec
	cases_rights "$@"
	cases_deployment
	expect "delete namespace" 0 "namespace \"$ns\" deleted" "$K" delete namespace "$ns"
	expect "namespace is gone" 1 "namespaces \"$ns\" not found" "$K" get namespace "$ns"
	expect "nothing is left in it" 0 'No resources found' "$K" -n "$ns" get pods,net-attach-def,secrets
}
