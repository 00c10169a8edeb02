/* onesdn doctor: before the audience is there: is everything here that the acts need? Lines to paste, every failure with its
 * cure. What module doctor does not know is added here: the terminal (ui), the lab (connect), and with --boot a virtual machine
 * that really boots. */
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd.h"
#include "onesdn/connect.h"
#include "onesdn/doctor.h"
#include "onesdn/screen.h"
#include "onesdn/ui.h"

enum {
	ACTS_MAX = 64,
	COLS_MIN = 80,
	ROWS_MIN = 24,
	DOWN_MS = 30000,
	STATUS_MS = 5000,
	OUTPUT_MAX = 1 << 20,
	BOOT_MS = 20 * 60 * 1000,
};
#define TERMINAL "terminal"

static struct doctor_args {
	const char *context, *kubeconfig;
	bool keys, json, boot;
} args;

static const struct cmd_option options[] = {
        {"--context", "NAME", "this kube context instead of the lab", &args.context, NULL},
        {"--kubeconfig", "FILE", "this kubeconfig instead of the lab", &args.kubeconfig, NULL},
        {"--keys", NULL, "press a remote's buttons, see their names and what they do in the show; q twice ends", NULL,
         &args.keys},
        {"--boot", NULL,
         "also boot a virtual machine and log in on its console, in a namespace onesdn-doctor that goes again", NULL,
         &args.boot},
        {"--json", NULL, "the findings as JSON", NULL, &args.json},
};
static const struct cmd_usage usage = {
        .synopsis = "onesdn doctor [OPTION]... [ACT|FILE]...",
        .about = "Looks whether everything is there that the acts (all, if none is named) need: this terminal, "
                 "programs, this\n"
                 "machine for the lab, or the cluster: version, kinds, controllers, permissions, images. Nothing is "
                 "changed but by\n"
                 "--boot; a lab that had to be brought up is taken down again. The lines may be pasted: no token, no "
                 "server's\n"
                 "address is in them. Exit status 0: nothing has failed; 1: something has, with its cure; 2: usage.",
        .options = options,
        .n_options = sizeof options / sizeof *options,
        .max_operands = ACTS_MAX,
};

struct visit {
	struct loop *loop;
	struct doctor *doctor;
	const struct scenario_act *acts[ACTS_MAX];
	size_t n_acts;
	char *names;        /* when none was named */
	const char *set_up; /* the command that makes a cluster with everything */
	bool is_lab;
};

/* ---- the terminal ---- */
static void tell_colors(struct doctor *doctor, const struct screen_terminal *terminal)
{
	if (terminal->colors < 0)
		doctor_add(doctor, DOCTOR_FAIL, TERMINAL,
		           "install ncurses-term, or set TERM to what is known, such as xterm-256color",
		           "there is no description of TERM=%s here", *terminal->term ? terminal->term : "(not set)");
	else if (terminal->colors == 0)
		doctor_add(doctor, DOCTOR_WARN, TERMINAL, "unset NO_COLOR, or set TERM to what your terminal is",
		           "no colours (TERM=%s); everything is told without them, too", terminal->term);
	else
		doctor_add(doctor, DOCTOR_OK, TERMINAL, NULL, "%s colours, TERM=%s",
		           terminal->colors > 256    ? "24-bit"
		           : terminal->colors == 256 ? "256"
		                                     : "16",
		           terminal->term);
}

static void look_at_terminal(struct doctor *doctor)
{
	struct screen_terminal terminal;
	screen_look(&terminal);
	if (terminal.is_utf8)
		doctor_add(doctor, DOCTOR_OK, TERMINAL, NULL, "UTF-8 (%s)",
		           *terminal.locale ? terminal.locale : "no locale is set");
	else
		doctor_add(doctor, DOCTOR_WARN, TERMINAL, "export LC_ALL=C.UTF-8",
		           "the locale %s is not UTF-8: frames are drawn in ASCII", terminal.locale);
	if (!terminal.is_terminal) {
		doctor_add(doctor, DOCTOR_UNTRIED, TERMINAL,
		           "onesdn doctor in the terminal of the talk, without a pipe",
		           "size and colours: standard input or output is no terminal");
		return;
	}
	if (terminal.cols >= COLS_MIN && terminal.rows >= ROWS_MIN)
		doctor_add(doctor, DOCTOR_OK, TERMINAL, NULL, "%d columns, %d rows", terminal.cols, terminal.rows);
	else
		doctor_add(doctor, DOCTOR_FAIL, TERMINAL, "make the window larger, or the font smaller",
		           "%d columns and %d rows; the acts want %dx%d and more", terminal.cols, terminal.rows,
		           COLS_MIN, ROWS_MIN);
	tell_colors(doctor, &terminal);
	doctor_add(doctor, DOCTOR_UNTRIED, TERMINAL, "onesdn doctor --keys", "the remote's buttons");
}

