/* All machines; the guest that they boot, assembled by a process of its own; whether KVM serves, tried once. See machine.h.
 *
 * That /dev/kvm opens proves nothing: where virtualisation is nested badly a guest hangs or QEMU aborts. So a guest is booted
 * with it, beside everything else, and KVM is used once that one has reported. What came out is kept in the cache folder
 * with the boot's id, because trying costs a processor for seconds where it hangs.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab/vm/image.h"
#include "lab/vm/machine_state.h"
#include "lab/vm/seed.h"

#define PREPARE_MS 60000
#define TRIAL_MS 4000
#define TRIAL_MEMORY "192"
#define TEXT_MAX ((size_t)64 << 10)
#define KVM "/dev/kvm"

struct trial { /* of KVM */
	struct loop_command *command;
	struct loop_fd *source;
	int agent, theirs;
};
struct machines {
	struct machines_options options;
	char *cache_dir, *kernel_asked;
	struct map by_pod; /* uid -> struct machine * */
	enum machines_state state;
	char trouble[ERR_TEXT_MAX];
	struct loop_command *preparing;
	struct vm_image image;
	struct trial trial;
	bool is_kvm, is_kvm_known;
	char kvm_words[256];
};

struct loop *machines_loop(const struct machines *machines)
{
	return machines->options.loop;
}

void machines_tell(struct machines *machines, const char *pod_uid)
{
	machines->options.on_change(pod_uid, machines->options.user);
}

/* ---- KVM ---- */

static void end_trial(struct machines *machines)
{
	struct trial *trial = &machines->trial;
	loop_command_destroy(trial->command);
	loop_fd_destroy(trial->source);
	if (trial->agent >= 0)
		close(trial->agent);
	if (trial->theirs >= 0)
		close(trial->theirs);
	*trial = (struct trial){.agent = -1, .theirs = -1};
}

/* Of this boot of this machine, by this kernel: one line. */
static char *boot_id(void)
{
	struct str text = {0};
	if (!file_read("/proc/sys/kernel/random/boot_id", 64, &text, NULL))
		str_append(&text, "unknown");
	str_text(&text);
	if (text.len)
		text.data[strcspn(text.data, "\n")] = '\0';
	return str_take(&text);
}

static void keep_result(const struct machines *machines)
{
	struct err err = {0};
	char *boot = boot_id(), *path = mem_printf("%s/kvm", machines->cache_dir);
	char *text = mem_printf("%s %s %s\n", boot, machines->is_kvm ? "works" : "fails", machines->kvm_words);
	if (!file_write(path, text, strlen(text), 0600, &err))
		log_write(LOG_WARN, "what was learned about KVM is not kept: %s", err.text);
	free(boot);
	free(path);
	free(text);
}

static void set_kvm(struct machines *machines, bool works, const char *words)
{
	end_trial(machines);
	machines->is_kvm_known = true;
	machines->is_kvm = works;
	snprintf(machines->kvm_words, sizeof machines->kvm_words, "%s", words);
	log_write(LOG_INFO, "virtual machines run %s: %s", works ? "with KVM" : "without KVM", words);
}

static bool recall_result(struct machines *machines)
{
	struct str text = {0};
	char *boot = boot_id(), *path = mem_printf("%s/kvm", machines->cache_dir), *save = NULL;
	bool is_known = false;
	if (file_read(path, 1024, &text, NULL) && text.len && text_is_safe(text.data, strcspn(text.data, "\n"))) {
		text.data[strcspn(text.data, "\n")] = '\0';
		const char *id = strtok_r(text.data, " ", &save), *word = strtok_r(NULL, " ", &save);
		is_known = id && word && strcmp(id, boot) == 0;
		if (is_known)
			set_kvm(machines, strcmp(word, "works") == 0, save ? save : "");
	}
	str_finish(&text);
	free(boot);
	free(path);
	return is_known;
}

void machines_kvm_failed(struct machines *machines, const char *why)
{
	set_kvm(machines, false, why);
	keep_result(machines);
}

bool machines_may_use_kvm(const struct machines *machines)
{
	return machines->is_kvm_known && machines->is_kvm;
}

static void on_trial_report(int events, void *user)
{
	struct machines *machines = user;
	char byte;
	(void)events;
	ssize_t n = recv(machines->trial.agent, &byte, 1, MSG_DONTWAIT);
	if (n <= 0) {
		loop_fd_set(machines->trial.source, 0); /* the end of the command says why */
		return;
	}
	set_kvm(machines, true, "a guest booted with it");
	keep_result(machines);
}

static void on_trial_end(const struct loop_result *result, void *user)
{
	char words[200];
	const char *errors = result->errors;
	size_t len = strcspn(errors, "\n");
	struct str safe = {0};
	str_append_safe(&safe, errors, len < 120 ? len : 120);
	if (result->status == -1)
		snprintf(words, sizeof words, KVM " opens, but a guest made no progress with it in %d s",
		         TRIAL_MS / 1000);
	else
		snprintf(words, sizeof words, KVM " opens, but QEMU ends with it%s%s", safe.len ? ": " : "",
		         str_text(&safe));
	str_finish(&safe);
	machines_kvm_failed(user, words);
}

