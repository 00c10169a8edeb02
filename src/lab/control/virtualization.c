/* virtualization: see virtualization.h. */
#include "lab/control/virtualization.h"

#include <stdlib.h>

#include "lab/control/vmis.h"
#include "lab/control/vms.h"

struct virtualization {
	struct machines *machines;
	struct vmis *vmis;
	struct vms *vms;
};

static void on_machine(const char *pod_uid, void *user)
{
	struct virtualization *v = user;
	if (v->vmis)
		vmis_machine_changed(v->vmis, pod_uid);
}

struct virtualization *virtualization_create(struct loop *loop, struct store *store, const char *cache_dir,
                                             const char *kernel)
{
	struct virtualization *v = mem_alloc(sizeof *v);
	v->machines = machines_create(&(struct machines_options){loop, store, cache_dir, kernel, on_machine, v});
	v->vmis = vmis_create(loop, store, v->machines);
	v->vms = vms_create(loop, store);
	return v;
}

void virtualization_destroy(struct virtualization *v)
{
	if (!v)
		return;
	struct vmis *vmis = v->vmis;
	v->vmis = NULL;
	vms_destroy(v->vms);
	vmis_destroy(vmis);
	machines_destroy(v->machines);
	free(v);
}

struct machines *virtualization_machines(const struct virtualization *v)
{
	return v ? v->machines : NULL;
}
