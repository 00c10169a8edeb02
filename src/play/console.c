/* console: the life of a VM's console in a pane. See console.h.
 *
 * virtctl is started when the instance's phase is Running; its "Successfully connected" says that bytes flow. How it ends
 * says what to do: status 0 is the person's own ^]; "You were disconnected" with the same instance still Running, asked a
 * moment later, means another client; everything else is tried again, later each time.
 */
#include "play/console.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "play/console_state.h"

#define HEARD_MAX 4096
#define GRACE_MS 1500   /* until the cluster has said what became of the instance */
#define STEADY_MS 10000 /* attached for so long, the drops before count no more */
#define RETRY_MS 1000
#define RETRY_MAX_MS 30000
#define BOOT_MS 60000     /* by then a guest has booted, or one looks at why not */
#define SECONDS_MS 120000 /* how long waiting is counted in seconds, then in minutes */
#define CONNECTED "Successfully connected to"
#define DISCONNECTED "You were disconnected from the console"

/* Leaves the alternate screen, the mouse, paste brackets and colours of what ran there before. */
static const char calm[] = "\030\033[!p\033[?1000l\033[?1002l\033[?1003l\033[?1006l\033[?2004l\033[?2026l\033[0m";

static const json_t *instance(const struct console *c)
{
	return kube_find(c->options.kube, KUBE_VMI, c->ns, c->name);
}

static bool is_going(const json_t *object)
{
	return json_walk_str(object, "metadata", "deletionTimestamp", NULL)[0] != '\0';
}

static bool is_running(const struct console *c)
{
	const json_t *vmi = instance(c);
	return vmi && !is_going(vmi) && text_equal(json_walk_str(vmi, "status", "phase", NULL), "Running");
}

static bool has_agent(const json_t *vmi)
{
	const char *reason, *message;
	return text_equal(kube_condition(vmi, "AgentConnected", &reason, &message), "True");
}

static const char *uid_of(const json_t *object)
{
	return json_walk_str(object, "metadata", "uid", NULL);
}

/* ---- words ---- */

