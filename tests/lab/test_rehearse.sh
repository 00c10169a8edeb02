#!/bin/bash
# onesdn rehearse on the lab: the overlay act from no lab at all, and every way in which a stage can fail, with the words
# that are shown. Each scenario is written for this test, beside copies of the shipped manifests with one thing changed.
# shellcheck source=tests/lab/rehearse_lib.sh disable=SC2154
. "$(dirname "$0")/rehearse_lib.sh"

waited=''

lab_status() { # STATUS NAME
	local got
	"$build/onesdn-lab" status >"$work/status" 2>&1
	got=$?
	[ "$got" -eq "$1" ]
	tap $? "$2" "$work/status"
}

until_says() { # FILE TEXT: waits until it is there, at most 30 s
	local deadline=$((SECONDS + 30))
	until grep -qF -- "$2" "$1" 2>/dev/null; do
		if [ "$SECONDS" -ge "$deadline" ]; then
			waited="(waited in vain for: $2)"
			return 1
		fi
		sleep 0.05
	done
}

act() { # NAME: a scenario from standard input, with the head that all have in common
	{
		printf 'format: 1\ntitle: %s\nnamespaces: [tenantblue, tenantyellow]\n' "$1"
		cat
	} >"$work/$1.scenario.yaml"
}

# shellcheck disable=SC2016 # the variable is the scenario's
namespaces='  - id: namespaces
    title: Namespaces
    run: for ns in tenantblue tenantyellow; do kubectl create namespace $ns; done
    check: [{exists: namespace/tenantblue}, {exists: namespace/tenantyellow}]
    undo: kubectl delete namespace tenantblue tenantyellow'
cleanup='  - id: cleanup
    title: Clean up
    cleanup: true
    run: kubectl delete namespace tenantblue tenantyellow
    check: [{gone: namespace/tenantblue}, {gone: namespace/tenantyellow}]'
network=manifests/overlay/01-netconfig.yaml workloads=manifests/overlay/02-workloads.yaml
cp "$network" "$workloads" "$work"

# ---- the act itself, from nothing ----
name=overlay
started=$(date +%s%N)
rehearse $name 0 overlay
took=$((($(date +%s%N) - started) / 1000000))
echo "# $name: from no lab running: $took ms"
[ "$(grep -c '^ok ' "$work/out")" -eq 8 ] && grep -qx '1\.\.8' "$work/out"
tap $? "$name: eight stages and their plan"
says $name "ok 1 - overlay/namespaces: Create the tenants' namespaces # namespace/tenantblue exists; namespace/tenantyellow exists  "
says $name '# 3 of 3 pods Ready  '
says $name 'tenantblue/blue-server has 192.168.200.'
says $name '# the output has "yellow-server"  '
lab_status 3 "$name: the lab that it brought up is down again"
find "$work/run" -mindepth 1 >"$work/status"
[ ! -s "$work/status" ]
tap $? "$name: nothing is left in the runtime directory" "$work/status"
rehearse 'overlay --keep' 0 --keep overlay
lab_status 0 'overlay --keep: the lab runs on'
rehearse 'overlay on a running lab' 0 overlay
lab_status 0 'overlay on a running lab: it runs on'
kubeconfig=$("$build/onesdn-lab" kubeconfig)
rehearse 'overlay through kubectl proxy' 0 --kubeconfig "$kubeconfig" --context lab overlay

# ---- usage ----
rehearse 'an act that there is not' 2 overlai
says 'an act that there is not' 'there is no act "overlai"; did you mean "overlay"?'
rehearse 'an option that there is not' 2 --fast overlay
rehearse 'a timeout that is none' 2 --timeout soon overlay
says 'a timeout that is none' '--timeout is a number of seconds from 1 to 86400, not "soon"'

# ---- a command that fails ----
name='a command that fails'
act command <<EOF
stages:
$namespaces
  - {id: fails, title: It fails, run: kubectl get pod nobody -ntenantblue}
  - {id: after, title: After it, run: 'true'}
$cleanup
EOF
rehearse "$name" 1 "$work/command.scenario.yaml"
says "$name" 'not ok 2 - command/fails: It fails'
says "$name" '# command:  kubectl get pod nobody -ntenantblue'
says "$name" '# expected: the command ends with status 0'
says "$name" '# found:    it ended with status 1: Error from server (NotFound): pods "nobody" not found'
says "$name" '# do:       run the stage that makes it first'
says "$name" '#   Error from server (NotFound): pods "nobody" not found'
says "$name" 'ok 3 - command/after: After it # SKIP an earlier stage failed'
says "$name" 'ok 4 - command/cleanup: Clean up # namespace/tenantblue is gone'

