/* spec: what a VirtualMachineInstance asks for, read from its object. Pure. The controller makes the launcher pod and the
 * status of it, the machine its command line.
 */
#ifndef LAB_VM_SPEC_H
#define LAB_VM_SPEC_H

#include "onesdn/base.h"

#define VM_NICS_MAX 8
struct vm_nic {              /* an interface and its network, which share a name; texts borrowed from the object */
	const char *name;    /* "default", "shared-network" */
	const char *network; /* "ns/nad" or "nad"; "" on the pod network */
	const char *mac;     /* "" when not asked for */
	const json_t *ports; /* masquerade: ports to pass on; NULL: none named */
	bool is_bridge;      /* otherwise masquerade */
	char link[16];       /* the launcher pod's interface: "eth0", "pod" + 11 hex digits of sha256(name) */
};
struct vm_nics {
	struct vm_nic items[VM_NICS_MAX];
	size_t len;
};
/* In the order of spec.domain.devices.interfaces, which is the guest's eth0, eth1, ... No interface and no network: the pod
 * network by masquerade. Errors are lines "FIELD: MESSAGE" with fields below `path` ("spec.template.spec"). */
bool vm_nics_read(const json_t *spec, const char *path, struct vm_nics *out, struct err *err);

/* The cloud-init documents of a VMI, decoded; "" when there is none. Texts are the caller's. `secret` gives the data of a
 * Secret (base64 values), NULL when it is not there. */
struct vm_cloud_init {
	char *user_data, *network_data;
};
typedef const json_t *vm_secret_fn(const char *name, void *user);
bool vm_cloud_init_read(const json_t *spec, vm_secret_fn *secret, void *user, struct vm_cloud_init *out,
                        struct err *err);
void vm_cloud_init_finish(struct vm_cloud_init *cloud_init);

const char *vm_hostname(const json_t *vmi);    /* spec.hostname or the name */
const char *vm_disk_image(const json_t *spec); /* of the first containerDisk; "" : none */
const char *vm_disk_name(const json_t *spec);  /* of that volume */
int64_t vm_grace_s(const json_t *spec);        /* terminationGracePeriodSeconds, 180 when not given */

#endif
