/* vmis: VirtualMachineInstances made real: a launcher pod each, whose process is the machine. Level-triggered over the
 * VMIs and pods in the store and what the machines say; vmis_plan.h decides, this carries out.
 */
#ifndef LAB_CONTROL_VMIS_H
#define LAB_CONTROL_VMIS_H

#include "lab/store.h"
#include "lab/vm/machine.h"

struct vmis;
struct vmis *vmis_create(struct loop *loop, struct store *store, struct machines *machines);
void vmis_destroy(struct vmis *vmis);
void vmis_machine_changed(struct vmis *vmis, const char *pod_uid); /* NULL: all may go on */

#endif