static void set_words(struct console *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void set_words(struct console *c, const char *fmt, ...)
{
	struct str text = {0}, safe = {0};
	va_list args;
	va_start(args, fmt);
	str_append_v(&text, fmt, args);
	va_end(args);
	str_append_safe(&safe, str_text(&text), text.len);
	free(c->words);
	c->words = str_take(&safe);
	str_finish(&text);
}

/* When the instance came into its phase; 0 when nobody knows. */
static int64_t phase_since(const json_t *vmi, const char *phase)
{
	size_t i;
	const json_t *each;
	int64_t since = 0;
	json_array_foreach ((json_t *)json_walk(vmi, "status", "phaseTransitionTimestamps", NULL), i, each) {
		if (text_equal(json_walk_str(each, "phase", NULL), phase))
			time_parse(json_walk_str(each, "phaseTransitionTimestamp", NULL), &since);
	}
	if (since == 0)
		time_parse(json_walk_str(vmi, "metadata", "creationTimestamp", NULL), &since);
	return since;
}

bool console_boots(const struct console *c)
{
	const json_t *vmi = instance(c);
	int64_t since = vmi ? phase_since(vmi, "Running") : 0, now = time_wall_ms();
	return since > 0 && since <= now && now - since < BOOT_MS && !has_agent(vmi);
}

static void append_since(struct str *out, int64_t since_ms)
{
	char age[16], clock[16] = "";
	int64_t now = time_wall_ms();
	if (since_ms <= 0 || since_ms > now)
		return;
	time_t then = (time_t)(since_ms / 1000);
	struct tm local;
	localtime_r(&then, &local);
	strftime(clock, sizeof clock, "%H:%M:%S", &local);
	time_age(now - since_ms, age);
	str_append_f(out, " since %s (%s)", clock, age);
}

/* The instance's phase and since when; without one, what the virtual machine says. */
static void say_waiting(struct console *c)
{
	struct str out = {0}, why = {0};
	const json_t *vmi = instance(c), *vm = kube_find(c->options.kube, KUBE_VM, c->ns, c->name);
	const char *phase = json_walk_str(vmi, "status", "phase", NULL);
	const char *printable = json_walk_str(vm, "status", "printableStatus", NULL);
	if (vmi && is_going(vmi)) {
		str_append_f(&out, "%s is being deleted", c->id);
	} else if (vmi) {
		str_append_f(&out, "%s is %s", c->id, phase[0] ? phase : "Pending");
		append_since(&out, phase_since(vmi, phase));
	} else if (vm) {
		str_append_f(&out, "%s is %s", c->id, printable[0] ? printable : "not started");
		if (text_equal(printable, "Stopped"))
			str_append_f(&out, "; virtctl start %s -n %s starts it", c->name, c->ns);
	} else {
		str_append_f(&out, "there is no virtual machine %s yet", c->id);
	}
	c->options.events.describe(c, &why, c->options.user);
	if (why.len > 0)
		str_append_f(&out, ": %s", str_text(&why));
	set_words(c, "%s; the console attaches as soon as it runs", str_text(&out));
	str_finish(&out);
	str_finish(&why);
}

/* ---- states ---- */

static void calm_down(struct console *c)
{
	static const char main_screen[] = "\030\033[?1049l";
	if (term_is_altscreen(c->term))
		term_feed(c->term, main_screen, sizeof main_screen - 1);
	term_feed(c->term, calm, sizeof calm - 1);
}

static int64_t retry_ms(const struct console *c)
{
	int64_t ms = RETRY_MS;
	for (int i = 1; i < c->n_drops && ms < RETRY_MAX_MS; i++)
		ms *= 2;
	return ms < RETRY_MAX_MS ? ms : RETRY_MAX_MS;
}

static int64_t waiting_ms(const struct console *c)
{
	const json_t *vmi = instance(c);
	int64_t since = phase_since(vmi, json_walk_str(vmi, "status", "phase", NULL));
	if (since == 0)
		return 0; /* nothing to count */
	return time_wall_ms() - since < SECONDS_MS ? 1000 : 60000;
}

static void set_state(struct console *c, enum play_console_state state)
{
	c->state = state;
	loop_timer_stop(c->timer);
	switch (state) {
	case PLAY_CONSOLE_WAITING:
		say_waiting(c);
		if (waiting_ms(c) > 0)
			loop_timer_start(c->timer, waiting_ms(c), 0);
		break;
	case PLAY_CONSOLE_CONNECTING:
		set_words(c, "connecting to the console of %s", c->id);
		break;
	case PLAY_CONSOLE_ATTACHED:
		set_words(c, "%s", "");
		break;
	case PLAY_CONSOLE_DROPPED:
		set_words(c, "the connection to %s was lost%s%s; it is tried again by itself (Enter in the pane: now)",
		          c->id, c->last_words ? ": " : "", c->last_words ? c->last_words : "");
		break;
	case PLAY_CONSOLE_TAKEN:
		set_words(c, "another client has taken over the console of %s; o takes it back (in the pane: Enter)",
		          c->id);
		break;
	case PLAY_CONSOLE_LEFT:
		set_words(c, "the console of %s was left by ^]; o attaches it again (in the pane: Enter)", c->id);
		break;
	}
	c->options.events.on_state(c, c->options.user);
}

char *console_virtctl(void)
{
	char *program = path_program("virtctl");
	if (!program)
		program = path_data("bin/virtctl", NULL);
	return program ? program : path_self("virtctl");
}

static void start(struct console *c)
{
	struct err err;
	char *program = console_virtctl();
	const char *argv[] = {program,    "console", c->name, "-n", c->ns, c->context ? "--context" : NULL,
	                      c->context, NULL};
	const char *const env[] = {c->environment, NULL};
	int x, y;
	if (term_is_running(c->term)) {
		free(program);
		return;
	}
	guest_forget(c);
	calm_down(c);
	if (term_cursor(c->term, &x, &y), x > 0)
		term_feed(c->term, "\r\n", 2);
	str_clear(&c->heard); /* our own calming was heard, too */
	free(c->last_words);
	c->last_words = NULL;
	if (term_start(c->term, argv, env, c->cwd, &err)) {
		set_state(c, PLAY_CONSOLE_CONNECTING);
	} else {
		c->n_drops++;
		c->last_words = mem_printf("%s; install virtctl, or build onesdn's own", err.text);
		set_state(c, PLAY_CONSOLE_DROPPED);
		loop_timer_start(c->timer, retry_ms(c), 0);
	}
	free(program);
}

static void attach_or_wait(struct console *c)
{
	if (is_running(c))
		start(c);
	else
		set_state(c, PLAY_CONSOLE_WAITING);
}

/* A moment after "You were disconnected": by now the cluster has said whether the instance still runs. */
static void judge(struct console *c)
{
	bool is_same = text_equal(uid_of(instance(c)), c->uid);
	if (kube_state(c->options.kube) == KUBE_STALE) /* a network that is gone is no other client */
		loop_timer_start(c->timer, retry_ms(c), 0);
	else if (is_running(c) && is_same && c->state == PLAY_CONSOLE_DROPPED &&
	         strstr(str_text(&c->heard), DISCONNECTED))
		set_state(c, PLAY_CONSOLE_TAKEN);
	else
		attach_or_wait(c);
}

static void on_timer(void *user)
{
	struct console *c = user;
	if (c->state == PLAY_CONSOLE_DROPPED)
		judge(c);
	else if (c->state == PLAY_CONSOLE_WAITING)
		attach_or_wait(c);
}

void console_look(struct console *c)
{
	const json_t *vmi = instance(c);
	bool is_another = vmi && !text_equal(uid_of(vmi), c->uid);
	if (c->state == PLAY_CONSOLE_WAITING ||
	    ((c->state == PLAY_CONSOLE_TAKEN || c->state == PLAY_CONSOLE_LEFT) && (!is_running(c) || is_another)))
		attach_or_wait(c);
}

void console_attach(struct console *c)
{
	if (c->state != PLAY_CONSOLE_ATTACHED && c->state != PLAY_CONSOLE_CONNECTING)
		attach_or_wait(c);
}

/* ---- virtctl ---- */

static void on_output(struct term *term, const char *bytes, size_t size, void *user)
{
	struct console *c = user;
	(void)term;
	str_append_n(&c->heard, bytes, size);
	if (c->state == PLAY_CONSOLE_CONNECTING && strstr(str_text(&c->heard), CONNECTED)) {
		free(c->uid);
		c->uid = mem_strdup(uid_of(instance(c)));
		c->attached_at = loop_now(c->options.loop);
		set_state(c, PLAY_CONSOLE_ATTACHED);
		term_write(c->term, "\r", 1); /* a guest that waits at its prompt says nothing by itself */
	}
	if (c->heard.len > HEARD_MAX)
		str_drop_front(&c->heard, c->heard.len - HEARD_MAX / 2);
	guest_printed(c);
}

static void on_dirty(struct term *term, void *user)
{
	(void)term;
	guest_printed(user); /* the pane may have another size */
}

/* The last line that virtctl printed. */
static char *last_line(const struct str *heard)
{
	size_t end = heard->len;
	while (end > 0 && (unsigned char)heard->data[end - 1] <= ' ')
		end--;
	size_t at = end;
	while (at > 0 && heard->data[at - 1] != '\n' && heard->data[at - 1] != '\r' && end - at < 300)
		at--;
	return end > at ? mem_strndup(heard->data + at, end - at) : NULL;
}

static void on_exit_of_virtctl(struct term *term, int status, void *user)
{
	struct console *c = user;
	(void)term;
	bool was_attached = c->state == PLAY_CONSOLE_ATTACHED;
	bool is_cut = strstr(str_text(&c->heard), DISCONNECTED) != NULL;
	char *last = is_cut ? NULL : last_line(&c->heard);
	guest_forget(c);
	calm_down(c);
	if (was_attached && loop_now(c->options.loop) - c->attached_at > STEADY_MS)
		c->n_drops = 0;
	free(c->last_words);
	c->last_words = last;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		set_state(c, PLAY_CONSOLE_LEFT);
		return;
	}
	c->n_drops++;
	set_state(c, PLAY_CONSOLE_DROPPED);
	loop_timer_start(c->timer, is_cut ? GRACE_MS : retry_ms(c), 0);
}

