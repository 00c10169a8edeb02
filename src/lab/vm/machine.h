/* machine: the QEMU of one VMI. It runs as the process of the launcher pod's container "compute", in the pod's network
 * namespace; control/pod_containers.c asks machine_launch what to run there. What the guest says is reached through here:
 * the serial console (api/console.c), the agent's reports (control/vmis.c), pausing and ending.
 *
 * Three socket pairs lead into QEMU: ttyS0 (console), ttyS1 (the agent of src/guest, JSON lines), QMP (QEMU's monitor).
 * QEMU's end is seen as the end of these; its exit status is the container's.
 */
#ifndef LAB_VM_MACHINE_H
#define LAB_VM_MACHINE_H

#include "lab/container.h"
#include "lab/sandbox.h"
#include "lab/vm/spec.h"

struct machines;
struct machine;

/* ---- machines.c: all of them, the guest they boot, and how ---- */
struct machines_options {
	struct loop *loop;
	struct store *store;   /* Secrets of cloud-init */
	const char *cache_dir; /* of the guest's initramfs and what was learned about KVM */
	const char *kernel;    /* instead of the machine's own; NULL or "": none */
	void (*on_change)(const char *pod_uid, void *user); /* pod_uid NULL: machines_state changed */
	void *user;
};
struct machines *machines_create(const struct machines_options *options);
void machines_destroy(struct machines *machines);
enum machines_state { MACHINES_UNPREPARED, MACHINES_PREPARING, MACHINES_READY, MACHINES_IMPOSSIBLE };
/* Assembles the guest and tries KVM, in the background; what is impossible is tried anew by calling it again. */
void machines_prepare(struct machines *machines);
enum machines_state machines_state(const struct machines *machines);
const char *machines_trouble(const struct machines *machines); /* why it is or last was impossible, and the cure; "" once it is possible */
json_t *machines_status(const struct machines *machines); /* {"accel":"tcg","why":"...","running":1}; new reference */

/* A machine for the launcher pod of this uid; what runs already by that uid is given. */
struct machine *machine_add(struct machines *machines, const char *pod_uid, const json_t *vmi);
struct machine *machine_find(const struct machines *machines, const char *pod_uid); /* NULL: that pod is no launcher */
struct machine *machine_of_vmi(const struct machines *machines,
                               const char *vmi_uid); /* that has not ended; NULL: none */
void machine_remove(struct machines *machines, const char *pod_uid);

/* The seed of a VMI as its cloud-init has it; `ignored` (may be NULL) gets what the lab leaves out, comma-separated. */
struct machine_lease { /* what the launcher's DHCP would give the guest on a bridge with an address */
	char address[64], gateway[64];
};
bool machine_seed(struct machines *machines, const json_t *vmi, const struct machine_lease *leases, struct str *out,
                  struct str *ignored, struct err *err);

/* ---- launching, for the pod controller ---- */
/* Fills in what the container runs, in place of its image's program: argv, binds, descriptors. They live until
 * machine_launched, which must follow. */
bool machine_launch(struct machine *machine, const char *container, const struct sandbox *sandbox,
                    const struct attachments *attachments, struct container_spec *spec, struct err *err);
void machine_launched(struct machine *machine);

/* ---- what it is and does ---- */
struct machine_view {
	bool is_running, is_paused;    /* QEMU answers */
	bool is_over;                  /* it ran, and has ended */
	bool is_late;                  /* it runs, but its guest has said nothing for long */
	const json_t *report;          /* of the agent, checked; NULL: none. {"interfaces":[...],"os":{...}} */
	const char *accel;             /* "kvm", "tcg" */
	const char *macs[VM_NICS_MAX]; /* the guest's, in the order of vm_nics; "" while unknown */
};
void machine_look(const struct machine *machine, struct machine_view *out); /* machine NULL: nothing there */
void machine_pause(struct machine *machine, bool paused);
void machine_reboot(struct machine *machine);    /* softly, by the agent */
void machine_shut_down(struct machine *machine); /* by the agent; a guest that cannot hear it is ended at once */

/* ---- the console: one client a machine ---- */
struct machine_console;
struct machine_console_events {
	void (*on_output)(const char *bytes, size_t size, void *user);
	void (*on_room)(void *user); /* machine_console_pending has sunk to 0 */
	void (*on_end)(void *user);  /* replaced, or the machine has ended: nothing comes any more, close it */
	void *user;
};
/* Ends another client's. NULL: this VMI has no machine that runs. */
struct machine_console *machine_console_open(struct machines *machines, const char *vmi_uid,
                                             const struct machine_console_events *events);
void machine_console_write(struct machine_console *console, const char *bytes, size_t size);
size_t machine_console_pending(const struct machine_console *console);    /* bytes the guest has not taken yet */
void machine_console_pause(struct machine_console *console, bool paused); /* the guest's output waits in the guest */
void machine_console_close(struct machine_console *console);

#endif
