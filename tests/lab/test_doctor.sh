#!/bin/bash
# onesdn doctor on this machine and the real lab: what holds, what is broken on purpose, exit status, that its lines may be
# pasted. The same lab, named by a kubeconfig of its own, is a cluster that lacks controllers.
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

holds() { # NAME COMMAND...: in $out
	local name=$1
	shift
	printf '%s\n' "$out" | "$@" >/dev/null
	result $? "$name" "$out"
}
lacks() { # NAME TEXT
	case $out in *"$2"*) result 1 "$1" "$2 is in: $out" ;; *) result 0 "$1" ;; esac
}

on_the_lab() {
	run "the doctor brings the lab up and finds nothing wrong" timeout 60 "$BUILD/onesdn" doctor
	says "it tells what the machine has" "/dev/net/tun opens"
	says "and that the lab came up" "it was brought up for this and goes down again"
	says "and who may do what" "workload-owner may do the"
	says "and what it has not tried" "standard input or output is no terminal"
	lacks "and no failure" "FAIL"
	fails "the lab is down again" 3 lab status
	run "a virtual machine is booted" timeout 120 "$BUILD/onesdn" doctor --boot overlay-mixed
	says "its console takes a login" "ok    Its console takes a login"
	says "and it goes again" "ok    All of it is gone again"
	run "as JSON" timeout 60 "$BUILD/onesdn" doctor --json overlay
	holds "the JSON is well-formed and counts no failure" jq -e '.fail == 0 and (.findings | length) > 10'
	fails "an act that there is not" 2 timeout 60 "$BUILD/onesdn" doctor overlai
	says "says which there is" 'did you mean "overlay"'
	fails "an unknown option" 2 timeout 60 "$BUILD/onesdn" doctor --boo
}

without_programs() {
	mkdir "$PLACE/bin"
	local program
	for program in bash ovsdb-server ovsdb-tool ovs-vswitchd bwrap curl jq ip ss psql; do
		ln -s "$(command -v "$program" || echo "/usr/sbin/$program")" "$PLACE/bin/$program"
	done
	fails "without kubectl" 1 timeout 60 env PATH="$PLACE/bin" "$BUILD/onesdn" doctor overlay
	says "it says so" "kubectl is not on PATH"
	says "with the cure" "cure: install it (Debian: apt install kubernetes-client)"
	fails "an image that the lab has not" 1 env ONESDN_DATA="$PLACE/data" timeout 60 "$BUILD/onesdn" doctor overlay
	says "is named" "example.org/nothing:1 is none of the lab's images"
	run "a locale that is not UTF-8 is a warning" env LC_ALL=C timeout 60 "$BUILD/onesdn" doctor overlay
	says "with what comes of it" "the locale C is not UTF-8: frames are drawn in ASCII"
}

on_a_cluster() {
	run "a lab for what follows" lab up
	local own=$XDG_RUNTIME_DIR/onesdn/lab/kubeconfig secret
	secret=$(sed -n 's|.*127.0.0.1:[0-9]*/\(.*\)|\1|p' "$own" | head -n 1)
	cp "$own" "$PLACE/kubeconfig"
	fails "a cluster without KubeVirt's controllers" 1 timeout 60 "$BUILD/onesdn" doctor --kubeconfig "$PLACE/kubeconfig" overlay-mixed
	says "answers" "context lab answers: Kubernetes v1."
	says "serves the kinds" "served: "
	says "but KubeVirt is not there" "KubeVirt: there is no KubeVirt object"
	says "images are only named" "is pulled when the act runs (overlay-mixed)"
	lacks "the server's address is not in it" "127.0.0.1"
	[ -n "$secret" ]
	result $? "the kubeconfig has a secret"
	lacks "nor is the secret" "$secret"
	fails "as somebody who may not" 1 timeout 60 "$BUILD/onesdn" doctor --kubeconfig "$PLACE/kubeconfig" --context lab-workload-owner overlay
	says "it says what is not allowed" "cluster-admin may not, of what overlay does: create namespaces"
	sed 's/127.0.0.1:[0-9]*/127.0.0.1:1/' "$own" >"$PLACE/dead"
	fails "a cluster that is not there" 1 timeout 60 "$BUILD/onesdn" doctor --kubeconfig "$PLACE/dead" overlay
	says "is a failure" "the cluster does not answer"
	says "with a cure" "cure: try: kubectl get namespaces"
	lacks "and no address" "127.0.0.1"
	run "down" lab down
}

new_place
trap 'lab down >/dev/null 2>&1; rm -rf "$PLACE"' EXIT
unset KUBECONFIG
mkdir "$PLACE/data"
cp -R "$TOP/themes" "$TOP/manifests" "$PLACE/data/"
chmod -R u+w "$PLACE/data"
sed -i 's|image: .*|image: example.org/nothing:1|' "$PLACE/data/manifests/overlay/"*.yaml
on_the_lab
without_programs
on_a_cluster
finish
