#!/bin/bash
# Every hint is true: the acts and their explorations on a real lab, each stage done by typing what its hints name, where
# somebody would type it (the personas' shells, the host's, the machines' consoles). Each command has to work, and together they
# have to do the stage. And hints that are not true are found out.
# shellcheck source=tests/lab/rehearse_lib.sh disable=SC2154
. "$(dirname "$0")/rehearse_lib.sh"

# ---- a hint that is not true; the lab stays for what follows ----
cat >"$work/false.scenario.yaml" <<'EOF'
format: 1
title: Hints that are not true
namespaces: [tenantblue]
explore:
  - id: gone
    title: It is gone
    break: kubectl delete namespace tenantblue
    task: Make it again.
    hints: ["`kubectl create namespace tenantblue`"]
    check: [{exists: namespace/tenantblue}]
    mend: kubectl create namespace tenantblue
stages:
  - id: right
    title: A hint that is right
    run: kubectl create namespace tenantblue
    hints: [Say what you want, "`kubectl create namespace tenantblue` makes it, `kubectl get namespaces` shows it"]
    check: [{exists: namespace/tenantblue}]
    undo: kubectl delete namespace tenantblue
  - {id: bare, title: It has no hints, run: 'true'}
  - {id: refused, title: It is refused, run: kubectl get pod nobody -ntenantblue || echo refused, hints: "`kubectl get pod nobody -ntenantblue`", check: [{output: nobody}]}
  - id: WHICH
    title: One that is not
    run: kubectl get namespace tenantblue
    hints: "`HINT`"
    check: [{output: tenantblue}]
  - {id: after, title: After it, run: 'true'}
  - {id: cleanup, title: Clean up, cleanup: true, run: kubectl delete namespace tenantblue, hints: "`echo not me`", check: [{gone: namespace/tenantblue}]}
EOF
false_hint() { # NAME HINT: what stands in its place
	sed "s/WHICH/wrong/; s/HINT/$2/" "$work/false.scenario.yaml" >"$work/wrong.scenario.yaml"
	rehearse "$1" 1 --by-hints --explore --keep "$work/wrong.scenario.yaml"
}
false_hint 'a command that fails' 'kubectl get namespace tenantbleu'
holds 'one that is right does its stage' '^ok 1 - wrong/right: A hint that is right # 2 typed by its hints; namespace/tenantblue exists'
holds 'a stage without hints is done by its own command' '^ok 2 - wrong/bare: It has no hints # [0-9.]+ s$'
holds 'what is meant to fail may' '^ok 3 - wrong/refused: It is refused # 1 typed by its hints; the output has "nobody"'
holds 'a command that fails: its stage is not' '^not ok 4 - wrong/wrong: One that is not$'
holds 'a command that fails: which, and how' '^# the hint.s command ended with status 1: kubectl get namespace tenantbleu$'
holds 'a command that fails: what cleans up is done by its own command' '^ok [0-9]+ - wrong/cleanup: Clean up # namespace/tenantblue is gone'
false_hint 'one that does not do the stage' 'echo something else'
holds 'one that does not do the stage: what is missing' '^# expected: the output has "tenantblue"$'
cat >"$work/endless.scenario.yaml" <<'EOF'
format: 1
title: A hint that never ends
namespaces: [tenantblue]
stages:
  - {id: endless, title: It never ends, run: 'true', hints: "`read -r x`", check: [{exit: 0}]}
  - {id: cleanup, title: The shell is free again, cleanup: true, run: echo free}
EOF
"$build/onesdn" rehearse --by-hints --keep --timeout 3 "$work/endless.scenario.yaml" >"$work/out" 2>&1
holds 'one that never ends: which' '^# the hint.s command has not ended: read -r x$'
holds 'one that never ends: it is stopped' '^ok 2 - endless/cleanup'
sed "s/WHICH/wrong/; s/\`HINT\`/\`kubectl get/" "$work/false.scenario.yaml" >"$work/wrong.scenario.yaml"
"$build/onesdn" rehearse --by-hints --keep "$work/wrong.scenario.yaml" >"$work/out" 2>&1
holds 'a backquote that is not closed: the file and the line' '^# .*wrong.scenario.yaml:[0-9]+: a backquote is not closed in the hint "`kubectl get"'

# ---- the acts ----
started=$(date +%s%N)
rehearse "every hint of the acts is true" 0 --by-hints --explore overlay overlay-mixed localnet policies
echo "# the acts by their hints took $((($(date +%s%N) - started) / 1000000)) ms"
# A picture, what is only asked, and a console that Space opens have nothing to type; all else has, and is done by it.
grep -E '^ok ' "$work/out" | grep -vE ' typed by its hints; |-broken: ' | sed 's/^ok [0-9]* - \([^:]*\):.*/\1/' >"$work/bare"
printf '%s\n' overlay-mixed/console localnet/which-subnet policies/localnet-which-subnet policies/goal policies/what-if | diff - "$work/bare" >"$work/diff"
status=$?
cat "$work/diff" >>"$work/out"
tap $status "every stage in which something is typed has hints that do it"
end