# ---- a manifest that does not parse: known before anything runs, with its own file and line ----
name='a manifest that does not parse'
sed 's/^  name: podclient/  name: [podclient/' $workloads >"$work/broken.yaml"
line=$(grep -n '\[podclient' "$work/broken.yaml" | cut -d: -f1)
act manifest <<EOF
stages:
$namespaces
  - {id: workloads, title: Workloads, apply: broken.yaml}
$cleanup
EOF
rehearse "$name" 1 "$work/manifest.scenario.yaml"
says "$name" "not ok 1 - $work/manifest.scenario.yaml: the scenario can be read"
matches "$name" "its file and line" "^# $work/broken.yaml:($line|$((line + 1))|$((line + 2))): .*; mend the manifest"
[ "$(grep -cE '^ok' "$work/out")" -eq 0 ]
tap $? "$name: nothing has run"

# ---- a NetworkAttachmentDefinition that does not name itself ----
name='a wrong netAttachDefName'
sed 's|"tenantyellow/shared-net"|"tenantyellow/other-net"|' $network >"$work/wrong-nad.yaml"
why='net-attach-def name (tenantyellow/shared-net) is inconsistent with config (tenantyellow/other-net)'
act nad <<EOF
stages:
$namespaces
  - id: network
    title: The network
    apply: wrong-nad.yaml
    undo: kubectl delete -f wrong-nad.yaml
    check: [{network: green-network, in: [tenantblue, tenantyellow], within: 1m}]
$cleanup
EOF
rehearse "$name" 1 "$work/nad.scenario.yaml"
says "$name" "the network attachment tenantyellow/shared-net will not work: $why"
says "$name" 'not ok 2 - nad/network: The network'
says "$name" '# expected: network green-network attached in tenantblue, tenantyellow within'
says "$name" "# found:    net-attach-def tenantyellow/shared-net is there, but cannot be used: $why"
says "$name" 'set netAttachDefName'
says "$name" 'ok 3 - nad/cleanup'

name='a pod on a wrong attachment'
act nadpod <<EOF
promises: [wrong-nad.yaml, 02-workloads.yaml]
stages:
$namespaces
  - {id: objects, title: Objects, run: kubectl apply -f wrong-nad.yaml -f 02-workloads.yaml, undo: 'true'}
  - {id: wait, title: Wait, run: 'true', check: [{ready: pod/tenantyellow/yellow-server, within: 2s}]}
$cleanup
EOF
rehearse "$name" 1 "$work/nadpod.scenario.yaml"
says "$name" '# found:    0 of 1 pod Ready; tenantyellow/yellow-server is ContainerCreating'
matches "$name" 'says why' "^# found: .*is inconsistent with config \(tenantyellow/other-net\)"

# ---- an image that there is not ----
name='an unknown image'
sed 's|agnhost:2.36|agnhots:2.36|' $workloads >"$work/wrong-image.yaml"
act image <<EOF
stages:
$namespaces
  - {id: network, title: Network, apply: 01-netconfig.yaml, undo: 'true'}
  - id: workloads
    title: Workloads
    apply: wrong-image.yaml
    undo: kubectl delete -f wrong-image.yaml
    check: [{ready: pods, in: [tenantblue, tenantyellow], within: 3s}]
$cleanup
EOF
rehearse "$name" 1 "$work/image.scenario.yaml"
matches "$name" 'which pod, and how it is' \
	'^# found: +0 of 3 pods Ready; tenantblue/blue-server is (ErrImagePull|ImagePullBackOff): .*agnhots:2.36'
says "$name" 'and 1 more'
says "$name" 'ok 4 - image/cleanup'

# ---- a pool of addresses that runs dry: two in a /30, three pods ----
name='a pool run dry'
sed 's|192.168.200.0/24|192.168.200.0/30|' $network >"$work/small.yaml"
act pool <<EOF
stages:
$namespaces
  - {id: network, title: Network, apply: small.yaml, undo: 'true', check: [{network: green-network, in: [tenantblue, tenantyellow]}]}
  - id: workloads
    title: Workloads
    apply: 02-workloads.yaml
    undo: kubectl delete -f 02-workloads.yaml
    check: [{ready: pods, in: [tenantblue, tenantyellow], within: 4s}]
$cleanup
EOF
rehearse "$name" 1 "$work/pool.scenario.yaml"
matches "$name" 'which pod has none, and why' '^# found: +2 of 3 pods Ready; tenant[a-z/-]* is ContainerCreating: .*no free address left'
matches "$name" 'what to do' '^# found: .*(larger subnets|delete pods)'
says "$name" 'ok 4 - pool/cleanup'