/* ---- keys ---- */
static const char *const remote_keys[] = {"pageup", "pagedown", ".", "b", "f5", "escape"};
enum { N_REMOTE_KEYS = sizeof remote_keys / sizeof *remote_keys };
struct keys {
	bool seen[N_REMOTE_KEYS], was_q;
};

static bool on_key(const struct term_key *key, void *user)
{
	struct keys *keys = user;
	char name[32];
	if (!key) {
		puts("Press the remote's buttons, and any key; q twice or Ctrl-C ends.");
		fflush(stdout);
		return true;
	}
	input_key_print(*key, name);
	const char *does = ui_key_help(*key);
	bool is_q = strcmp(name, "q") == 0;
	printf("  %-16s %s\n", name, *does ? does : "does nothing in the show");
	fflush(stdout);
	for (size_t i = 0; i < N_REMOTE_KEYS; i++)
		keys->seen[i] |= strcmp(name, remote_keys[i]) == 0;
	bool is_over = (is_q && keys->was_q) || strcmp(name, "ctrl-c") == 0;
	keys->was_q = is_q;
	return !is_over;
}

static void print_keys(const struct keys *keys, bool seen)
{
	size_t n = 0;
	for (size_t i = 0; i < N_REMOTE_KEYS; i++)
		if (keys->seen[i] == seen)
			printf("%s%s", n++ ? ", " : "", remote_keys[i]);
	puts(n ? "" : "none");
}

static int listen_to_keys(struct loop *loop)
{
	struct keys keys = {.was_q = false};
	struct err err;
	if (!screen_listen(loop, on_key, &keys, &err)) {
		fprintf(stderr, "onesdn: %s\n", err.text);
		return 1;
	}
	fputs("\nOf what remotes send was seen: ", stdout);
	print_keys(&keys, true);
	fputs("not seen: ", stdout);
	print_keys(&keys, false);
	puts("A remote that reaches pagedown is enough for the whole show; f5, escape, . and b are harmless.");
	return 0;
}

/* ---- the lab and the cluster ---- */
struct meeting {
	struct connection *connection;
	struct err err;
	bool is_over;
};

static void on_connected(struct connection *connection, const struct err *err, void *user)
{
	struct meeting *meeting = user;
	meeting->connection = connection;
	if (!connection)
		meeting->err = *err;
	meeting->is_over = true;
}

static void on_progress(const char *line, void *user)
{
	(void)line, (void)user;
}

struct answer {
	struct str out;
	int status;
	bool is_over;
};

static void on_result(const struct loop_result *result, void *user)
{
	struct answer *answer = user;
	answer->status = result->status;
	str_append(&answer->out, result->out);
	answer->is_over = true;
}

/* onesdn-lab COMMAND [--json], to its end; str_finish the output. */
static struct answer ask_lab(struct loop *loop, const char *command, const char *option, int64_t deadline_ms)
{
	struct answer answer = {.status = -1};
	char *program = path_self("onesdn-lab");
	const char *const argv[] = {program, command, option, NULL};
	struct loop_spawn spec = {.argv = argv};
	struct loop_command *running =
	        loop_command_create(loop, &spec, "", OUTPUT_MAX, deadline_ms, on_result, &answer);
	while (!answer.is_over && loop_turn(loop, true))
		;
	loop_command_destroy(running);
	free(program);
	return answer;
}

static void tell_of_lab(struct visit *visit, bool was_started)
{
	struct answer answer = ask_lab(visit->loop, "status", "--json", STATUS_MS);
	json_t *status = json_parse(str_text(&answer.out), answer.out.len, "status", NULL);
	const char *accel = json_walk_str(status, "machines", "accel", NULL),
	           *why = json_walk_str(status, "machines", "why", NULL);
	doctor_add(visit->doctor, DOCTOR_OK, "cluster", NULL, "%s",
	           was_started ? "the lab comes up; it was brought up for this and goes down again"
	                       : "the lab runs already; it is left running");
	doctor_add(visit->doctor, strcmp(accel, "none") == 0 ? DOCTOR_WARN : DOCTOR_OK, "cluster",
	           "see what this machine lacks, above", "virtual machines %s: %s",
	           strcmp(accel, "kvm") == 0    ? "with KVM"
	           : strcmp(accel, "none") == 0 ? "are not possible"
	                                        : "without KVM",
	           why);
	json_decref(status);
	str_finish(&answer.out);
}

