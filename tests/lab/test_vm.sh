#!/bin/bash
# A virtual machine's life in the lab, with the second act's manifests: created, booted, its console, what it reaches,
# paused, restarted, stopped, deleted. Real kubectl, this project's virtctl, real packets.
# shellcheck source=tests/lab/lib.sh disable=SC2154,SC2317
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/vm_lib.sh
. "$(dirname "$0")/vm_lib.sh"

boots() {
	local start took
	run "up" lab up
	pidns=$(readlink "/proc/$(lab_state init)/ns/pid")
	run "namespaces and networks without IPAM" act_two
	start=$(now_ms)
	run "the act's workloads" k apply -f "$MANIFESTS/02-mixed-workloads.yaml"
	eventually "the VMI runs" 5 is_running
	attach first
	send first $'\r'
	eventually "the login prompt comes" 15 seen first "vm-client login: "
	took=$(($(now_ms) - start))
	echo "# created to login prompt: $took ms"
	eventually "the agent reports" 10 is_booted
}

is_as_kubevirt() {
	local pod
	pod=$(launcher)
	is "printableStatus" "$(vm '{.status.printableStatus} {.status.created} {.status.ready}')" "Running true true"
	is "Ready" "$(vm '{.status.conditions[?(@.type=="Ready")].status}')" True
	is "phases in order" "$(vmi '{.status.phaseTransitionTimestamps[*].phase}')" "Pending Scheduling Scheduled Running"
	is "owner of the VMI" "$(vmi '{.metadata.ownerReferences[0].kind}/{.metadata.ownerReferences[0].name}')" VirtualMachine/vm-client
	is "the primary interface comes first and shows the pod's address" "$(vmi '{.status.interfaces[0].name} {.status.interfaces[0].ipAddress} {.status.interfaces[0].infoSource}')" \
		"default $(k -n tenantblue get pod "$pod" -o 'jsonpath={.status.podIP}') domain, guest-agent"
	is "the secondary one shows the guest's" "$(vmi '{.status.interfaces[1].name} {.status.interfaces[1].ipAddress} {.status.interfaces[1].interfaceName} {.status.interfaces[1].podInterfaceName} {.status.interfaces[1].infoSource}')" \
		"shared-network 192.168.200.10 eth1 pod280fca44283 domain, guest-agent, multus-status"
	is "its MAC address is the pod interface's" "$(vmi '{.status.interfaces[1].mac}')" \
		"$(k -n tenantblue get pod "$pod" -o 'jsonpath={.metadata.annotations.k8s\.v1\.cni\.cncf\.io/network-status}' | jq -r '.[1].mac')"
	is "networks annotation" "$(k -n tenantblue get pod "$pod" -o 'jsonpath={.metadata.annotations.k8s\.v1\.cni\.cncf\.io/networks}')" \
		'[{"name":"shared-net","namespace":"tenantblue","interface":"pod280fca44283"}]'
	is "label created-by" "$(k -n tenantblue get pod "$pod" -o 'jsonpath={.metadata.labels.kubevirt\.io/created-by}')" "$(vmi '{.metadata.uid}')"
	run "the launcher is 3/3" k -n tenantblue get pod "$pod" --no-headers
	says "three containers, all ready" "3/3   Running"
	run "table of VMs" k -n tenantblue get vm
	says "its columns" "NAME        AGE"
	run "table of VMIs, wide" k -n tenantblue get vmi -o wide
	says "its columns" "LIVE-MIGRATABLE"
	run "event of the start" has_event "VirtualMachineInstance Started VirtualMachineInstance started."
	run "QEMU is the launcher's process" k -n tenantblue exec "$pod" -- ps -o args= -p 1
	says "in the container compute" "qemu-system-x86_64"
	run "static address of a pod" k -n tenantblue get pod blue-server -o 'jsonpath={.metadata.annotations.k8s\.v1\.cni\.cncf\.io/network-status}'
	says "as asked for" 192.168.200.20
	run "guest information" raw GET "/apis/subresources.kubevirt.io/v1/namespaces/tenantblue/virtualmachineinstances/vm-client/guestosinfo"
	says "names the guest's system" "onesdn guest"
}
console_is_logged() { k -n tenantblue logs "$(launcher)" -c guest-console-log | grep -q "vm-client login: fedora"; }

reaches() {
	log_in first
	eventually "the console is in the log of guest-console-log" 5 console_is_logged
	send first $'curl -sS -m 5 http://192.168.200.20:9000/hostname; echo " A"\r'
	eventually "the VM reaches blue-server over the shared network" 10 seen first "blue-server A"
	send first $'curl -sS -m 5 http://192.168.200.30:9000/hostname; echo " B"\r'
	eventually "the VM reaches yellow-server in the other namespace" 10 seen first "yellow-server B"
	send first $'ping -c1 -W3 192.168.200.30 | grep -o "1 received"\r'
	eventually "ping" 10 seen first "1 received"
	blue=$(k -n tenantblue get pod blue-server -o 'jsonpath={.status.podIP}')
	send first "curl -sS -m 5 http://$blue:9000/hostname; echo \" C\""$'\r'
	eventually "the VM reaches the pod network behind its masquerade" 10 seen first "blue-server C"
	send first $'head -c 3000000 /dev/zero | curl -sS -m 20 -o /dev/null -w "%{size_upload} sent\\n" -T - http://192.168.200.30:9000/x\r'
	eventually "3 MB of TCP through tap, bridge and Geneve" 25 seen_sent
	send first $'sudo id -u; psql --version; jq --version; which vi less top ss ip\r'
	eventually "the tools are there" 8 seen first "/bin/ip"
}