/* In the child, last before QEMU. */
static int keep_agent(void *user)
{
	const struct trial *trial = user;
	return fcntl(trial->theirs, F_SETFD, 0) < 0;
}

static void start_trial(struct machines *machines)
{
	struct trial *trial = &machines->trial;
	int both[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, both) < 0)
		return;
	trial->agent = both[0];
	trial->theirs = both[1];
	trial->source = loop_fd_create(machines->options.loop, both[0], LOOP_READ, on_trial_report, machines);
	char agent[64];
	snprintf(agent, sizeof agent, "socket,id=agent0,fd=%d", both[1]);
	const char *const argv[] = {MACHINE_QEMU,
	                            "-accel",
	                            "kvm",
	                            "-machine",
	                            "q35",
	                            "-cpu",
	                            "max",
	                            "-m",
	                            TRIAL_MEMORY,
	                            "-nodefaults",
	                            "-no-user-config",
	                            "-display",
	                            "none",
	                            "-serial",
	                            "null",
	                            "-chardev",
	                            agent,
	                            "-serial",
	                            "chardev:agent0",
	                            "-kernel",
	                            machines->image.kernel,
	                            "-initrd",
	                            machines->image.initramfs,
	                            "-append",
	                            MACHINE_APPEND,
	                            NULL};
	const struct loop_spawn spawn = {
	        .argv = argv, .cwd = "/", .death_signal = SIGKILL, .prepare = keep_agent, .prepare_user = trial};
	trial->command =
	        loop_command_create(machines->options.loop, &spawn, "", TEXT_MAX, TRIAL_MS, on_trial_end, machines);
	close(both[1]);
	trial->theirs = -1;
}

static void learn_kvm(struct machines *machines)
{
	if (machines->is_kvm_known || machines->trial.command)
		return;
	int fd = open(KVM, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		char words[128];
		snprintf(words, sizeof words, KVM ": %s", strerror(errno));
		set_kvm(machines, false, words);
		return;
	}
	close(fd);
	if (!recall_result(machines))
		start_trial(machines);
}

/* ---- the guest ---- */

/* Told once: who hears of it asks for another try, which may well end with the same words. */
static void impossible(struct machines *machines, const char *words)
{
	char was[sizeof machines->trouble];
	memcpy(was, machines->trouble, sizeof was);
	machines->state = MACHINES_IMPOSSIBLE;
	snprintf(machines->trouble, sizeof machines->trouble, "%s", words);
	if (strcmp(was, machines->trouble) == 0)
		return;
	log_write(LOG_WARN, "%s", words);
	machines_tell(machines, NULL);
}

static void on_prepared(const struct loop_result *result, void *user)
{
	struct machines *machines = user;
	json_t *paths = result->failure == NULL && result->status == 0
	                        ? json_parse(result->out, strlen(result->out), "guest-image", NULL)
	                        : NULL;
	const char *kernel = json_walk_str(paths, "kernel", NULL), *initramfs = json_walk_str(paths, "initramfs", NULL);
	if (paths) {
		vm_image_finish(&machines->image);
		machines->image.kernel = mem_strdup(*machines->kernel_asked ? machines->kernel_asked : kernel);
		machines->image.initramfs = mem_strdup(initramfs);
		machines->state = MACHINES_READY;
		machines->trouble[0] = '\0';
		learn_kvm(machines);
		machines_tell(machines, NULL);
	} else {
		struct str words = {0};
		const char *text = result->failure   ? result->failure
		                   : *result->errors ? result->errors
		                                     : "the guest could not be assembled";
		str_append_safe(&words, text, strcspn(text, "\n"));
		impossible(machines, str_text(&words));
		str_finish(&words);
	}
	json_decref(paths);
	loop_command_destroy(machines->preparing);
	machines->preparing = NULL;
}

void machines_prepare(struct machines *machines)
{
	char *qemu = path_program(MACHINE_QEMU);
	bool has_qemu = qemu != NULL;
	free(qemu);
	if (machines->preparing || (machines->state == MACHINES_READY && has_qemu))
		return;
	if (!has_qemu) {
		impossible(machines, "virtual machines need QEMU, and the program " MACHINE_QEMU
		                     " is missing: install the package qemu-system-x86 "
		                     "(Debian: apt install qemu-system-x86)");
		return;
	}
	const char *const argv[] = {"/proc/self/exe", "guest-image", machines->cache_dir, NULL};
	const struct loop_spawn spawn = {.argv = argv, .cwd = "/", .death_signal = SIGKILL};
	machines->state = MACHINES_PREPARING;
	machines->preparing =
	        loop_command_create(machines->options.loop, &spawn, "", TEXT_MAX, PREPARE_MS, on_prepared, machines);
}

