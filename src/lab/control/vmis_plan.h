/* What a VirtualMachineInstance's state should be next, from the facts. Pure; vmis.c carries it out. Phases, conditions,
 * labels and names are KubeVirt's (virt-controller's and virt-handler's).
 */
#ifndef LAB_CONTROL_VMIS_PLAN_H
#define LAB_CONTROL_VMIS_PLAN_H

#include "lab/vm/machine.h"

#define VMI_LAUNCHER_IMAGE "quay.io/kubevirt/virt-launcher:v1.3.0"
#define VMI_CREATED_BY "kubevirt.io/created-by" /* label of a launcher pod: its VMI's uid */
#define VMI_GATE "kubevirt.io/virtual-machine-unpaused"

struct vmi_facts {
	const json_t *vmi;
	const json_t *pod; /* its launcher; NULL: none */
	struct machine_view machine;
	const char *trouble; /* why no launcher can be made now; "" : it can */
	int64_t now_ms;
};
enum vmi_step {
	VMI_WAIT,
	VMI_CREATE_POD,
	VMI_SHUT_DOWN, /* ask the guest, once */
	VMI_DELETE_POD,
	VMI_REMOVE, /* the object: all of it is gone */
};
struct vmi_plan {
	json_t *status; /* the caller's */
	enum vmi_step step;
	int64_t deadline_ms; /* wall clock: look again then; 0: no need */
};
void vmi_plan(const struct vmi_facts *facts, struct vmi_plan *out);
json_t *vmi_launcher_pod(const json_t *vmi); /* to be created; new reference */
bool vmi_is_final(const json_t *vmi);        /* Succeeded or Failed */

#endif
