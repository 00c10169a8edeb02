#!/bin/bash
# The act setup, with stand-ins for what it takes from outside: git, kind, docker, podman, curl. The cluster that "kind.sh" makes is
# the lab, so nodes, labels, namespaces, deployments and pods are asked of a real API; NMState and KubeVirt objects, which the lab
# does not serve, are a stand-in's too. Fresh; everything there already; a download that fails and is resumed; podman.
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

stand_in() { # NAME: the script on standard input
	cat >"$PLACE/bin/$1"
	chmod +x "$PLACE/bin/$1"
}

make_stand_ins() {
	mkdir -p "$PLACE/bin" "$PLACE/fake"
	stand_in git <<-EOF
		#!/bin/bash
		echo "git \$*" >>"$PLACE/log"
		mkdir -p "\${@: -1}/contrib"
		printf '#!/bin/bash\necho "kind.sh \$* OCI_BIN=\$OCI_BIN" >>"$PLACE/log"\n[ ! -e "$PLACE/fake/no-kind" ] || { echo no space left; exit 1; }\ncp "$XDG_RUNTIME_DIR/onesdn/lab/kubeconfig" "\$KUBECONFIG"\n' >"\${@: -1}/contrib/kind.sh"
		chmod +x "\${@: -1}/contrib/kind.sh"
	EOF
	stand_in kind <<-EOF
		#!/bin/bash
		[ ! -e "$HOME/ovn.conf" ] || echo ovn
	EOF
	engine docker
	stand_in curl <<-EOF
		#!/bin/bash
		url=\${@: -1} to=
		while [ \$# -gt 0 ]; do [ "\$1" != -o ] || to=\$2; shift; done
		echo "curl \$url" >>"$PLACE/log"
		case \$url in
		*stable.txt) echo v1.3.0; exit ;;
		*/"\$(cat "$PLACE/fake/fails" 2>/dev/null)") echo "curl: (56) the connection broke" >&2; echo broken >"\$to"; exit 56 ;;
		*/namespace.yaml) echo '{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "nmstate"}}' >"\$to" ;;
		*/operator.yaml) deployment nmstate nmstate-webhook >"\$to" ;;
		*/kubevirt-operator.yaml) printf 'apiVersion: v1\\nkind: Namespace\\nmetadata: {name: kubevirt}\\n---\\n' >"\$to"; deployment kubevirt virt-operator >>"\$to" ;;
		*) echo '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "stands-in", "namespace": "default"}}' >"\$to" ;;
		esac
	EOF
	stand_in deployment <<-'EOF'
		#!/bin/bash
		echo "apiVersion: apps/v1
		kind: Deployment
		metadata: {name: $2, namespace: $1}
		spec:
		  replicas: 1
		  selector: {matchLabels: {a: $2}}
		  template: {metadata: {labels: {a: $2}}, spec: {containers: [{name: c, image: registry.k8s.io/pause:3.9}]}}" | tr -d '\t'
	EOF
	stand_in kubectl <<-EOF
		#!/bin/bash
		case "\$*" in
		"apply -f nmstate.yaml") echo "NMState" >>"$PLACE/log"; echo "nmstate.nmstate.io/nmstate created"; exit ;;
		"apply -f "*kubevirt-cr.yaml) echo 0 >"$PLACE/fake/kubevirt"; echo "kubevirt.kubevirt.io/kubevirt created"; exit ;;
		*get*kubevirt/kubevirt*)
			[ -e "$PLACE/fake/kubevirt" ] || exit 1
			n=\$((\$(cat "$PLACE/fake/kubevirt") + 1))
			echo "\$n" >"$PLACE/fake/kubevirt"
			[ "\$n" -lt 3 ] && echo False || echo True
			exit ;;
		*wait*kubevirt/kubevirt*) [ "\$(cat "$PLACE/fake/kubevirt" 2>/dev/null || echo 0)" -ge 3 ]; exit ;;
		esac
		exec "$real_kubectl" "\$@"
	EOF
}

engine() { # docker or podman: has the nodes' containers
	rm -f "$PLACE/bin/docker" "$PLACE/bin/podman"
	stand_in "$1" <<-EOF
		#!/bin/bash
		echo "$1 \$*" >>"$PLACE/log"
		case "\$1 \$*" in
		exec*is-active*) [ -e "$PLACE/fake/nm-\$2" ] ;;
		exec*install*) touch "$PLACE/fake/nm-\$2" ;;
		esac
	EOF
}

