/* What a VirtualMachine needs next: an instance or none, and its status. Pure; vms.c carries it out. Rules, words and the
 * order of printableStatus are KubeVirt's (virt-controller).
 */
#ifndef LAB_CONTROL_VMS_PLAN_H
#define LAB_CONTROL_VMS_PLAN_H

#include "onesdn/base.h"

#define VM_FINALIZER "kubevirt.io/virtualMachineControllerFinalize"

enum vm_step {
	VM_WAIT,
	VM_START,   /* create its instance */
	VM_STOP,    /* delete it */
	VM_RELEASE, /* the object is being deleted and has no instance: it may go */
};
struct vm_plan {
	json_t *status; /* the caller's */
	enum vm_step step;
	int64_t again_ms; /* wall clock: look again then; 0: no need */
};
void vm_plan(const json_t *vm, const json_t *vmi, int64_t now_ms, struct vm_plan *out); /* vmi NULL: none */
json_t *vm_instance(const json_t *vm);         /* the VMI to be created; new reference */
const char *vm_run_strategy(const json_t *vm); /* spec.runStrategy, or what spec.running stands for */

#endif
