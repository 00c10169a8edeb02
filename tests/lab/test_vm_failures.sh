#!/bin/bash
# What goes wrong with virtual machines: each is said where KubeVirt says it, nothing hangs, nothing is left.
# shellcheck source=tests/lab/lib.sh disable=SC2154
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/vm_lib.sh
. "$(dirname "$0")/vm_lib.sh"

begin() {
	run "up" "$@"
	pidns=$(readlink "/proc/$(lab_state init)/ns/pid")
	run "namespaces and networks" act_two
}
down() {
	run "down" lab down
	eventually "nothing is left" 5 nothing_left "$pidns"
}
changed() { # JQ: the act's VirtualMachine, changed
	k create --dry-run=client --validate=false -o json -f "$MANIFESTS/02-mixed-workloads.yaml" 2>/dev/null | jq -c 'select(.kind == "VirtualMachine")' | jq -c "$1"
}
in_mounts() { # SCRIPT: in a mount namespace of its own, as (namespace) root
	if [ "$(id -u)" -eq 0 ]; then timeout 60 unshare -m bash -c "$1"; else timeout 60 unshare -Urm bash -c "$1"; fi
}

refuses() {
	fails "running and runStrategy at once" 1 k apply -f - <<<"$(changed '.spec.runStrategy = "Always"')"
	says "says why" "Running and RunStrategy are mutually exclusive"
	fails "neither of them" 1 k apply -f - <<<"$(changed 'del(.spec.running)')"
	says "says why" "One of Running or RunStrategy must be specified"
	fails "an interface without network" 1 k apply -f - <<<"$(changed '.spec.template.spec.networks |= .[:1]')"
	says "says which" "shared-network"
	fails "a binding that the lab has not" 1 k apply -f - <<<"$(changed '.spec.template.spec.domain.devices.interfaces[1] = {name: "shared-network", sriov: {}}')"
	says "says which there are" "masquerade and bridge"
	fails "a disk without volume" 1 k apply -f - <<<"$(changed '.spec.template.spec.domain.devices.disks[0].name = "nope"')"
	says "says which" "'nope' not found"
}

goes_wrong() {
	run "an image that is not there" k apply -f - <<<"$(changed '.spec.template.spec.volumes[0].containerDisk.image = "quay.io/x/windows:11"')"
	eventually "the VM says so" 10 pull_failed
	eventually "as an event that names those there are" 5 has_event "quay.io/containerdisks/fedora"
	fails "its console" 1 v console vm-client -n tenantblue --timeout 0
	says "is not there" "VMI is not running"
	run "deleted while it waits" k -n tenantblue delete vm vm-client
	eventually "is gone" 5 is_gone
	run "cloud-init that does not parse" k apply -f - <<<"$(changed '.spec.template.spec.volumes[1].cloudInitNoCloud.userData = "#cloud-config\npassword: [unclosed\n"')"
	eventually "is an event on the VMI" 5 has_event "VirtualMachineInstance FailedCreate cloud-init: user-data"
	is "a condition, too" "$(vmi '{.status.conditions[?(@.type=="Synchronized")].reason}')" FailedCreate
	run "deleted" k -n tenantblue delete vm vm-client
	eventually "is gone" 5 is_gone
	run "cloud-init keys that are not known" k apply -f - <<<"$(changed '.spec.template.spec.volumes[1].cloudInitNoCloud.userData = "#cloud-config\npassword: fedora\nwrite_files: []\npackages: [nginx]\n"')"
	eventually "are an event on the VMI" 5 has_event "ignored: user-data: write_files"
	eventually "boots all the same" 15 is_booted
}
pull_failed() { vm '{.status.printableStatus}' | grep -qE 'ErrImagePull|ImagePullBackOff'; }

dies() {
	local pid uid
	uid=$(vmi '{.metadata.uid}')
	attach attached
	pid=$(qemu_pid)
	kill -9 "$pid"
	eventually "QEMU killed: the console is told" 5 told attached "You were disconnected from the console"
	drop_console attached
	eventually "QEMU killed: an event says that it crashed" 5 has_event "The VirtualMachineInstance crashed."
	eventually "QEMU killed: a new instance runs" 10 is_another "$uid"
	eventually "and boots" 15 is_booted
	attach attached
	send attached $'\r'
	log_in attached
	send attached $'sudo poweroff\r'
	uid=$(vmi '{.metadata.uid}')
	eventually "guest off: Always starts another" 20 is_another "$uid"
	eventually "the console is told" 5 told attached "You were disconnected from the console"
	drop_console attached
	uid=$(vmi '{.metadata.uid}')
	run "the launcher pod deleted" k -n tenantblue delete pod "$(launcher)" --wait=false
	eventually "another instance runs" 20 is_another "$uid"
	run "stop" v stop vm-client -n tenantblue
	eventually "stopped" 10 is_gone
	eventually "its launcher is gone" 10 shows "" launcher
}
is_another() { local now; now=$(vmi '{.metadata.uid}'); [ -n "$now" ] && [ "$now" != "$1" ] && is_running; }