seen_sent() { grep -qaE '300[0-9]{4} sent' "$PLACE/first.out"; }

is_shared() {
	attach second
	eventually "a second console takes over" 5 told first "You were disconnected from the console"
	eventually "the first has ended" 5 has_ended first
	drop_console first
	send second $'echo still $((40 + 2))\r'
	eventually "the second one works" 8 seen second "still 42"
	leave second
	is "its exit status" $? 0
}

pauses() {
	run "pause" v pause vm vm-client -n tenantblue
	eventually "printableStatus Paused" 5 shows Paused vm '{.status.printableStatus}'
	eventually "the launcher is not ready" 5 shows False k -n tenantblue get pod "$(launcher)" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}'
	fails "pausing again" 1 v pause vmi vm-client -n tenantblue
	says "says so" "VMI is already paused"
	run "unpause" v unpause vm vm-client -n tenantblue
	eventually "runs again" 5 shows Running vm '{.status.printableStatus}'
	fails "unpausing again" 1 v unpause vmi vm-client -n tenantblue
	says "says so too" "VMI is not paused"
}

restarts() {
	local uid mac
	uid=$(vmi '{.metadata.uid}') mac=$(vmi '{.status.interfaces[1].mac}')
	attach attached
	run "restart with a console attached" v restart vm-client -n tenantblue
	eventually "the console is told" 10 told attached "You were disconnected from the console"
	drop_console attached
	eventually "a new instance runs" 15 is_another "$uid"
	eventually "and boots" 15 is_booted
	[ "$(vmi '{.status.interfaces[1].mac}')" != "$mac" ]
	result $? "with another MAC address, as without IPAM"
	fails "starting what runs" 1 v start vm-client -n tenantblue
	says "says so" "VM is already running"
	uid=$(vmi '{.metadata.uid}')
	run "soft reboot" raw PUT "/apis/subresources.kubevirt.io/v1/namespaces/tenantblue/virtualmachineinstances/vm-client/softreboot"
	eventually "the guest is away" 10 not_booted
	eventually "and back, the same instance" 15 is_booted
	is "the same instance" "$(vmi '{.metadata.uid}')" "$uid"
}
is_another() { local now; now=$(vmi '{.metadata.uid}'); [ -n "$now" ] && [ "$now" != "$1" ] && is_running; }
not_booted() { ! is_booted >/dev/null; }

stops() {
	attach attached
	run "stop with a console attached" v stop vm-client -n tenantblue
	eventually "the console is told" 10 told attached "You were disconnected from the console"
	drop_console attached
	eventually "the instance is gone" 10 is_gone
	is "running is false" "$(vm '{.spec.running}')" false
	eventually "printableStatus Stopped" 5 shows Stopped vm '{.status.printableStatus}'
	is "Ready is False because" "$(vm '{.status.conditions[?(@.type=="Ready")].reason}')" VMINotExists
	eventually "no launcher is left" 5 shows "" launcher
	is "no QEMU is left" "$(qemus)" 0
	fails "a console of nothing" 1 v console vm-client -n tenantblue --timeout 0
	says "says so" "not found"
	fails "stopping again" 1 v stop vm-client -n tenantblue
	says "says so too" "VM is not running"
	run "start" v start vm-client -n tenantblue
	eventually "runs again" 10 is_running
	attach attached
	run "delete with a console attached" k -n tenantblue delete vm vm-client
	eventually "the console hears of it" 10 told attached "You were disconnected from the console"
	drop_console attached
	eventually "the instance goes with it" 10 is_gone
	is "no QEMU is left" "$(qemus)" 0
}

belongs_to_workload_owners() {
	owner() { k --context lab-workload-owner "$@"; }
	run "a workload owner creates the VM" owner apply -f "$MANIFESTS/02-mixed-workloads.yaml"
	eventually "it runs" 10 is_running
	run "may change it" owner auth can-i update virtualmachines -n tenantblue
	run "and deletes it" owner -n tenantblue delete vm vm-client
	run "down with the lab" lab down
	eventually "nothing is left" 5 nothing_left "$pidns"
}

all() {
	new_place
	boots
	is_as_kubevirt
	reaches
	is_shared
	pauses
	restarts
	stops
	belongs_to_workload_owners
	lab down >/dev/null
	rm -rf "$PLACE"
}
both_users all
