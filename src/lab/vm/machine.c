/* One machine: its channels, and what comes and goes on them. See machine.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lab/vm/machine_state.h"

#define READ_SIZE 16384
#define READ_BUDGET ((size_t)64 << 10) /* bytes a turn and channel */
#define BOOT_KVM_MS 10000              /* a guest that has said nothing by then does not boot under KVM */
#define BOOT_LATE_MS 30000

static void close_channel(struct machine *machine, int which)
{
	loop_fd_destroy(machine->sources[which]);
	machine->sources[which] = NULL;
	if (machine->channels[which] >= 0)
		close(machine->channels[which]);
	machine->channels[which] = -1;
}

void machine_changed(struct machine *machine)
{
	machines_tell(machine->machines, machine->pod_uid);
}

/* ---- the end ---- */

static void end_console(struct machine *machine)
{
	struct machine_console *console = machine->console;
	machine->console = NULL;
	if (!console)
		return;
	console->machine = NULL;
	console->events.on_end(console->events.user);
}

static void release_holders(struct machine *machine)
{
	for (size_t i = 0; i < machine->holders.len; i++)
		close(machine->holders.data[i]);
	machine->holders.len = 0;
	machine->log_pipe = -1;
}

/* QEMU's ends are closed: it has ended. The pod's other containers end with it. */
static void over(struct machine *machine)
{
	if (machine->is_over)
		return;
	machine->is_over = true;
	machine->is_running = false;
	for (int i = 0; i < N_CHANNELS; i++)
		close_channel(machine, i);
	for (size_t i = 0; i < VM_NICS_MAX; i++) {
		if (machine->taps[i] >= 0)
			close(machine->taps[i]);
		machine->taps[i] = -1;
	}
	release_holders(machine);
	loop_timer_stop(machine->boot_timer);
	end_console(machine);
	machine_changed(machine);
}

/* ---- ttyS0 ---- */

static void write_log(struct machine *machine, const char *bytes, size_t size)
{
	if (machine->log_pipe < 0)
		return;
	ssize_t n = write(machine->log_pipe, bytes, size); /* what its reader has no room for is left out */
	(void)n;
}

static void set_serial_events(struct machine *machine)
{
	bool is_held = machine->console && machine->console->is_paused;
	if (machine->sources[CHANNEL_SERIAL])
		loop_fd_set(machine->sources[CHANNEL_SERIAL],
		            (is_held ? 0 : LOOP_READ) | (machine->to_serial.len ? LOOP_WRITE : 0));
}

