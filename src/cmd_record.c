/* cmd_record: `onesdn record`: the full screen program into a recording, driven by a person or by itself. What is written
 * is in src/record; docs/RECORD.md tells how it is used. */
#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd.h"
#include "onesdn/record.h"
#include "onesdn/show.h"
#include "onesdn/theme.h"

enum { ACTS_MAX = 16, COLS = 100, ROWS = 32, TYPE_MS = 45, IDLE_MS = 8000, KUBECONFIG_MAX = 1 << 20 };

static struct record_args {
	const char *path, *size, *version, *stage, *context, *kubeconfig, *pace, *title;
	bool is_auto, force, clock, animation, no_takes, stitch;
	struct show_words words;
} args;

static const struct cmd_option options[] = {
        {"-o", "FILE", "the recording; without it only takes are kept", &args.path, NULL},
        {"--auto", NULL, "perform the acts unattended; needs no terminal", NULL, &args.is_auto},
        {"--stage", "ID", "record this stage alone, then join the takes of all stages", &args.stage, NULL},
        {"--stitch", NULL, "record nothing: join the takes that there are", NULL, &args.stitch},
        {"--size", "WxH", "columns and rows of the recording (100x32)", &args.size, NULL},
        {"--cast-version", "2|3", "of asciicast (2)", &args.version, NULL},
        {"--pace", "N", "with --auto: 1 a person's, 0.5 twice as quick, 0 without pauses", &args.pace, NULL},
        {"--title", "TEXT", "of the recording (the act's)", &args.title, NULL},
        {"--force", NULL, "replace FILE if it is there", NULL, &args.force},
        {"--no-takes", NULL, "do not keep a take of each stage", NULL, &args.no_takes},
        {"--clock", NULL, "show the minutes of the show", NULL, &args.clock},
        {"--animation", NULL, "let packets move along the wires", NULL, &args.animation},
        {"--context", "NAME", "this kube context instead of the lab", &args.context, NULL},
        {"--kubeconfig", "FILE", "this kubeconfig instead of the lab", &args.kubeconfig, NULL},
        {"--theme", "NAME", "dark, light, colour-blind, or one of your own", &args.words.theme, NULL},
        {"--layout", "NAME", "talk, guided or zoom", &args.words.layout, NULL},
        {"--type-ms", "N", "milliseconds between typed-out characters (45)", &args.words.type_ms, NULL},
};
static const struct cmd_usage usage = {
        .synopsis = "onesdn record [OPTION]... [ACT|FILE]...",
        .about = "Records the full screen as an asciicast: of a fixed size, a marker at every stage, secrets taken "
                 "out.\n"
                 "Without --auto you drive the show as usual, one act; q ends the recording. With --auto the acts (all "
                 "of\n"
                 "them, if none is named) are performed at a person's pace. The take of each stage is kept: t in the "
                 "show\n"
                 "plays it, --stage makes it anew.",
        .options = options,
        .n_options = sizeof options / sizeof *options,
        .max_operands = ACTS_MAX,
};

struct recording {
	struct show show;
	struct pilot *pilot; /* NULL: somebody drives */
	struct recorder *recorder;
	struct cast_rules *rules;
	struct cast_header header;
	char *title;
	const char *acts[ACTS_MAX];
	size_t n_acts, at;
	const struct play *play; /* whose stage was in view last */
	size_t stage, start;     /* start: the stage to be recorded anew */
	double pace;
	char *failure, *own; /* own: the kubeconfig of the cluster that the act brings up */
	bool has_begun;      /* the cluster has answered */
	bool is_lost;        /* it cannot be written any more, which has been told */
	bool is_over;
};

static const char *environment(void)
{
	return connect_environment(&(struct connect_options){.context = args.context, .kubeconfig = args.kubeconfig});
}

static struct scenario_act *load(const char *act, struct err *err)
{
	return scenario_load(act, environment(), err);
}

/* ---- what is recorded ---- */
static bool is_wanted(size_t stage, void *user)
{
	struct recording *r = user;
	const struct scenario_stage *of = &play_act(r->show.play)->stages.data[stage];
	return args.stage ? text_equal(of->id, args.stage) : !of->is_prelude;
}