set_up() { timeout 120 env PATH="$PLACE/bin:$PATH" "$BUILD/onesdn" rehearse --verbose setup; }
logged() { # NAME TEXT
	grep -qF -- "$2" "$PLACE/log"
	result $? "$1" "$(cat "$PLACE/log")"
}
unlogged() {
	! grep -qF -- "$2" "$PLACE/log"
	result $? "$1" "$(cat "$PLACE/log")"
}

real_kubectl=$(command -v "$KUBECTL")
new_place
trap 'lab down >/dev/null 2>&1; rm -rf "$PLACE"' EXIT
unset KUBECONFIG OCI_BIN
make_stand_ins
run "a lab, which kind.sh will have made" lab up
k label node ovn-worker ovn-worker2 node-role.kubernetes.io/worker- >/dev/null

touch "$PLACE/fake/no-kind"
fails "a kind.sh that fails" 1 set_up
says "its stage has failed with it, though no cluster answers" "not ok 3 - setup/cluster"
case $out in *"has not answered"*) result 1 "and nothing else is blamed" "$out" ;; *) result 0 "and nothing else is blamed" ;; esac
rm "$PLACE/fake/no-kind"

echo operator.yaml >"$PLACE/fake/fails"
fails "fresh, with a download that breaks off" 1 set_up
says "what this machine has is there already" "What this machine must have # there already"
says "the cluster is there, by the API" "node/ovn-worker2 has Ready True"
says "so are the labels" "node/ovn-worker2 has metadata.labels['node-role.kubernetes.io/worker'] \"\""
says "the download says which and what to do" "operator.yaml could not be downloaded"
logged "kind.sh got the options" "kind.sh --multi-network-enable -ic OCI_BIN=docker"
logged "NetworkManager came into the second worker" "docker exec ovn-worker2 bash -c apt-get update"
is "the worker is labelled in the API" "$(k get node ovn-worker -o 'jsonpath={.metadata.labels}' | grep -c 'node-role.kubernetes.io/worker')" 1
[ ! -e "$HOME/.cache/onesdn/setup/nmstate-v0.81.0/operator.yaml" ]
result $? "nothing half is left"

rm "$PLACE/fake/fails"
: >"$PLACE/log"
run "resumed after the failure" set_up
says "the clone is passed over, and says so" "there already"
unlogged "nothing is cloned again" "git clone"
unlogged "no cluster is made again" "kind.sh "
logged "the file that failed is downloaded" "/v0.81.0/operator.yaml"
unlogged "those that were there are not" "/v0.81.0/role.yaml"
logged "the NMState object is applied" "NMState"
logged "KubeVirt is the stable version" "/v1.3.0/kubevirt-operator.yaml"
says "a wait says what is missing" "waits for"
says "until it is there" "kubevirt/kubevirt is Available"
run "the webhook runs, by the API" k rollout status -n nmstate deployment/nmstate-webhook --timeout=5s

: >"$PLACE/log"
run "with everything there" set_up
is "every stage is passed over" "$(printf '%s\n' "$out" | grep -c '^ok .*there already')" "$(printf '%s\n' "$out" | grep -c '^ok ')"
unlogged "nothing is downloaded" "curl"

engine podman
rm "$PLACE/fake/nm-ovn-worker"
: >"$PLACE/log"
run "with podman, and a NetworkManager that is gone" set_up
logged "it is found and used" "podman exec ovn-worker bash -c apt-get update"
unlogged "where it still runs nothing is done" "podman exec ovn-worker2 bash -c apt-get"

rm "$PLACE/bin/kind"
fails "without kind" 1 set_up
says "it is named with its cure" "MISSING  kind: see kind.sigs.k8s.io"
fails "not for the lab" 1 timeout 60 "$BUILD/onesdn" rehearse --kubeconfig "$XDG_RUNTIME_DIR/onesdn/lab/kubeconfig" setup
says "which is said" "is not for the lab"
run "the show does without it" "$BUILD/onesdn" help --list acts
says "its name is known all the same" "setup"
run "down" lab down
finish