static void flush_serial(struct machine *machine)
{
	struct str *out = &machine->to_serial;
	size_t sent = 0;
	bool had = out->len > 0;
	while (sent < out->len) {
		ssize_t n = send(machine->channels[CHANNEL_SERIAL], out->data + sent, out->len - sent,
		                 MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		sent += (size_t)n;
	}
	str_drop_front(out, sent);
	set_serial_events(machine);
	if (had && !out->len && machine->console)
		machine->console->events.on_room(machine->console->events.user);
}

static void take_serial(struct machine *machine, const char *bytes, size_t size)
{
	write_log(machine, bytes, size);
	if (machine->console)
		machine->console->events.on_output(bytes, size, machine->console->events.user);
}

/* ---- ttyS1 ---- */

static void take_report(struct machine *machine, const char *line, size_t len)
{
	json_t *report = machine_report_parse(line, len);
	if (!report)
		return;
	bool is_news = !machine->report || !json_equal(report, machine->report);
	json_decref(machine->report);
	machine->report = report;
	machine->is_late = false;
	loop_timer_stop(machine->boot_timer);
	if (is_news)
		machine_changed(machine);
}

/* Whole lines; one that is too long is left out. */
static void take_lines(struct machine *machine, struct str *line, const char *bytes, size_t size,
                       void (*take)(struct machine *machine, const char *line, size_t len))
{
	while (size) {
		const char *end = memchr(bytes, '\n', size);
		size_t n = end ? (size_t)(end - bytes) : size;
		if (line->len + n <= MACHINE_LINE_MAX)
			str_append_n(line, bytes, n);
		else
			str_clear(line);
		bytes += n;
		size -= n;
		if (!end)
			return;
		take(machine, str_text(line), line->len);
		str_clear(line);
		bytes++;
		size--;
	}
}

static void take_agent(struct machine *machine, const char *bytes, size_t size)
{
	take_lines(machine, &machine->agent_line, bytes, size, take_report);
}

static bool tell_agent(const struct machine *machine, const char *word)
{
	if (!machine->report || machine->channels[CHANNEL_AGENT] < 0)
		return false;
	return send(machine->channels[CHANNEL_AGENT], word, strlen(word), MSG_NOSIGNAL | MSG_DONTWAIT) ==
	       (ssize_t)strlen(word);
}

/* ---- QMP ---- */

static void tell_qemu(const struct machine *machine, const char *command)
{
	char text[128];
	snprintf(text, sizeof text, "{\"execute\":\"%s\"}\n", command);
	if (machine->channels[CHANNEL_QMP] >= 0 &&
	    send(machine->channels[CHANNEL_QMP], text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		log_write(LOG_WARN, "virtual machine of pod %s: QEMU takes no command: %s", machine->pod_uid,
		          strerror(errno));
}

/* The greeting, answers, and events, of which these matter. */
static void take_message(struct machine *machine, const char *line, size_t len)
{
	json_t *message = json_parse(line, len, "QMP", NULL);
	const char *event = json_walk_str(message, "event", NULL);
	bool was_paused = machine->is_paused, was_running = machine->is_running;
	if (json_object_get(message, "QMP")) {
		tell_qemu(machine, "qmp_capabilities");
		machine->is_running = true;
		loop_timer_start(machine->boot_timer, machine->is_kvm ? BOOT_KVM_MS : BOOT_LATE_MS, 0);
	} else if (strcmp(event, "STOP") == 0) {
		machine->is_paused = true;
	} else if (strcmp(event, "RESUME") == 0) {
		machine->is_paused = false;
	} else if (strcmp(event, "RESET") == 0) {
		json_decref(machine->report); /* whatever boots now has yet to report */
		machine->report = NULL;
		machine_changed(machine);
	}
	json_decref(message);
	if (machine->is_paused != was_paused || machine->is_running != was_running)
		machine_changed(machine);
}

static void take_qmp(struct machine *machine, const char *bytes, size_t size)
{
	take_lines(machine, &machine->qmp_line, bytes, size, take_message);
}

/* ---- reading ---- */

static void read_channel(struct machine *machine, int which)
{
	static void (*const takers[N_CHANNELS])(struct machine * machine, const char *bytes,
	                                        size_t size) = {take_serial, take_agent, take_qmp};
	static char bytes[READ_SIZE];
	for (size_t total = 0; total < READ_BUDGET && machine->channels[which] >= 0;) {
		ssize_t n = recv(machine->channels[which], bytes, sizeof bytes, MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			over(machine);
			return;
		}
		takers[which](machine, bytes, (size_t)n);
		total += (size_t)n;
		if (which == CHANNEL_SERIAL && machine->console && machine->console->is_paused)
			return;
	}
}

static void on_serial(int events, void *user)
{
	struct machine *machine = user;
	if (events & LOOP_READ)
		read_channel(machine, CHANNEL_SERIAL);
	if (machine->channels[CHANNEL_SERIAL] >= 0)
		flush_serial(machine);
}

static void on_agent(int events, void *user)
{
	(void)events;
	read_channel(user, CHANNEL_AGENT);
}

static void on_qmp(int events, void *user)
{
	(void)events;
	read_channel(user, CHANNEL_QMP);
}

static void on_boot_timer(void *user)
{
	struct machine *machine = user;
	if (machine->is_kvm) {
		machines_kvm_failed(machine->machines, "a guest made no progress with it");
		tell_qemu(machine, "quit"); /* the next one runs without */
		return;
	}
	machine->is_late = true;
	machine_changed(machine);
}

bool machine_open_channels(struct machine *machine, int theirs[N_CHANNELS], struct err *err)
{
	static loop_fd_fn *const callbacks[N_CHANNELS] = {on_serial, on_agent, on_qmp};
	for (int i = 0; i < N_CHANNELS; i++) {
		int both[2];
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, both) < 0)
			return err_errno(err, errno, "a socket pair for QEMU");
		machine->channels[i] = both[0];
		theirs[i] = fcntl(both[1], F_DUPFD_CLOEXEC, MACHINE_FD_FIRST);
		close(both[1]);
		if (theirs[i] < 0)
			return err_errno(err, errno, "a descriptor for QEMU");
		vec_push(&machine->inherited, theirs[i]);
		machine->sources[i] = loop_fd_create(machine->loop, both[0], LOOP_READ, callbacks[i], machine);
	}
	return true;
}

/* ---- life ---- */

/* Locally administered, as libvirt makes them. */
static void random_mac(char out[18])
{
	uint8_t b[3] = {0};
	if (getrandom(b, sizeof b, 0) != (ssize_t)sizeof b)
		base_abort("no random bytes to be had");
	snprintf(out, 18, "52:54:00:%02x:%02x:%02x", b[0], b[1], b[2]);
}

struct machine *machine_create(struct machines *machines, const char *pod_uid, const json_t *vmi)
{
	struct machine *machine = mem_alloc(sizeof *machine);
	machine->machines = machines;
	machine->loop = machines_loop(machines);
	machine->pod_uid = mem_strdup(pod_uid);
	machine->vmi_uid = mem_strdup(json_walk_str(vmi, "metadata", "uid", NULL));
	machine->vmi = json_deep_copy(vmi);
	vm_nics_read(json_object_get(machine->vmi, "spec"), "spec", &machine->nics, NULL);
	for (int i = 0; i < N_CHANNELS; i++)
		machine->channels[i] = -1;
	for (size_t i = 0; i < VM_NICS_MAX; i++)
		machine->taps[i] = -1;
	for (size_t i = 0; i < machine->nics.len; i++) {
		if (*machine->nics.items[i].mac)
			snprintf(machine->macs[i], sizeof machine->macs[i], "%s", machine->nics.items[i].mac);
		else if (!machine->nics.items[i].is_bridge)
			random_mac(machine->macs[i]);
	}
	machine->log_pipe = -1;
	machine->boot_timer = loop_timer_create(machine->loop, on_boot_timer, machine);
	return machine;
}

void machine_destroy(struct machine *machine)
{
	if (!machine)
		return;
	end_console(machine);
	machine_launch_finish(machine);
	for (int i = 0; i < N_CHANNELS; i++)
		close_channel(machine, i);
	for (size_t i = 0; i < VM_NICS_MAX; i++)
		if (machine->taps[i] >= 0)
			close(machine->taps[i]);
	release_holders(machine);
	vec_finish(&machine->holders);
	vec_finish(&machine->inherited);
	vec_finish(&machine->argv);
	vec_finish(&machine->binds);
	vec_finish(&machine->texts);
	loop_timer_destroy(machine->boot_timer);
	str_finish(&machine->to_serial);
	str_finish(&machine->agent_line);
	str_finish(&machine->qmp_line);
	json_decref(machine->report);
	json_decref(machine->vmi);
	free(machine->pod_uid);
	free(machine->vmi_uid);
	free(machine);
}

void machine_look(const struct machine *machine, struct machine_view *out)
{
	*out = (struct machine_view){.accel = ""};
	for (size_t i = 0; i < VM_NICS_MAX; i++)
		out->macs[i] = machine ? machine->macs[i] : "";
	if (!machine)
		return;
	out->is_running = machine->is_running;
	out->is_paused = machine->is_paused;
	out->is_over = machine->is_over;
	out->is_late = machine->is_late;
	out->report = machine->report;
	out->accel = machine->is_kvm ? "kvm" : "tcg";
}

void machine_pause(struct machine *machine, bool paused)
{
	tell_qemu(machine, paused ? "stop" : "cont");
}

void machine_reboot(struct machine *machine)
{
	tell_agent(machine, "reboot\n");
}

void machine_shut_down(struct machine *machine)
{
	if (machine->is_paused || !tell_agent(machine, "poweroff\n"))
		tell_qemu(machine, "quit");
}

/* ---- the console ---- */

struct machine_console *machine_console_open(struct machines *machines, const char *vmi_uid,
                                             const struct machine_console_events *events)
{
	struct machine *machine = machine_of_vmi(machines, vmi_uid);
	if (!machine || !machine->is_running)
		return NULL;
	end_console(machine);
	struct machine_console *console = mem_alloc(sizeof *console);
	console->machine = machine;
	console->events = *events;
	machine->console = console;
	str_clear(&machine->to_serial); /* what another client typed and the guest never took */
	set_serial_events(machine);
	return console;
}

void machine_console_write(struct machine_console *console, const char *bytes, size_t size)
{
	if (!console->machine || console->machine->channels[CHANNEL_SERIAL] < 0)
		return;
	str_append_n(&console->machine->to_serial, bytes, size);
	flush_serial(console->machine);
}

size_t machine_console_pending(const struct machine_console *console)
{
	return console->machine ? console->machine->to_serial.len : 0;
}

void machine_console_pause(struct machine_console *console, bool paused)
{
	console->is_paused = paused;
	if (console->machine)
		set_serial_events(console->machine);
}

void machine_console_close(struct machine_console *console)
{
	if (!console)
		return;
	if (console->machine) {
		console->machine->console = NULL;
		set_serial_events(console->machine);
	}
	free(console);
}
