/* The status of a VMI in full, in a phase that is given. Pure. */
#ifndef LAB_CONTROL_VMIS_STATUS_H
#define LAB_CONTROL_VMIS_STATUS_H

#include "lab/control/vmis_plan.h"

json_t *vmi_status(const struct vmi_facts *facts, const char *phase); /* new reference */

#endif