enum machines_state machines_state(const struct machines *machines)
{
	return machines->state;
}

const char *machines_trouble(const struct machines *machines)
{
	return machines->trouble;
}

const char *machines_kernel(const struct machines *machines)
{
	return machines->image.kernel;
}

const char *machines_initramfs(const struct machines *machines)
{
	return machines->image.initramfs;
}

/* ---- the seed ---- */

struct secrets {
	const struct store *store;
	const char *ns;
};

static const json_t *secret_data(const char *name, void *user)
{
	const struct secrets *secrets = user;
	return json_object_get(store_get(secrets->store, lab_resource_kind("Secret"), secrets->ns, name), "data");
}

static void list_ignored(const struct seed *seed, struct str *out)
{
	for (size_t i = 0; i < seed->ignored.len; i++)
		str_append_f(out, "%s%s", i ? ", " : "", seed->ignored.data[i]);
}

bool machine_seed(struct machines *machines, const json_t *vmi, const struct machine_lease *leases, struct str *out,
                  struct str *ignored, struct err *err)
{
	struct secrets secrets = {machines->options.store, json_walk_str(vmi, "metadata", "namespace", NULL)};
	struct vm_cloud_init cloud_init;
	struct seed seed;
	if (!vm_cloud_init_read(json_object_get(vmi, "spec"), secret_data, &secrets, &cloud_init, err))
		return false;
	struct seed_lease given[VM_NICS_MAX] = {{"", ""}};
	for (size_t i = 0; leases && i < VM_NICS_MAX; i++)
		given[i] = (struct seed_lease){leases[i].address, leases[i].gateway};
	const struct seed_input input = {.hostname = vm_hostname(vmi),
	                                 .user_data = cloud_init.user_data,
	                                 .network_data = cloud_init.network_data,
	                                 .present = vm_image_packages,
	                                 .leases = given,
	                                 .n_leases = leases ? VM_NICS_MAX : 0};
	bool is_done = seed_build(&input, &seed, err);
	if (is_done) {
		str_append_n(out, str_text(&seed.text), seed.text.len);
		if (ignored)
			list_ignored(&seed, ignored);
		seed_finish(&seed);
	}
	vm_cloud_init_finish(&cloud_init);
	return is_done;
}

/* ---- all ---- */

struct machine *machine_find(const struct machines *machines, const char *pod_uid)
{
	return machines ? map_find(&machines->by_pod, pod_uid) : NULL;
}

struct machine *machine_add(struct machines *machines, const char *pod_uid, const json_t *vmi)
{
	struct machine *machine = machine_find(machines, pod_uid);
	if (machine)
		return machine;
	machine = machine_create(machines, pod_uid, vmi);
	map_set(&machines->by_pod, pod_uid, machine);
	return machine;
}

void machine_remove(struct machines *machines, const char *pod_uid)
{
	machine_destroy(map_remove(&machines->by_pod, pod_uid));
}

struct machine *machine_of_vmi(const struct machines *machines, const char *vmi_uid)
{
	for (size_t i = 0; machines && i < machines->by_pod.len; i++) {
		struct machine *machine = machines->by_pod.entries[i].value;
		if (strcmp(machine->vmi_uid, vmi_uid) == 0 && !machine->is_over)
			return machine;
	}
	return NULL;
}

json_t *machines_status(const struct machines *machines)
{
	size_t n = 0;
	for (size_t i = 0; i < machines->by_pod.len; i++)
		n += ((const struct machine *)machines->by_pod.entries[i].value)->is_running;
	const char *words = machines->state == MACHINES_IMPOSSIBLE ? machines->trouble
	                    : machines->is_kvm_known               ? machines->kvm_words
	                    : machines->trial.command              ? "KVM is being tried"
	                                                           : "KVM is tried with the first of them";
	const char *accel = machines->state == MACHINES_IMPOSSIBLE ? "none"
	                    : machines_may_use_kvm(machines)       ? "kvm"
	                                                           : "tcg";
	return json_pack("{s:s, s:s, s:I}", "accel", accel, "why", words, "running", (json_int_t)n);
}

struct machines *machines_create(const struct machines_options *options)
{
	struct machines *machines = mem_alloc(sizeof *machines);
	machines->options = *options;
	machines->cache_dir = mem_strdup(options->cache_dir);
	machines->kernel_asked = mem_strdup(options->kernel ? options->kernel : "");
	machines->trial = (struct trial){.agent = -1, .theirs = -1};
	return machines;
}

void machines_destroy(struct machines *machines)
{
	if (!machines)
		return;
	while (machines->by_pod.len)
		machine_remove(machines, machines->by_pod.entries[0].key);
	map_finish(&machines->by_pod);
	end_trial(machines);
	loop_command_destroy(machines->preparing);
	vm_image_finish(&machines->image);
	free(machines->cache_dir);
	free(machines->kernel_asked);
	free(machines);
}