static bool is_last(size_t stage, void *user)
{
	return args.stage && is_wanted(stage, user);
}

static void on_frame(const struct canvas *frame, const struct canvas_look *looks, void *user)
{
	struct recording *r = user;
	bool is_new = r->show.play && recorder_frame(r->recorder, loop_now(r->show.loop), frame, looks);
	if (is_new && r->pilot)
		pilot_moved(r->pilot);
	const char *problem = recorder_problem(r->recorder);
	if (!*problem || r->is_lost)
		return;
	r->is_lost = true;
	if (r->pilot)
		pilot_give_up(r->pilot, problem);
	else
		ui_record_mark(r->show.ui, false, problem);
}

static void mark(struct recording *r)
{
	if (r->is_lost)
		return;
	ui_record_mark(r->show.ui, !recorder_is_paused(r->recorder), args.path ? args.path : "takes");
}

/* The stage in view has become another one. */
static void follow(struct recording *r)
{
	struct play *play = r->show.play;
	r->has_begun = r->has_begun || (play && (kube_state(r->show.kube) == KUBE_LIVE || play_act(play)->brings_up));
	if (!r->has_begun || !play || r->is_over || (r->pilot && !pilot_is_there(r->pilot)) ||
	    (play == r->play && play_stage(play) == r->stage))
		return;
	const struct scenario_act *act = play_act(play);
	r->play = play;
	r->stage = play_stage(play);
	const struct scenario_stage *stage = &act->stages.data[r->stage];
	bool is_clean = r->pilot && pilot_is_cleaning(r->pilot);
	recorder_pause(r->recorder, is_clean || !is_wanted(r->stage, r));
	recorder_stage(r->recorder, loop_now(r->show.loop),
	               &(struct recorder_stage){act->name, stage->id, stage->title});
	mark(r);
}

/* ---- secrets ---- */
static void add_kubeconfig(struct recording *r, const char *path)
{
	struct str text = {0};
	struct err err;
	if (path && file_read(path, KUBECONFIG_MAX, &text, &err) &&
	    !cast_rules_add_kubeconfig(r->rules, str_text(&text), text.len, path, &err))
		fprintf(stderr, "onesdn: %s\n", err.text);
	str_finish(&text);
}

static void add_kubeconfigs(struct recording *r)
{
	const char *of_env = getenv("KUBECONFIG"), *home = getenv("HOME");
	char *paths = of_env ? mem_strdup(of_env) : mem_printf("%s/.kube/config", home ? home : ""), *rest = paths;
	for (int i = 0; i < SCENARIO_N_PERSONAS; i++)
		add_kubeconfig(r, r->show.connection->kubeconfigs[i]);
	add_kubeconfig(r, args.kubeconfig);
	for (char *path; (path = strsep(&rest, ":"));)
		if (*path && access(path, R_OK) == 0)
			add_kubeconfig(r, path);
	free(paths);
}

static void add_rules(struct recording *r, json_t *const *list, size_t n)
{
	struct err ignored; /* they were tried when they were read */
	for (size_t i = 0; i < n; i++)
		cast_rules_add_json(r->rules, list[i], &ignored);
}

/* Those of all acts: their titles are secrets' places too. */
static bool add_acts(struct recording *r, struct err *err)
{
	for (size_t i = 0; i < r->n_acts; i++) {
		struct scenario_act *act = load(r->acts[i], err);
		if (!act)
			return false;
		add_rules(r, act->redact.data, act->redact.len);
		scenario_destroy(act);
	}
	return true;
}

static void make_rules(struct recording *r)
{
	static char host[256];
	const struct passwd *user = getpwuid(geteuid());
	const char *home = getenv("HOME");
	struct cast_person person = {.home = home   ? home
	                                     : user ? user->pw_dir
	                                            : NULL,
	                             .user = user ? user->pw_name : NULL};
	if (gethostname(host, sizeof host - 1) == 0)
		person.host = host;
	r->rules = cast_rules_create();
	cast_rules_add_defaults(r->rules, &person);
	for (size_t i = 0; i < json_array_size(r->show.config.redact); i++) {
		json_t *rule = json_array_get(r->show.config.redact, i);
		add_rules(r, &rule, 1);
	}
}

