#!/bin/bash
# The lab's life: up, again, down, again; each of its processes killed; nothing is ever left.
# shellcheck source=tests/lab/lib.sh disable=SC2154
. "$(dirname "$0")/lib.sh"

up() {
	lab up >/dev/null 2>&1 || return 1
	pidns=$(readlink "/proc/$(lab_state init)/ns/pid_for_children" 2>/dev/null || readlink "/proc/$(lab_state init)/ns/pid")
}
supervisor() { # its pid as the host sees it: init's only child
	cut -d' ' -f1 "/proc/$(lab_state init)/task/$(lab_state init)/children"
}

starts_and_ends() {
	local start took
	fails "status without a lab" 3 lab status
	says "status says so and what to do" "onesdn lab up"
	fails "kubeconfig without a lab" 3 lab kubeconfig
	run "down without a lab" lab down
	start=$(now_ms)
	run "up" lab up
	took=$(($(now_ms) - start))
	echo "# up took $took ms"
	says "up prints the nodes" "ovn-worker2"
	run "up again" lab up
	says "up again says the same" "The lab is up"
	run "status" lab status --json
	says "status as JSON" '"ready": true'
	is "runtime directory is private" "$(stat -c %a "$XDG_RUNTIME_DIR/onesdn/lab")" 700
	is "kubeconfig is private" "$(stat -c %a "$(lab kubeconfig)")" 600
	is "the API's socket is private" "$(stat -c %a "$XDG_RUNTIME_DIR/onesdn/lab/api.sock")" 600
	run "kubectl reaches it" k get nodes --no-headers
	is "three nodes are Ready" "$(grep -c ' Ready ' <<<"$out")" 3
	run "a command in the lab" lab exec -- hostname
	is "runs in the lab" "$out" onesdn-lab
	run "a command on a node" lab exec ovn-worker -- ip -brief address show breth0
	says "sees the node's network" 10.89.1.3/24
	fails "a command's exit status" 7 lab exec -- sh -c 'exit 7'
	fails "a node that is not there" 1 lab exec nowhere -- true
	pidns=$(readlink "/proc/$(lab_state init)/ns/pid")
	start=$(now_ms)
	run "down" lab down
	took=$(($(now_ms) - start))
	echo "# down took $took ms"
	run "nothing is left" nothing_left "$pidns"
	run "down again" lab down
}

killed() { # WHAT PIDS
	local what=$1
	shift
	kill -9 "$@"
	eventually "$what killed: nothing is left" 30 nothing_left "$pidns"
	run "$what killed: up again" up
}

is_killed() {
	run "up for the killing" up
	killed "guard" "$(lab_state guard)"
	killed "init" "$(lab_state init)"
	killed "supervisor" "$(supervisor)"
	local guard init
	guard=$(lab_state guard) init=$(lab_state init)
	kill -9 "$guard" "$init"
	eventually "guard and init killed at once: no process is left" 30 is_empty "$pidns"
	fails "guard and init killed at once: status clears what they left" 3 lab status
	run "guard and init killed at once: nothing is left" nothing_left "$pidns"
	run "guard and init killed at once: up again" up
	kill -9 "$(lab_state guard)" "$(lab_state init)"
	run "up over what killed ones left" up
	kill -TERM "$(lab_state guard)"
	eventually "guard asked to end: nothing is left" 30 nothing_left "$pidns"
}

two_at_once() {
	lab up >"$PLACE/home/first" 2>&1 &
	lab up >"$PLACE/home/second" 2>&1
	local second=$?
	wait $!
	local first=$?
	is "two ups at once" "$first $second" "0 0"
	rm -f "$PLACE/home/first" "$PLACE/home/second"
	pidns=$(readlink "/proc/$(lab_state init)/ns/pid")
	run "are one lab" lab down
	run "and leave nothing" nothing_left "$pidns"
}

# A container's PID 1 often reaps nobody (as timeout does here, which waits for its own child alone): what was killed stays a zombie.
# shellcheck disable=SC2016 # for the shell in there
no_reaper() {
	[ "$(id -u)" -eq 0 ] || return 0 # only root may make a PID namespace and no user namespace around the lab
	run "a PID 1 that reaps nobody: the lab's dead guard is dead" unshare --pid --fork --mount-proc timeout 120 bash -c '
		lab=$1 state=$XDG_RUNTIME_DIR/onesdn/lab/state.json
		"$lab" up >/dev/null || exit 10
		guard=$(sed -n "s/.*\"guard\":\([0-9]*\).*/\1/p" "$state") init=$(sed -n "s/.*\"init\":\([0-9]*\).*/\1/p" "$state")
		kill -9 "$guard" "$init"
		for pid in "$guard" "$init"; do # of init: once all that was in the lab has ended
			while [ "$(cut -d" " -f3 "/proc/$pid/stat")" != Z ]; do read -rt 0.05 <> <(:); done
		done
		[ "$("$lab" down)" = "No lab is running." ] || exit 11
		"$lab" status >/dev/null 2>&1
		[ $? -eq 3 ] || exit 12
		"$lab" up >/dev/null || exit 13
		"$lab" down >/dev/null || exit 14
		[ "$(cut -d" " -f3 "/proc/$guard/stat")" = Z ] || exit 15 # or nothing was tried
	' bash "$LAB"
	run "and leaves nothing" is_empty_place
}
is_empty_place() { [ -z "$(find "$XDG_RUNTIME_DIR" -mindepth 1)" ]; }

all() {
	new_place
	starts_and_ends
	is_killed
	two_at_once
	no_reaper
	lab down >/dev/null
	rm -rf "$PLACE"
}
both_users all
