#!/bin/bash
# The localnet act as it is for a cluster made by kind: the host's stages run on "this machine". The cluster is the lab, taken as
# somebody else's by a copy of its kubeconfig; podman, ip and psql are stand-ins here that log what they are asked for, answer as
# the real ones, and do it in the lab's host, so that the database and the VLAN are there for the pod and the virtual machine.
. "$(dirname "$0")/lib.sh"

stand_in() { # NAME: the script on standard input
	{
		echo '#!/bin/bash'
		echo "PATH='$PATH'" # what it runs in the lab is no stand-in
		cat
	} >"$PLACE/bin/$1"
	chmod +x "$PLACE/bin/$1"
}
make_stand_ins() {
	mkdir -p "$PLACE/bin" "$PLACE/podman"
	: >"$PLACE/log"
	: >"$PLACE/podman/events"
	stand_in podman <<-EOF
		db() { "$LAB" exec -- turtle-db "\$1" >/dev/null && echo "\$2" >"$PLACE/podman/status"; echo x >>"$PLACE/podman/events"; }
		case "\$*" in
		inspect*|container*|events*) ;;
		*) echo "podman \$*" >>"$PLACE/log" ;;
		esac
		status=\$(cat "$PLACE/podman/status" 2>/dev/null)
		case "\$*" in
		"network inspect kind --format {{ .NetworkInterface }}") echo podman1 ;;
		"run --name turtle-db --net=host -d quay.io/mduarted/turtle-db")
			[ -z "\$status" ] || { echo 'Error: creating container storage: the container name "turtle-db" is already in use' >&2; exit 125; }
			db start running
			echo 5f3c0ffee ;;
		"stop turtle-db") db stop exited; echo turtle-db ;;
		"start turtle-db") db start running; echo turtle-db ;;
		"rm -f turtle-db") db rm ""; rm -f "$PLACE/podman/status"; echo x >>"$PLACE/podman/events"; echo turtle-db ;;
		"inspect --format {{ .State."*" }} turtle-db")
			[ -n "\$status" ] || { echo 'Error: no such object: "turtle-db"' >&2; exit 125; }
			case \$3 in *Status*) echo "\$status" ;; *) [ "\$status" = running ] && echo true || echo false ;; esac ;;
		"container exists turtle-db") [ -n "\$status" ] ;;
		"events --since 10s --filter container=turtle-db --format event")
			echo \$\$ >>"$PLACE/podman/pids"
			exec tail -n +1 -f "$PLACE/podman/events" ;;
		*) echo "podman: the act never asks for: \$*" >&2; exit 125 ;;
		esac
	EOF
	stand_in ip <<-EOF
		[ "\$1" = -o ] || [ "\$1 \$2" = "link show" ] || echo "ip \$*" >>"$PLACE/log"
		case "\$*" in
		"link add link podman1 name podman1.123 type vlan id 123")
			exec "$LAB" exec -- ovs-vsctl add-port podman1 podman1.123 tag=123 -- set interface podman1.123 type=internal ;;
		"link del podman1.123") exec "$LAB" exec -- ovs-vsctl del-port podman1 podman1.123 ;;
		esac
		exec "$LAB" exec -- ip "\$@"
	EOF
	stand_in psql <<-EOF
		exec "$LAB" exec -- env "PGPASSWORD=\$PGPASSWORD" psql "\$@"
	EOF
	echo 'exit 2' | stand_in ovs-vsctl # no bridge of this machine is Open vSwitch's
}
here() { timeout 120 env PATH="$PLACE/bin:$PATH" "$@"; }
act() { here "$BUILD/onesdn" "$1" --kubeconfig "$PLACE/kubeconfig" "${@:2}"; }
# The act with these stages alone, none of which needs a workload.
only() { # FILE ID...
	local file=$1
	shift
	awk -v ids=" $* " '
		/^explore:/ { exit }
		/^stages:/ { in_stages = 1; print "promises: [01-netconfig.yaml, 02-mixed-workloads.yaml]\nskip-if-done: true"; print; next }
		in_stages && /^  - id: / { wanted = index(ids, " " $3 " ") }
		!in_stages || wanted' "$TOP/manifests/localnet/localnet.scenario.yaml" >"$file"
}
# The watch of kind, as it is written in the act.
watch_text() { awk '/^    watch:/ { w = 1 } w && /^      kind: / { on = 1; next } on && !NF { exit } on { print substr($0, 9) }' "$TOP/manifests/localnet/localnet.scenario.yaml"; }
last_is() { [ "$(tail -n 1 "$1")" = "$2" ] || { cat "$1"; return 1; }; }
no_watch_left() {
	local pid
	while read -r pid; do
		if kill -0 "$pid" 2>/dev/null; then echo "podman events runs on: $pid"; return 1; fi
	done <"$PLACE/podman/pids"
}
shown() { # NAME TEXT: in a picture of the act, for which the watch is asked
	run "$1: a picture" act diagram localnet
	says "$1" "$2"
}