/* ---- the show tells ---- */
static void on_play(struct show *show, void *user)
{
	struct recording *r = user;
	const struct scenario_act *act = play_act(show->play);
	bool is_known = false;
	for (size_t i = 0; i < r->n_acts; i++)
		is_known = is_known || text_equal(r->acts[i], act->name);
	if (r->at == 0 && !r->has_begun)
		add_kubeconfigs(r);
	if (!is_known) /* it was asked for in the show */
		add_rules(r, act->redact.data, act->redact.len);
	follow(r);
	if (r->pilot)
		pilot_begin(r->pilot);
}

static void on_change(struct show *show, void *user)
{
	struct recording *r = user;
	(void)show;
	follow(r);
	if (r->pilot)
		pilot_look(r->pilot);
}

static void on_stage(struct show *show, size_t stage, enum play_state state, void *user)
{
	struct recording *r = user;
	if (state == PLAY_DONE && stage == play_stage(show->play))
		recorder_keep(r->recorder);
	if (r->pilot && (state == PLAY_DONE || state == PLAY_FAILED))
		fprintf(stderr, "%s %s/%s\n", state == PLAY_DONE ? "✓" : "✗", play_act(show->play)->name,
		        play_act(show->play)->stages.data[stage].id);
	on_change(show, user);
}

static void on_progress(struct show *show, const char *line, void *user)
{
	struct recording *r = user;
	(void)show;
	if (r->pilot)
		fprintf(stderr, "%s\n", line);
}

static void fail(struct recording *r, const char *why)
{
	if (!r->failure)
		r->failure = mem_strdup(why);
}

static void on_problem(struct show *show, const char *text, void *user)
{
	struct recording *r = user;
	if (!r->pilot)
		return;
	fail(r, text);
	loop_stop(show->loop);
}

static bool on_signal(struct show *show, void *user)
{
	struct recording *r = user;
	(void)show;
	if (!r->pilot || !pilot_interrupt(r->pilot))
		return false;
	fputs("onesdn: interrupted: what cleans up is still performed; once more ends it at once\n", stderr);
	return true;
}

static void next_act(void *user)
{
	struct recording *r = user;
	struct err err;
	r->at++;
	if (r->at >= r->n_acts || r->failure) {
		loop_stop(r->show.loop);
	} else if (!show_change_act(&r->show, r->acts[r->at], &err)) {
		fail(r, err.text);
		loop_stop(r->show.loop);
	}
}

static void on_over(const char *failure, void *user)
{
	struct recording *r = user;
	if (failure)
		fail(r, failure);
	loop_post(r->show.loop, next_act, r);
}

