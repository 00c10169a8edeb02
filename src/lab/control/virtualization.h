/* virtualization: the lab's KubeVirt: machines and the controllers of VirtualMachines and their instances, as one part of
 * the supervisor's.
 */
#ifndef LAB_CONTROL_VIRTUALIZATION_H
#define LAB_CONTROL_VIRTUALIZATION_H

#include "lab/store.h"
#include "lab/vm/machine.h"

struct virtualization;
/* kernel: the guests' instead of the machine's own, or NULL. Made before the pods' controller, destroyed after it. */
struct virtualization *virtualization_create(struct loop *loop, struct store *store, const char *cache_dir,
                                             const char *kernel);
void virtualization_destroy(struct virtualization *virtualization);
struct machines *virtualization_machines(const struct virtualization *virtualization); /* NULL is fine */

#endif