static void look_at_cluster(struct visit *visit)
{
	struct connect_options with = {.context = args.context, .kubeconfig = args.kubeconfig};
	struct meeting meeting = {.is_over = false};
	connect_start(visit->loop, &with, on_progress, on_connected, &meeting);
	while (!meeting.is_over && loop_turn(visit->loop, true))
		;
	struct connection *connection = meeting.connection;
	if (!connection) {
		doctor_add(visit->doctor, DOCTOR_FAIL, "cluster",
		           visit->is_lab ? "onesdn lab logs; onesdn lab up tells more" : "", "%s", meeting.err.text);
		return;
	}
	struct doctor_cluster cluster = {.socket = connection->socket};
	for (int i = 0; i < SCENARIO_N_PERSONAS; i++) {
		cluster.kubeconfigs[i] = connection->kubeconfigs[i];
		cluster.contexts[i] = connection->contexts[i];
	}
	if (visit->is_lab)
		tell_of_lab(visit, connection->was_started);
	doctor_look_at(visit->doctor, &cluster);
	if (connection->was_started)
		str_finish(&(struct str[]){ask_lab(visit->loop, "down", NULL, DOWN_MS).out}[0]);
	connection_destroy(connection);
}

/* ---- a virtual machine that boots ---- */

/* A line of the rehearsal, "ok 3 - boot/console: It boots # ...  4.20 s", as a finding. */
static void tell_boot_line(struct doctor *doctor, const char *line)
{
	const char *title = strstr(line, "boot/"), *colon = title ? strstr(title, ": ") : NULL,
	           *hash = strrchr(line, '#'), *took = strstr(line, "  ");
	bool is_ok = text_has_prefix(line, "ok "), is_skipped = strstr(line, "# SKIP") != NULL;
	if (!colon || (!is_ok && !text_has_prefix(line, "not ok ")) || is_skipped)
		return;
	int len = (int)strcspn(colon + 2, "#");
	took = took ? took + 2 : hash ? hash + 2 : "";
	doctor_add(doctor, is_ok ? DOCTOR_OK : DOCTOR_FAIL, "virtual machine",
	           "onesdn rehearse --verbose boot says more", "%.*s%s%s", len, colon + 2, is_ok ? took : "",
	           is_ok ? "" : "has failed");
}

static void boot_machine(struct visit *visit)
{
	char *program = path_self("onesdn");
	const char *argv[8] = {program, "rehearse", "boot"};
	size_t n = 3;
	struct answer answer = {.status = -1};
	const char *const with[][2] = {{"--context", args.context}, {"--kubeconfig", args.kubeconfig}};
	for (size_t i = 0; i < sizeof with / sizeof *with; i++)
		for (int word = 0; with[i][1] && word < 2; word++)
			argv[n++] = with[i][word];
	struct loop_spawn spec = {.argv = argv};
	struct loop_command *running =
	        loop_command_create(visit->loop, &spec, "", OUTPUT_MAX, BOOT_MS, on_result, &answer);
	while (!answer.is_over && loop_turn(visit->loop, true))
		;
	loop_command_destroy(running);
	if (answer.status == -1 || !strstr(str_text(&answer.out), "boot/"))
		doctor_add(visit->doctor, DOCTOR_FAIL, "virtual machine", "onesdn rehearse --verbose boot says more",
		           "no machine could be tried");
	char *text = str_take(&answer.out);
	for (char *rest = text, *line; (line = strsep(&rest, "\n"));)
		tell_boot_line(visit->doctor, line);
	free(text);
	free(program);
}

/* ---- acts ---- */
struct unread {
	char *name;
	struct err err;
};

static bool load_acts(struct visit *visit, const char **names, size_t n, struct unread *unread)
{
	struct err err;
	const char *environment =
	        connect_environment(&(struct connect_options){.context = args.context, .kubeconfig = args.kubeconfig});
	char *rest, *name;
	if (n == 0 && !(visit->names = scenario_names(&err))) {
		fprintf(stderr, "onesdn: %s\n", err.text);
		return false;
	}
	for (rest = visit->names; n < ACTS_MAX && rest && (name = strsep(&rest, " "));)
		if (*name)
			names[n++] = name;
	for (size_t i = 0; i < n; i++) {
		struct scenario_act *act = scenario_load(names[i], environment, &err);
		if (act) {
			visit->acts[visit->n_acts++] = act;
		} else if (err.code == ERR_NOT_FOUND && !strchr(names[i], '/')) {
			fprintf(stderr, "onesdn: %s\n", err.text);
			return false;
		} else if (!unread->name) {
			*unread = (struct unread){mem_strdup(names[i]), err};
		}
	}
	return true;
}