whole_act() {
	run "the act, unattended" act rehearse --verbose localnet
	says "it reads four turtles through the adapter" '"weapon": "twin sai"'
	says "the API refuses the other user" 'User "workload-owner" cannot list resource "nodenetworkconfigurationpolicies"'
	diff - "$PLACE/log" >"$PLACE/diff" <<-EOF
		podman network inspect kind --format {{ .NetworkInterface }}
		ip link add link podman1 name podman1.123 type vlan id 123
		ip addr add 192.168.200.1/24 dev podman1.123
		ip link set podman1.123 up
		ip addr show podman1.123
		podman run --name turtle-db --net=host -d quay.io/mduarted/turtle-db
		podman rm -f turtle-db
		ip link del podman1.123
	EOF
	result $? "the host was asked for the talk's commands, in their order" "$(cat "$PLACE/diff")"
	eventually "no watch is left" 5 no_watch_left
}

states() {
	run "the VLAN by hand" here bash -c 'ip link add link podman1 name podman1.123 type vlan id 123 && ip addr add 192.168.200.1/24 dev podman1.123 && ip link set podman1.123 up'
	shown "no container yet" "○ turtle-db"
	PATH="$PLACE/bin:$PATH" bash -c "$(watch_text)" >"$PLACE/watched" &
	local pid=$!
	eventually "the watch says at once that there is none" 3 last_is "$PLACE/watched" absent
	run "the container is run by hand" here podman run --name turtle-db --net=host -d quay.io/mduarted/turtle-db
	eventually "up" 3 last_is "$PLACE/watched" up
	shown "up" "● turtle-db"
	run "what is there by hand is there already" act rehearse "$PLACE/act/there.scenario.yaml"
	says "the VLAN" "The database's VLAN on that bridge # there already"
	says "the database" "A database outside the cluster # there already"
	run "and what was there stays" here podman container exists turtle-db
	run "it is stopped" here podman stop turtle-db
	eventually "down, with what to do" 3 last_is "$PLACE/watched" "down the container has stopped; start it again: podman start turtle-db"
	run "started" here podman start turtle-db
	eventually "up again" 3 last_is "$PLACE/watched" up
	run "removed" here podman rm -f turtle-db
	eventually "none any more" 3 last_is "$PLACE/watched" absent
	run "the VLAN too" here ip link del podman1.123
	kill -HUP -- "-$pid"
	wait "$pid" 2>/dev/null
	eventually "the watch ends, and podman with it" 3 no_watch_left
	: >"$PLACE/log"
	printf "  - {id: fails, title: It fails, on: host, run: 'false', done-if: 'false'}\n" >>"$PLACE/act/there.scenario.yaml"
	fails "from nothing, and taken back by the stages' undo after a failure" 1 act rehearse "$PLACE/act/there.scenario.yaml"
	says "all but the last were performed" "ok 3 - there/empty"
	diff - <(tail -n 3 "$PLACE/log") >"$PLACE/diff" <<-EOF
		podman rm -f turtle-db
		ip link set podman1.123 down
		ip link del podman1.123
	EOF
	result $? "with what kind wants" "$(cat "$PLACE/diff" "$PLACE/log")"
	only "$PLACE/act/clean.scenario.yaml" database cleanup-host
	run "the VLAN and the database by hand" here bash -c 'ip link add link podman1 name podman1.123 type vlan id 123; ip addr add 192.168.200.1/24 dev podman1.123; ip link set podman1.123 up; podman run --name turtle-db --net=host -d quay.io/mduarted/turtle-db'
	run "the act's clean-up takes them away" act rehearse "$PLACE/act/clean.scenario.yaml"
	says "the database was there, whatever the watch had said by then" "A database outside the cluster # there already"
	fails "no container is left" 1 here podman container exists turtle-db
	fails "no interface either" 1 here ip link show podman1.123
	: >"$PLACE/log"
}

new_place
trap 'lab down >/dev/null 2>&1; rm -rf "$PLACE"' EXIT
unset KUBECONFIG
make_stand_ins
run "a lab" lab up
cp "$XDG_RUNTIME_DIR/onesdn/lab/kubeconfig" "$PLACE/kubeconfig"
mkdir "$PLACE/act"
cp "$TOP"/manifests/localnet/0*.yaml "$PLACE/act"
only "$PLACE/act/there.scenario.yaml" vlan database empty
set -m # a job is a process group, as what onesdn starts is
states
set +m
whole_act
finish