strategies() {
	k -n tenantblue delete vm vm-client >/dev/null
	run "runStrategy Manual" k apply -f - <<<"$(changed 'del(.spec.running) | .spec.runStrategy = "Manual" | .spec.template.spec.terminationGracePeriodSeconds = 20')"
	eventually "does not start by itself" 5 shows Stopped vm '{.status.printableStatus}'
	run "start" v start vm-client -n tenantblue
	eventually "starts when asked" 10 is_booted
	run "stop" v stop vm-client -n tenantblue
	eventually "the guest is asked to shut down" 5 has_event "Signaled Graceful Shutdown"
	eventually "and does, within its grace" 10 is_gone
	is "Manual stays" "$(vm '{.spec.runStrategy} {.status.runStrategy}')" "Manual Manual"
	run "changed to Once" k -n tenantblue patch vm vm-client --type merge -p '{"spec":{"runStrategy":"Once"}}'
	eventually "runs once" 10 is_booted
	kill -9 "$(qemu_pid)"
	eventually "ends as failed, and stays so" 5 shows Failed vmi '{.status.phase}'
	eventually "printableStatus Stopped" 5 shows Stopped vm '{.status.printableStatus}'
	fails "Once is not started by hand" 1 v start vm-client -n tenantblue
	says "says so" "Once does not support manual start requests"
	run "deleted" k -n tenantblue delete vm vm-client
	eventually "is gone" 10 is_gone
}

console_takes_all() {
	local n
	run "the act's VM" k apply -f - <<<"$(changed .)"
	eventually "it runs" 10 is_running
	attach attached
	send attached $'\r'
	log_in attached
	send attached $'head -c 10000000 /dev/zero | tr "\\0" "#"; echo; echo EN"D"\r'
	eventually "10 MB come over the console" 90 seen attached END
	n=$(tr -cd '#' <"$PLACE/attached.out" | wc -c)
	[ "$n" -ge 10000000 ]
	result $? "whole ($n bytes)"
	n=$(awk '/^VmRSS/ {print $2}' "/proc/$(supervisor)/status")
	[ "$n" -lt 60000 ]
	result $? "and the lab's memory does not grow ($n kB)"
	: >"$PLACE/attached.out"
	send attached $'head -c 200000 /dev/urandom; echo; echo EN"D"\r'
	eventually "binary garbage passes" 20 seen attached END
	n=$(wc -c <"$PLACE/attached.out")
	[ "$n" -ge 200000 ]
	result $? "whole ($n bytes)"
	send attached $'\r\rreset\r\r'
	kill -STOP "${console_pid[attached]}"
	run "while a client does not read, the API answers" k -n tenantblue get vmi vm-client
	kill -CONT "${console_pid[attached]}"
	send attached $'stty sane; yes | head -c 3000000 | md5sum\r'
	eventually "the guest works on" 30 seen attached "  -"
	head -c 400000 /dev/zero | tr '\0' 'x' >&"${console_fd[attached]}"
	send attached $'\003\r\recho al"ive"\r'
	eventually "400 kB typed in one go do not hurt" 60 seen attached alive
	drop_console attached
	run "delete" k -n tenantblue delete vm vm-client
	eventually "gone" 10 is_gone
}
supervisor() { cut -d' ' -f1 "/proc/$(lab_state init)/task/$(lab_state init)/children"; }

no_qemu() {
	local qemu
	qemu=$(command -v qemu-system-x86_64)
	begin in_mounts "mount --bind /dev/null $qemu && exec $LAB up"
	run "a VM without QEMU" k apply -f - <<<"$(changed .)"
	eventually "is an event with the cure" 5 has_event "install the package qemu-system-x86"
	is "the VM is starting" "$(vm '{.status.printableStatus}')" Starting
	run "the VMI is pending, and why" vmi '{.status.phase} {.status.conditions[?(@.type=="Synchronized")].message}'
	says "says why" "Pending virtual machines need QEMU"
	run "status" lab status
	says "status says so" "not possible (virtual machines need QEMU"
	is "it is logged once, not again and again" "$(lab logs | grep -c 'virtual machines need QEMU')" 1
	run "and the lab is at rest" at_rest
	run "delete" k -n tenantblue delete vm vm-client
	eventually "gone" 5 is_gone
	down
}

no_kernel() {
	head -c 100000 /dev/urandom >"$PLACE/home/garbage"
	begin env ONESDN_LAB_KERNEL="$PLACE/home/garbage" "$LAB" up
	run "a VM whose kernel is garbage" k apply -f - <<<"$(changed .)"
	eventually "backs off, having failed to start or run" 25 never_boots
	run "and the lab is at rest" at_rest
	run "delete" k -n tenantblue delete vm vm-client
	eventually "gone" 10 is_gone
	is "no QEMU is left" "$(qemus)" 0
	rm "$PLACE/home/garbage"
	down
}
# A supervisor that goes round and round would use up the whole second.
at_rest() {
	local before used
	before=$(ticks_of "$(supervisor)")
	read -rt 1 <> <(:) || :
	used=$(($(ticks_of "$(supervisor)") - before))
	echo "$used ticks of 100"
	[ "$used" -lt 20 ]
}
ticks_of() { awk '{print $14 + $15}' "/proc/$1/stat"; }
never_boots() { shows CrashLoopBackOff vm '{.status.printableStatus}' || has_event "GuestNotBooting"; }

all() {
	new_place
	begin lab up
	refuses
	goes_wrong
	dies
	strategies
	console_takes_all
	down
	no_qemu
	no_kernel
	lab down >/dev/null
	rm -rf "$PLACE"
}
all
finish
