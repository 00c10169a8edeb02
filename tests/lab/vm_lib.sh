# What the tests of virtual machines share: the second act's objects, a console to type at.
# shellcheck shell=bash
VIRTCTL=$BUILD/virtctl
MANIFESTS=$TOP/manifests/overlay

v() { HOME=$PLACE/kubectl KUBECONFIG=$XDG_RUNTIME_DIR/onesdn/lab/kubeconfig timeout 60 "$VIRTCTL" "$@"; }
vm() { k -n tenantblue get vm vm-client -o "jsonpath=$1"; }
vmi() { k -n tenantblue get vmi vm-client -o "jsonpath=$1"; }
launcher() { k -n tenantblue get pods -l kubevirt.io=virt-launcher -o 'jsonpath={.items[*].metadata.name}'; }
shows() { # WANT COMMAND...: its output is exactly that
	local want=$1 got
	shift
	got=$("$@" 2>&1)
	[ "$got" = "$want" ] || { echo "'$got', not '$want'"; return 1; }
}
has_event() { k -n tenantblue get events -o 'jsonpath={range .items[*]}{.involvedObject.kind} {.reason} {.message}{"\n"}{end}' | grep -F "$1"; }
is_running() { shows Running vmi '{.status.phase}'; }
is_booted() { shows True vmi '{.status.conditions[?(@.type=="AgentConnected")].status}'; }
is_gone() { ! k -n tenantblue get vmi vm-client >/dev/null 2>&1; }
qemus() { # how many QEMU processes this lab has
	local pid n=0
	for pid in $(pgrep -x qemu-system-x86); do
		if is_below "$pid"; then n=$((n + 1)); fi
	done
	echo "$n"
}
is_below() { # PID: a descendant of this lab's init
	local pid=$1 top
	top=$(lab_state init)
	while [ "${pid:-0}" -gt 1 ]; do
		[ "$pid" = "$top" ] && return 0
		pid=$(awk '/^PPid/ {print $2}' "/proc/$pid/status" 2>/dev/null)
	done
	return 1
}
qemu_pid() {
	local pid
	for pid in $(pgrep -x qemu-system-x86); do
		if is_below "$pid"; then echo "$pid"; return; fi
	done
}
raw() { # METHOD PATH: over the API's Unix socket
	curl -sS -f --max-time 10 --unix-socket "$XDG_RUNTIME_DIR/onesdn/lab/api.sock" -X "$1" "http://localhost$2"
}
act_two() {
	k create namespace tenantblue && k create namespace tenantyellow && k apply -f "$MANIFESTS/01-netconfig-no-ipam.yaml"
}

# A console of its own: attach NAME, then send and sees; what came is in $PLACE/NAME.out.
declare -A console_pid console_fd
attach() { # NAME
	rm -f "$PLACE/$1.in"
	: >"$PLACE/$1.out"
	mkfifo "$PLACE/$1.in"
	HOME=$PLACE/kubectl KUBECONFIG=$XDG_RUNTIME_DIR/onesdn/lab/kubeconfig "$VIRTCTL" console vm-client -n tenantblue <"$PLACE/$1.in" >"$PLACE/$1.out" 2>"$PLACE/$1.err" &
	console_pid[$1]=$!
	local fd
	exec {fd}>"$PLACE/$1.in"
	console_fd[$1]=$fd
	eventually "$1: attached" 10 told "$1" "Successfully connected to vm-client console."
}
send() { printf '%s' "$2" >&"${console_fd[$1]}"; }
seen() { grep -qaF -- "$2" "$PLACE/$1.out"; }
told() { grep -qaF -- "$2" "$PLACE/$1.err"; }
has_ended() { ! kill -0 "${console_pid[$1]}" 2>/dev/null; }
leave() {
	local fd=${console_fd[$1]}
	send "$1" $'\035'
	eventually "$1: the escape ends it" 10 has_ended "$1"
	exec {fd}>&-
	wait "${console_pid[$1]}"
}
drop_console() { # it has ended, or has to
	local fd=${console_fd[$1]}
	exec {fd}>&-
	kill "${console_pid[$1]}" 2>/dev/null
	wait "${console_pid[$1]}" 2>/dev/null
	true
}
log_in() { # NAME: at a login prompt
	eventually "$1: the login prompt" 20 seen "$1" "vm-client login: "
	send "$1" $'fedora\r'
	eventually "$1: asks for the password" 5 seen "$1" "Password: "
	send "$1" $'fedora\r'
	eventually "$1: a shell" 5 seen "$1" "[fedora@vm-client ~]\$ "
}
