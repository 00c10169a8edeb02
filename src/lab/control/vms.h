/* vms: VirtualMachines: an instance for each as its run strategy wants it. Level-triggered; vms_plan.h decides. */
#ifndef LAB_CONTROL_VMS_H
#define LAB_CONTROL_VMS_H

#include "lab/store.h"

struct vms;
struct vms *vms_create(struct loop *loop, struct store *store);
void vms_destroy(struct vms *vms);

#endif
