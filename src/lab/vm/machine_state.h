/* What the files of the machine share. */
#ifndef LAB_VM_MACHINE_STATE_H
#define LAB_VM_MACHINE_STATE_H

#include "lab/vm/machine.h"

#define MACHINE_LINE_MAX ((size_t)64 << 10) /* bytes of a line of the agent or of QMP */
#define MACHINE_MEMORY_MB 256               /* of a guest; what it does not touch costs nothing */
#define MACHINE_FD_FIRST 64                 /* inherited descriptors are above those that a shell uses */

enum { CHANNEL_SERIAL, CHANNEL_AGENT, CHANNEL_QMP, N_CHANNELS };
struct machine_console {
	struct machine *machine; /* NULL: ended */
	struct machine_console_events events;
	bool is_paused;
};
struct machine {
	struct machines *machines;
	struct loop *loop;
	char *pod_uid, *vmi_uid;
	json_t *vmi;
	struct vm_nics nics; /* borrows from vmi */
	char macs[VM_NICS_MAX][18];
	int channels[N_CHANNELS]; /* our ends; -1: closed */
	struct loop_fd *sources[N_CHANNELS];
	int taps[VM_NICS_MAX]; /* -1: none */
	VEC(int) inherited;    /* QEMU's ends, until it has been started */
	VEC(int) holders;      /* pipes that keep the pod's other containers running */
	int log_pipe;          /* among them: the console's log; -1: none */
	struct str to_serial;  /* what the guest has not taken yet */
	struct str agent_line, qmp_line;
	bool is_agent_line_cut;
	json_t *report;
	struct machine_console *console;
	struct loop_timer *boot_timer;
	bool is_kvm, is_started, is_running, is_paused, is_over, is_late;
	/* of the launch that is going on */
	VEC(char *) argv;
	VEC(struct container_bind) binds;
	VEC(char *) texts;
};

/* ---- machine_launch.c ---- */
void machine_launch_finish(struct machine *machine); /* frees what belongs to the launch, closes QEMU's ends here */

/* ---- machine.c ---- */
bool machine_open_channels(struct machine *machine, int theirs[N_CHANNELS], struct err *err);
void machine_changed(struct machine *machine);
void machine_destroy(struct machine *machine);
struct machine *machine_create(struct machines *machines, const char *pod_uid, const json_t *vmi);

/* ---- report.c: a line of the agent, checked; pure ---- */
json_t *machine_report_parse(const char *line, size_t len); /* NULL: none. New reference */

/* ---- machines.c ---- */
struct loop *machines_loop(const struct machines *machines);
void machines_tell(struct machines *machines, const char *pod_uid);
bool machines_may_use_kvm(const struct machines *machines);
void machines_kvm_failed(struct machines *machines, const char *why);
const char *machines_kernel(const struct machines *machines);
const char *machines_initramfs(const struct machines *machines);

/* ---- arguments that every guest gets, also the one that KVM is tried with ---- */
#define MACHINE_APPEND                                                                                                 \
	"console=ttyS0 quiet net.ifnames=0 nokaslr mitigations=off tsc=reliable no_timer_check "                       \
	"rcupdate.rcu_expedited=1 "                                                                                    \
	"random.trust_cpu=on 8250.nr_uarts=2"
#define MACHINE_QEMU "qemu-system-x86_64"
#define MACHINE_TCG "tcg,tb-size=32" /* translated code, MB: more is never used by these guests but kept */

#endif