static void tell_acts(struct visit *visit, const struct unread *unread)
{
	struct str all = {0};
	for (size_t i = 0; i < visit->n_acts; i++)
		str_append_f(&all, "%s%s", i ? ", " : "", visit->acts[i]->name);
	if (visit->n_acts)
		doctor_add(visit->doctor, DOCTOR_OK, "acts", NULL, "%s", str_text(&all));
	if (unread->name)
		doctor_add(visit->doctor, DOCTOR_FAIL, "acts", "mend the file, or name the acts that you show", "%s",
		           unread->err.text);
	str_finish(&all);
}

/* ---- all ---- */
static void print(const struct visit *visit)
{
	struct utsname machine;
	struct str out = {0};
	uname(&machine);
	json_t *all = args.json ? doctor_json(visit->doctor) : NULL;
	if (all) {
		json_object_set_new(all, "version", json_string(ONESDN_VERSION));
		json_object_set_new(all, "environment", json_string(visit->is_lab ? "lab" : "cluster"));
		str_append_json(&out, all, JSON_INDENT(2));
		str_append_c(&out, '\n');
	} else {
		str_append_f(&out, "onesdn %s, %s %s %s, %s\n\n", ONESDN_VERSION, machine.sysname, machine.release,
		             machine.machine, visit->is_lab ? "on the lab" : "on a cluster");
		doctor_text(visit->doctor, &out);
	}
	fwrite(str_text(&out), 1, out.len, stdout);
	str_finish(&out);
	json_decref(all);
}

static int examine(struct visit *visit, const struct unread *unread)
{
	struct doctor_options with = {.loop = visit->loop,
	                              .acts = visit->acts,
	                              .n_acts = visit->n_acts,
	                              .is_lab = visit->is_lab,
	                              .setup = visit->set_up};
	visit->doctor = doctor_create(&with);
	if (isatty(STDERR_FILENO) && isatty(STDOUT_FILENO))
		fputs("onesdn: looking ...\r", stderr);
	tell_acts(visit, unread);
	look_at_terminal(visit->doctor);
	doctor_programs(visit->doctor);
	if (!visit->is_lab || doctor_machine(visit->doctor))
		look_at_cluster(visit);
	else
		doctor_add(visit->doctor, DOCTOR_UNTRIED, "cluster", "see what this machine lacks, above",
		           "the lab cannot be brought up");
	if (args.boot)
		boot_machine(visit);
	else
		doctor_add(visit->doctor, DOCTOR_UNTRIED, "virtual machine",
		           "onesdn doctor --boot, with the same --context or --kubeconfig",
		           "whether one boots, and takes a login on its console");
	print(visit);
	int status = doctor_count(visit->doctor, DOCTOR_FAIL) > 0;
	doctor_destroy(visit->doctor);
	return status;
}

int cmd_doctor(int argc, char **argv)
{
	const char *names[ACTS_MAX];
	size_t n = 0;
	int status = 2;
	struct err err;
	struct visit visit = {.loop = NULL};
	struct unread unread = {.name = NULL};
	if (!cmd_read_options(&usage, argc, argv, names, &n, &status))
		return status;
	char *set_ups = scenario_set_ups(), *set_up = *set_ups ? mem_printf("onesdn %s", set_ups) : mem_strdup("");
	visit.set_up = set_up;
	visit.is_lab = !args.context && !args.kubeconfig;
	visit.loop = loop_create(&err);
	if (!visit.loop) {
		fprintf(stderr, "onesdn: %s\n", err.text);
		return 1;
	}
	if (args.keys)
		status = listen_to_keys(visit.loop);
	else
		status = load_acts(&visit, names, n, &unread) ? examine(&visit, &unread) : 2;
	for (size_t i = 0; i < visit.n_acts; i++)
		scenario_destroy((struct scenario_act *)visit.acts[i]);
	free(visit.names);
	free(set_ups);
	free(set_up);
	free(unread.name);
	loop_destroy(visit.loop);
	return status;
}