/* ---- before it begins ---- */
static bool ask_replace(const char *path)
{
	char answer[16];
	fprintf(stderr, "onesdn: %s is there already. Replace it? [y/N] ", path);
	return fgets(answer, sizeof answer, stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

static bool may_write(struct err *err)
{
	struct stat st;
	if (!args.path || args.force || stat(args.path, &st) != 0)
		return true;
	bool can_ask = isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
	if (can_ask && ask_replace(args.path))
		return true;
	return err_set(err, ERR_CONFLICT, "%s is there already: name another file, or --force replaces it", args.path);
}

static bool fits(const struct cast_header *header, struct err *err)
{
	struct winsize size;
	if (args.is_auto || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return true;
	if (size.ws_col >= header->cols && size.ws_row >= header->rows)
		return true;
	return err_set(err, ERR_INVALID,
	               "this terminal is %dx%d, the recording is to be %dx%d: enlarge the terminal, or --size %dx%d",
	               size.ws_col, size.ws_row, header->cols, header->rows, size.ws_col, size.ws_row);
}

static bool read_numbers(struct recording *r, struct err *err)
{
	int64_t version = 2;
	const char *pace = args.pace;
	char *end = NULL;
	r->header = (struct cast_header){.cols = COLS, .rows = ROWS, .idle_limit_us = (int64_t)IDLE_MS * 1000};
	r->pace = pace ? strtod(pace, &end) : 1;
	if (args.size && !cmd_read_size(args.size, &r->header.cols, &r->header.rows))
		return err_set(err, ERR_INVALID, "--size is columns and rows, such as 100x32, not \"%s\"", args.size);
	if (args.version && !text_to_int(args.version, 2, 3, &version))
		return err_set(err, ERR_INVALID, "--cast-version is 2 or 3, not \"%s\"", args.version);
	if (pace && (*end || end == pace || !(r->pace >= 0 && r->pace <= 10)))
		return err_set(err, ERR_INVALID, "--pace is a number from 0 to 10, not \"%s\"", pace);
	r->header.version = (int)version;
	return true;
}

static bool make_header(struct recording *r, const struct scenario_act *act, struct err *err)
{
	struct canvas_look looks[ROLE_COUNT] = {0};
	const char *theme = r->show.config.theme ? r->show.config.theme : "dark";
	if (!theme_load(theme, THEME_RGB, looks, err))
		return false;
	recorder_theme(looks, &r->header.theme);
	r->title = mem_strdup(args.title ? args.title : act->title);
	r->header.title = r->title;
	r->header.timestamp = time_wall_ms() / 1000;
	r->header.term = "xterm-256color";
	return true;
}

static bool find_stage(struct recording *r, const struct scenario_act *act, struct err *err)
{
	r->start = TOPO_NONE;
	for (size_t i = 0; args.stage && i < act->stages.len; i++)
		if (text_equal(act->stages.data[i].id, args.stage))
			r->start = i;
	return !args.stage || r->start != TOPO_NONE ||
	       err_set(err, ERR_NOT_FOUND, "the act %s has no stage \"%s\": onesdn rehearse names them", act->name,
	               args.stage);
}

/* ---- the end ---- */
static void print_size(const char *path, const struct recorder_sum *sum)
{
	struct stat st;
	char length[24];
	cast_time_format(sum->duration_us, length);
	if (stat(path, &st) == 0)
		printf("%s: %s, %zu marker%s, %lld KiB\n", path, length, sum->n_markers, sum->n_markers == 1 ? "" : "s",
		       (long long)(st.st_size + 1023) / 1024);
}

static bool end_recording(struct recording *r, struct err *err)
{
	struct recorder_sum sum = {0};
	r->is_over = true;
	bool is_good = recorder_finish(r->recorder, r->show.loop ? loop_now(r->show.loop) : 0, &sum, err);
	show_end(&r->show); /* the terminal is given back before anything is said */
	if (is_good && args.path && !args.stage)
		print_size(args.path, &sum);
	if (sum.n_takes)
		printf("%zu take%s kept: t in the show plays %s\n", sum.n_takes, sum.n_takes == 1 ? "" : "s",
		       sum.n_takes == 1 ? "it" : "them");
	if (sum.problem.len)
		fprintf(stderr, "onesdn: takes could not be kept: %s\n", str_text(&sum.problem));
	if (args.stage && sum.n_takes == 0 && is_good && !r->failure)
		is_good = err_set(err, ERR_NOT_FOUND, "the stage \"%s\" was not performed: there is no new take of it",
		                  args.stage);
	str_finish(&sum.problem);
	return is_good;
}

static bool record(struct recording *r, struct err *err)
{
	struct ui_recording with = {
	        .on_terminal = !args.is_auto,
	        .clock = args.clock,
	        .packets = args.animation,
	        .rules = r->rules,
	        .on_frame = on_frame,
	        .user = r,
	};
	struct show_options show = {
	        .context = args.context,
	        .kubeconfig = args.kubeconfig,
	        .cols = r->header.cols,
	        .rows = r->header.rows,
	        .recording = &with,
	        .events = {on_play, on_change, on_stage, on_progress, on_problem, on_signal},
	        .user = r,
	};
	struct pilot_options pilot = {
	        .show = &r->show,
	        .pace = r->pace,
	        .type_ms = r->show.config.type_ms,
	        .start = r->start,
	        .is_wanted = is_wanted,
	        .is_last = is_last,
	        .on_over = on_over,
	        .user = r,
	};
	if (!show_begin(&r->show, &show, r->acts[0], err))
		return false;
	if (args.is_auto)
		r->pilot = pilot_create(&pilot);
	mark(r);
	loop_run(r->show.loop);
	pilot_destroy(r->pilot);
	r->pilot = NULL;
	loop_unpost(r->show.loop, r);
	return true;
}

/* One that sets up a cluster is performed there. */
static void choose_cluster(struct recording *r)
{
	r->own = args.context || args.kubeconfig ? NULL : scenario_brings_up(r->acts[0]);
	if (r->own)
		args.kubeconfig = r->own;
}

static bool prepare(struct recording *r, struct err *err)
{
	choose_cluster(r);
	struct scenario_act *act = load(r->acts[0], err);
	bool is_good = act && find_stage(r, act, err) && show_config(&r->show.config, &args.words, TYPE_MS, err) &&
	               make_header(r, act, err) && fits(&r->header, err) && may_write(err);
	scenario_destroy(act);
	if (!is_good || args.stitch)
		return is_good;
	if (args.is_auto && !args.words.type_ms) /* the config's is for the stage */
		r->show.config.type_ms = TYPE_MS;
	make_rules(r);
	if (!add_acts(r, err))
		return false;
	struct recorder_options with = {
	        .path = args.stage ? NULL : args.path,
	        .header = &r->header,
	        .rules = r->rules,
	        .keeps_takes = !args.no_takes,
	};
	r->recorder = recorder_create(&with, err);
	return r->recorder != NULL;
}

static bool stitch(const struct recording *r, struct err *err)
{
	struct takes_join join = {r->acts, r->n_acts, environment(), &r->header};
	struct recorder_sum sum = {0};
	if (!takes_join(args.path, &join, &sum, err))
		return false;
	print_size(args.path, &sum);
	if (sum.problem.len)
		fprintf(stderr, "onesdn: without the stages that have no take yet: %s\n", str_text(&sum.problem));
	str_finish(&sum.problem);
	return true;
}

static bool run(struct recording *r, struct err *err)
{
	if (!prepare(r, err))
		return false;
	if (!args.stitch) {
		bool is_good = record(r, err);
		struct err late;
		if (!end_recording(r, is_good ? err : &late) || !is_good)
			return false;
	}
	if (r->failure)
		return err_set(err, ERR_UNAVAILABLE, "%s", r->failure);
	return !(args.stage || args.stitch) || !args.path || stitch(r, err);
}

static void finish(struct recording *r)
{
	recorder_destroy(r->recorder);
	cast_rules_destroy(r->rules);
	free(r->title);
	free(r->failure);
	free(r->own);
}

/* What does not go together; NULL: nothing. */
static const char *contradiction(size_t n_acts)
{
	if (!args.is_auto && !args.stitch && n_acts > 1)
		return "somebody at the keys records one act at a time; --auto performs several";
	if (args.stage && (n_acts != 1 || args.stitch))
		return "--stage records a stage of one act: name the act";
	if (args.stage && args.no_takes)
		return "--stage makes a take: it cannot be had with --no-takes";
	if (args.stitch && !args.path)
		return "--stitch wants a file: -o FILE";
	if (!args.path && args.no_takes)
		return "nothing would be kept: name a file with -o";
	if (args.pace && !args.is_auto)
		return "--pace is for --auto";
	return NULL;
}

int cmd_record(int argc, char **argv)
{
	struct recording r = {.show = {.config = {.type_ms = -1}}};
	struct err err = {.code = ERR_NONE};
	int status = 0;
	if (!cmd_read_options(&usage, argc, argv, r.acts, &r.n_acts, &status))
		return status;
	char *names = r.n_acts                        ? NULL
	              : (args.is_auto || args.stitch) ? scenario_names(&err)
	                                              : show_first_act(&err),
	     *rest = names;
	for (char *name; rest && r.n_acts < ACTS_MAX && (name = strsep(&rest, " "));)
		if (*name)
			r.acts[r.n_acts++] = name;
	const char *wrong = contradiction(r.n_acts);
	bool is_usage = wrong && err_set(&err, ERR_INVALID, "%s", wrong);
	for (size_t i = 0; i < r.n_acts; i++)
		if (!show_is_act(r.acts[i]))
			return 2;
	bool is_good = !wrong && r.n_acts && read_numbers(&r, &err) && run(&r, &err);
	if (!is_good)
		fprintf(stderr, "onesdn: %s\n", err.text);
	status = is_good ? 0 : wrong || is_usage ? 2 : 1;
	if (r.show.signum)
		status = 128 + r.show.signum;
	finish(&r);
	free(names);
	return status;
}