# ---- a command that never ends ----
name='a command that never ends'
act endless <<EOF
stages:
$namespaces
  - {id: endless, title: It never ends, run: kubectl wait --for=delete namespace/tenantblue --timeout=10m}
$cleanup
EOF
rehearse "$name" 1 --timeout 2 "$work/endless.scenario.yaml"
says "$name" '# expected: the stage ends within 2.00 s'
says "$name" '# found:    the command still runs'
says "$name" 'ok 3 - endless/cleanup'

name='a command that ignores Ctrl-C'
act stubborn <<EOF
stages:
$namespaces
  - {id: endless, title: It never ends, run: "(trap '' INT; kubectl wait --for=delete namespace/tenantblue --timeout=10m)"}
$cleanup
EOF
rehearse "$name" 1 --timeout 5 "$work/stubborn.scenario.yaml"
says "$name" '# found:    the command still runs'
says "$name" 'ok 3 - stubborn/cleanup: Clean up # namespace/tenantblue is gone'

# ---- no clean-up stage: what ran is undone, the last one first ----
name='undo without a clean-up'
act undo <<EOF
stages:
$namespaces
  - {id: one, title: One, run: 'true', undo: echo undone-one >>undone}
  - {id: two, title: Two, run: 'false', undo: echo undone-two >>undone}
  - {id: three, title: Three, run: 'true', undo: echo undone-three >>undone}
EOF
rehearse "$name" 1 "$work/undo.scenario.yaml"
[ "$(tr '\n' ' ' <"$work/undone")" = 'undone-two undone-one ' ]
tap $? "$name: of the stages that ran, backwards" "$work/undone"
says "$name" '# undoes namespaces'
! KUBECONFIG=$kubeconfig kubectl get namespace tenantblue >"$work/status" 2>&1
tap $? "$name: the namespaces are gone" "$work/status"

# ---- interrupted ----
name=interrupted
act interrupted <<EOF
stages:
$namespaces
  - {id: endless, title: It never ends, run: 'echo it-begins; read -r line'}
  - {id: after, title: After it, run: 'true'}
$cleanup
EOF
setsid "$build/onesdn" rehearse --verbose "$work/interrupted.scenario.yaml" >"$work/out" 2>&1 &
pid=$!
until_says "$work/out" 'echo it-begins' && kill -INT $pid
wait $pid
[ $? -eq 130 ]
tap $? "$name: ends with status 130 $waited"
says $name 'not ok 2 - interrupted/endless: It never ends'
says $name '# interrupted'
says $name 'ok 3 - interrupted/after: After it # SKIP interrupted'
says $name 'ok 4 - interrupted/cleanup: Clean up # namespace/tenantblue is gone'

# ---- the cluster is killed in the middle of a stage, and comes back ----
name='killed in the middle'
act away <<'EOF'
stages:
  - {id: begin, title: Begin, run: kubectl version, check: [{gone: namespace/tenantblue}]}
  - {id: waits, title: It waits, run: 'true', check: [{exists: namespace/tenantblue, within: 60s}]}
EOF
"$build/onesdn" rehearse --verbose "$work/away.scenario.yaml" >"$work/out" 2>&1 &
pid=$!
guard=$(sed -n 's/.*"guard": *\([0-9]*\).*/\1/p' "$work/run/onesdn/lab/state.json" | head -n 1)
until_says "$work/out" 'ok 1 - away/begin' && [ -n "$guard" ] && kill -9 "$guard"
until_says "$work/out" 'the cluster does not answer'
tap $? "$name: says that the cluster is away $waited"
"$build/onesdn-lab" up >"$work/status" 2>&1
tap $? "$name: the lab comes up again" "$work/status"
KUBECONFIG=$kubeconfig kubectl create namespace tenantblue >"$work/status" 2>&1
tap $? "$name: the new lab takes a namespace" "$work/status"
wait $pid
tap $? "$name: goes on by itself and ends with status 0 $waited"
says "$name" 'ok 2 - away/waits: It waits # namespace/tenantblue exists'

# ---- stopped while the lab comes up, and when nobody reads ----
name='stopped at its start'
"$build/onesdn-lab" down >"$work/status" 2>&1
setsid "$build/onesdn" rehearse overlay >"$work/out" 2>&1 &
pid=$!
until_says "$work/out" '1..8' && kill -INT $pid
wait $pid
[ $? -eq 130 ]
tap $? "$name: ends with status 130"
lab_status 3 "$name: the lab that it began to bring up is down"
name='nobody reads'
"$build/onesdn" rehearse overlay 2>&1 | head -n 1 >"$work/out"
says "$name" '1..8'
lab_status 3 "$name: the lab that it brought up is down again"

end
