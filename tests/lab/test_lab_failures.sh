#!/bin/bash
# What the lab needs and does not find: each a clear message with the cure, and nothing left behind.
# shellcheck source=tests/lab/lib.sh disable=SC2154
. "$(dirname "$0")/lib.sh"

refused() { # NAME WHY CURE COMMAND...: up fails, says that, leaves nothing
	local name=$1 why=$2 cure=$3
	shift 3
	fails "$name: up fails" 1 "$@"
	says "$name: says why" "$why"
	says "$name: says what to do" "$cure"
	run "$name: nothing is left" nothing_left none
}
in_mounts() { # SCRIPT: in a mount namespace of its own, as (namespace) root
	if [ "$(id -u)" -eq 0 ]; then timeout 60 unshare -m bash -c "$1"; else timeout 60 unshare -Urm bash -c "$1"; fi
}

no_tun() {
	refused "no /dev/net/tun" "/dev/net/tun is missing" "modprobe tun" in_mounts "mount -t tmpfs none /dev/net && exec $LAB up"
	if [ "$(id -u)" -eq 0 ]; then
		chmod 755 "$PLACE"
		chown -R 54321 "$PLACE"
		refused "closed /dev/net/tun" "may not be opened by this user" "chmod 666 /dev/net/tun" in_mounts \
			"mount -t tmpfs none /dev/net && mknod -m 600 /dev/net/tun c 10 200 && exec setpriv --reuid 54321 --regid 54321 --clear-groups $LAB up"
		chown -R 0 "$PLACE"
	fi
}

no_namespaces() {
	refused "user namespaces switched off" "user namespaces are switched off" "sysctl user.max_user_namespaces" unshare -Ur sh -c "echo 0 >/proc/sys/user/max_user_namespaces && exec $LAB up"
	refused "no more network namespaces" "the limit of namespaces is reached" "raise" unshare -Ur sh -c "echo 0 >/proc/sys/user/max_net_namespaces && exec $LAB up"
}

no_program() {
	local dir=$PLACE/bin program
	mkdir "$dir"
	for program in /usr/bin/*; do
		case ${program##*/} in bwrap | ovn-northd) ;; *) ln -s "$program" "$dir/" ;; esac
	done
	refused "no bubblewrap and no northd" "ovn-northd is missing" "apt install ovn-central" env PATH="$dir" "$LAB" up
	ln -s /usr/bin/ovn-northd "$dir/"
	refused "no bubblewrap" "bwrap is missing" "apt install bubblewrap" env PATH="$dir" "$LAB" up
	rm -rf "$dir"
	mkdir "$dir"
	cp "$LAB" "$dir/"
	refused "no workload program" "onesdn-workload" "build or install onesdn again" "$dir/onesdn-lab" up
	rm -rf "$dir"
}

no_room() {
	fails "full runtime directory: up fails" 1 in_mounts "
		mkdir -p $PLACE/full && mount -t tmpfs -o size=16k,mode=700 none $PLACE/full && export XDG_RUNTIME_DIR=$PLACE/full
		$LAB status >/dev/null; dd if=/dev/zero of=$PLACE/full/filler bs=4k 2>/dev/null
		$LAB up; status=\$?
		find $PLACE/full -mindepth 1 ! -name filler ! -name onesdn | sed 's/^/LEFT /'
		exit \$status"
	says "full runtime directory: says so" "No space left on device"
	case $out in *LEFT*) result 1 "full runtime directory: nothing is left" "$out" ;; *) result 0 "full runtime directory: nothing is left" ;; esac
	rmdir "$PLACE/full"
	run "full cache: the lab runs all the same, its log is what suffers" in_mounts "
		mkdir -p $PLACE/full && mount -t tmpfs -o size=16k,mode=700 none $PLACE/full && export XDG_CACHE_HOME=$PLACE/full
		dd if=/dev/zero of=$PLACE/full/filler bs=4k 2>/dev/null; $LAB up && $LAB down"
	rmdir "$PLACE/full"
	run "full cache: nothing is left" nothing_left none
}

bad_places() {
	local long
	long=$PLACE/run/$(printf 'x%.0s' {1..100})
	mkdir -m 700 "$long"
	fails "a path too long for sockets: up fails" 1 env XDG_RUNTIME_DIR="$long" "$LAB" up
	says "a path too long for sockets: says what to do" "set XDG_RUNTIME_DIR to a shorter one"
	rmdir "$long"
	run "a path too long for sockets: nothing is left" nothing_left none
	mkdir -m 777 "$PLACE/open"
	mkdir -m 777 "$PLACE/open/onesdn"
	chmod 777 "$PLACE/open/onesdn"
	fails "a runtime directory that others may write: refused" 1 env XDG_RUNTIME_DIR="$PLACE/open" "$LAB" up
	rm -rf "$PLACE/open"
}

usage() {
	fails "no command" 2 lab
	says "no command: usage" "usage: onesdn lab"
	fails "an unknown command" 2 lab sideways
	says "an unknown command: names it" "sideways"
	fails "too many arguments" 2 lab up now
	fails "shell without a lab" 1 lab shell
	says "shell without a lab: what to do" "onesdn lab up"
	fails "exec without a command" 2 lab exec
}

died() {
	run "up" lab up
	local pidns
	pidns=$(readlink "/proc/$(lab_state init)/ns/pid")
	kill -9 "$(lab_state init)"
	eventually "a lab that died: gone" 5 nothing_left "$pidns"
	run "a lab that died: its log can be read" lab logs
	says "a lab that died: the log tells" "the lab has ended with status"
}

all() {
	new_place
	no_tun
	no_namespaces
	no_program
	no_room
	bad_places
	usage
	died
	rm -rf "$PLACE"
}
both_users all