/* Typed while no virtctl runs: Enter attaches. */
static void on_input(struct term *term, const char *bytes, size_t size, void *user)
{
	struct console *c = user;
	(void)term;
	if (memchr(bytes, '\r', size))
		console_attach(c);
}

static void on_typed(void *user)
{
	struct console *c = user;
	c->options.events.on_typed(c, c->options.user);
}

/* ---- life ---- */

static void first_look(void *user)
{
	attach_or_wait(user);
}

struct console *console_create(const struct console_options *options)
{
	struct console *c = mem_alloc(sizeof *c);
	const char *slash = strchr(options->id, '/');
	c->options = *options;
	c->id = mem_strdup(options->id);
	c->ns = slash ? mem_strndup(options->id, (size_t)(slash - options->id)) : mem_strdup("");
	c->name = mem_strdup(slash ? slash + 1 : options->id);
	c->environment = mem_strdup(options->environment);
	c->context = mem_strdup(options->context);
	c->cwd = mem_strdup(options->cwd);
	c->uid = mem_strdup("");
	c->words = mem_strdup("");
	struct term_options term = {
	        .rows = options->rows,
	        .cols = options->cols,
	        .user = c,
	        .events = {.on_output = on_output,
	                   .on_exit = on_exit_of_virtctl,
	                   .on_input = on_input,
	                   .on_dirty = on_dirty},
	};
	c->term = term_create(options->loop, &term);
	c->typer = typer_create(options->loop, c->term, on_typed, c);
	c->timer = loop_timer_create(options->loop, on_timer, c);
	c->quiet = loop_timer_create(options->loop, guest_on_quiet, c);
	loop_post(options->loop, first_look, c);
	say_waiting(c);
	return c;
}

void console_destroy(struct console *c)
{
	if (!c)
		return;
	loop_unpost(c->options.loop, c);
	typer_destroy(c->typer);
	loop_timer_destroy(c->timer);
	loop_timer_destroy(c->quiet);
	term_destroy(c->term);
	char *texts[] = {c->id, c->ns, c->name, c->environment, c->context, c->cwd, c->uid, c->words, c->last_words};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		free(texts[i]);
	str_finish(&c->heard);
	free(c);
}

const char *console_id(const struct console *c)
{
	return c->id;
}

struct term *console_term(const struct console *c)
{
	return c->term;
}

enum play_console_state console_state(const struct console *c)
{
	return c->state;
}

const char *console_words(const struct console *c)
{
	return c->words;
}
