/* cmd_frame: `onesdn frame`: a frame of the full screen on standard output, from objects instead of a cluster. The same views,
 * layout and diagram as on the terminal; what a show would have brought about is told by options. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "notes_view.h"
#include "onesdn/input.h"
#include "onesdn/show.h"
#include "onesdn/theme.h"

enum { INPUT_SIZE_MAX = 64 << 20, FLOWS_MAX = 64 };

static struct frame_args {
	const char *objects, *size, *theme, *layout, *stage, *state, *badge, *message, *failure, *shell, *flows,
	        *witnesses, *keys, *context, *minutes;
	bool ascii, ansi, svg, is_problem, notes;
} args;

static const struct cmd_option options[] = {
        {"--objects", "FILE[,FILE]", "what the cluster holds: Kubernetes Lists (default: nothing)", &args.objects,
         NULL},
        {"--size", "WxH", "columns and rows (default 100x30)", &args.size, NULL},
        {"--stage", "N", "the stage in view (default 1)", &args.stage, NULL},
        {"--state", "STATE", "of that stage: pending shown running checking done failed skipped", &args.state, NULL},
        {"--flow", "ID=STATE[:NOTE],...", "untried underway ok blocked failed", &args.flows, NULL},
        {"--witness", "ID=WAY:MS:PACKETS:ACL,...",
         "of a flow: measured connected refused unreachable timed-out after so long, dropped by OVN's ACL",
         &args.witnesses, NULL},
        {"--badge", "BADGE", "planned live stale (default: live with --objects)", &args.badge, NULL},
        {"--context", "NAME", "the cluster's name in the title (default lab)", &args.context, NULL},
        {"--message", "TEXT", "the line of the result", &args.message, NULL},
        {"--problem", NULL, "the message is a problem", NULL, &args.is_problem},
        {"--failure", "TEXT", "what went wrong, \\n between lines", &args.failure, NULL},
        {"--minutes", "N", "how long the show has been going on", &args.minutes, NULL},
        {"--shell", "FILE", "bytes that the shell has printed", &args.shell, NULL},
        {"--keys", "KEY,...", "keys pressed before the picture: f, ?, z, tab, space ...", &args.keys, NULL},
        {"--layout", "NAME", "talk, guided or zoom", &args.layout, NULL},
        {"--notes", NULL, "the speaker's second terminal instead; without an act: as there is no show", NULL,
         &args.notes},
        {"--theme", "NAME", "for --ansi and --svg", &args.theme, NULL},
        {"--ascii", NULL, "no characters beyond ASCII", NULL, &args.ascii},
        {"--ansi", NULL, "with colours, for a terminal", NULL, &args.ansi},
        {"--svg", NULL, "as an SVG picture", NULL, &args.svg},
};
static const struct cmd_usage usage = {
        .synopsis = "onesdn frame [OPTION]... [ACT|FILE]",
        .about = "Prints one frame of the full screen.",
        .options = options,
        .n_options = sizeof options / sizeof *options,
        .max_operands = 1,
};

struct frame {
	struct scenario_act *act;
	struct loop *loop;
	struct kube *kube;
	struct play *play;
	struct term *pane;
	struct ui *ui;
	struct play_flow flows[FLOWS_MAX];
	struct ui_pretend pretend;
	char acl[80], ovn[120];
	char *disagreements[FLOWS_MAX];
	char *failure;
	int cols, rows;
};

static int index_of(const char *word, size_t len, const char *const *words)
{
	for (int i = 0; words[i]; i++)
		if (strlen(words[i]) == len && strncmp(words[i], word, len) == 0)
			return i;
	return -1;
}

static bool read_word(const char *option, const char *word, const char *const *words, int *out, struct err *err)
{
	if (!word)
		return true;
	*out = index_of(word, strlen(word), words);
	return *out >= 0 ? true
	                 : err_set(err, ERR_INVALID, "\"%s\" is nothing for %s (see onesdn help frame)", word, option);
}

static bool read_number(const char *option, const char *word, int64_t low, int64_t high, int64_t *out, struct err *err)
{
	if (!word || text_to_int(word, low, high, out))
		return true;
	return err_set(err, ERR_INVALID, "%s takes a number from %lld to %lld, not \"%s\"", option, (long long)low,
	               (long long)high, word);
}

static bool read_flow(struct frame *frame, const char *word, size_t len, struct err *err)
{
	static const char *const states[] = {"untried", "underway", "ok", "blocked", "failed", NULL};
	const char *equals = memchr(word, '=', len), *end = word + len;
	const char *state = equals ? equals + 1 : end, *colon = memchr(state, ':', (size_t)(end - state));
	int found = index_of(state, (size_t)((colon ? colon : end) - state), states);
	for (size_t i = 0; equals && found >= 0 && i < frame->pretend.n_flows; i++) {
		struct play_flow *flow = &frame->flows[i];
		if (strlen(flow->plan->id) != (size_t)(equals - word) ||
		    strncmp(flow->plan->id, word, (size_t)(equals - word)) != 0)
			continue;
		flow->state = (enum play_flow_state)found;
		snprintf(flow->note, sizeof flow->note, "%.*s", colon ? (int)(end - colon - 1) : 0,
		         colon ? colon + 1 : "");
		return true;
	}
	return err_set(err, ERR_INVALID,
	               "--flow %.*s: ID=STATE with a flow of the act and untried, underway, ok, blocked or failed",
	               (int)len, word);
}

static bool read_flows(struct frame *frame, struct err *err)
{
	const struct scenario_act *act = frame->act;
	for (size_t i = 0; i < act->flows.len && i < FLOWS_MAX; i++)
		frame->flows[i].plan = &act->flows.data[i];
	frame->pretend.flows = frame->flows;
	frame->pretend.n_flows = act->flows.len < FLOWS_MAX ? act->flows.len : FLOWS_MAX;
	for (const char *p = args.flows; p && *p;) {
		size_t len = strcspn(p, ",");
		if (!read_flow(frame, p, len, err))
			return false;
		p += len + (p[len] == ',');
	}
	return true;
}

static struct play_flow *find_flow(struct frame *frame, const char *id, size_t len)
{
	for (size_t i = 0; i < frame->pretend.n_flows; i++)
		if (strlen(frame->flows[i].plan->id) == len && strncmp(frame->flows[i].plan->id, id, len) == 0)
			return &frame->flows[i];
	return NULL;
}

/* What the policies say is no pretence: it is asked of the objects that were given. */
static void take_verdicts(struct frame *frame)
{
	size_t n;
	play_cluster_changed(frame->play);
	const struct play_flow *flows = play_flows(frame->play, &n);
	for (size_t i = 0; i < n && i < frame->pretend.n_flows; i++) {
		struct play_flow *flow = &frame->flows[i];
		flow->is_judged = flows[i].is_judged;
		memcpy(flow->allowed, flows[i].allowed, sizeof flow->allowed);
		memcpy(flow->reasons, flows[i].reasons, sizeof flow->reasons);
	}
}

static bool read_witness(struct frame *frame, char *word, struct err *err)
{
	static const char *const ways[] = {"unmeasured", "connected", "refused", "unreachable",
	                                   "timed-out",  "broke",     NULL};
	char *rest = word, *id = strsep(&rest, "="), *way = strsep(&rest, ":"), *ms = strsep(&rest, ":"),
	     *packets = strsep(&rest, ":");
	int64_t took, dropped;
	struct play_flow *flow = way ? find_flow(frame, id, strlen(id)) : NULL;
	int measure = way ? index_of(way, strlen(way), ways) : -1;
	if (!flow || measure < 0 || !packets || !text_to_int(ms, 0, 3600000, &took) ||
	    !text_to_int(packets, 0, 1000000, &dropped))
		return err_set(err, ERR_INVALID, "--witness %s: ID=WAY:MS:PACKETS:ACL with a flow of the act", id);
	flow->measured = (enum play_measure)measure;
	flow->measured_ms = took;
	flow->is_counted = dropped > 0;
	flow->dropped = (uint64_t)dropped;
	flow->is_traced = rest != NULL;
	flow->passes_ovn = rest && !*rest;
	if (rest && !*rest)
		flow->ovn = "OVN lets it pass";
	if (rest && *rest) {
		snprintf(frame->acl, sizeof frame->acl, "%s", rest);
		snprintf(frame->ovn, sizeof frame->ovn, "OVN drops it: ACL %s", rest);
		flow->acl = frame->acl;
		flow->ovn = frame->ovn;
	}
	return true;
}

static bool read_witnesses(struct frame *frame, struct err *err)
{
	char *words = args.witnesses ? mem_strdup(args.witnesses) : NULL, *rest = words, *word;
	bool is_good = true;
	take_verdicts(frame);
	while (is_good && rest && (word = strsep(&rest, ",")))
		is_good = read_witness(frame, word, err);
	for (size_t i = 0; i < frame->pretend.n_flows; i++) {
		struct str disagreement = {0};
		play_flow_disagreement(&frame->flows[i], &disagreement);
		frame->disagreements[i] = disagreement.len ? str_take(&disagreement) : NULL;
		frame->flows[i].disagrees = frame->disagreements[i];
		str_finish(&disagreement);
	}
	free(words);
	return is_good;
}

static char *with_line_breaks(const char *text)
{
	struct str out = {0};
	for (; *text; text++) {
		bool is_break = text[0] == '\\' && text[1] == 'n';
		str_append_c(&out, is_break ? '\n' : *text);
		text += is_break;
	}
	return str_take(&out);
}

static bool read_pretend(struct frame *frame, struct err *err)
{
	static const char *const states[] = {"pending", "shown",  "running", "checking",
	                                     "done",    "failed", "skipped", NULL};
	static const char *const badges[] = {"planned", "live", "stale", NULL};
	struct ui_pretend *pretend = &frame->pretend;
	int64_t stage = 1, minutes = -1;
	pretend->badge = args.objects ? 1 : 0;
	pretend->stage_state = 0;
	pretend->message = args.message ? args.message : "";
	pretend->message_is_problem = args.is_problem;
	pretend->failure = frame->failure = args.failure ? with_line_breaks(args.failure) : NULL;
	if (!read_number("--stage", args.stage, 1, (int64_t)frame->act->stages.len, &stage, err) ||
	    !read_number("--minutes", args.minutes, 0, 6000, &minutes, err) ||
	    !read_word("--state", args.state, states, &pretend->stage_state, err) ||
	    !read_word("--badge", args.badge, badges, &pretend->badge, err))
		return false;
	pretend->stage = (int)stage - 1;
	pretend->pane = frame->pane =
	        term_create(NULL, &(struct term_options){.rows = frame->rows, .cols = frame->cols});
	pretend->elapsed_ms = minutes < 0 ? -1 : minutes * 60000;
	return read_flows(frame, err);
}

static bool feed_objects(struct frame *frame, struct err *err)
{
	frame->kube = kube_create(frame->loop, &(struct kube_options){.offline = true});
	for (const char *p = args.objects; p && *p;) {
		size_t len = strcspn(p, ",");
		char *path = mem_strndup(p, len);
		struct str text = {0};
		bool is_good = file_read(path, INPUT_SIZE_MAX, &text, err) &&
		               kube_feed_list(frame->kube, str_text(&text), text.len, path, err);
		str_finish(&text);
		free(path);
		if (!is_good)
			return false;
		p += len + (p[len] == ',');
	}
	return true;
}

static bool feed_shell(struct frame *frame, struct err *err)
{
	struct str text = {0};
	ui_paint(frame->ui); /* gives the pane its size */
	bool is_good = !args.shell || file_read(args.shell, INPUT_SIZE_MAX, &text, err);
	term_feed(frame->pane, str_text(&text), text.len);
	str_finish(&text);
	return is_good;
}

static bool press_keys(struct frame *frame, struct err *err)
{
	for (const char *p = args.keys; p && *p;) {
		size_t len = strcspn(p, ",");
		if (len == 0 && *p == ',')
			len = 1; /* the comma itself is no key of the program */
		char name[32];
		struct term_key key;
		snprintf(name, sizeof name, "%.*s", (int)len, p);
		if (!input_key_parse(name, &key))
			return err_set(err, ERR_INVALID, "--keys: there is no key \"%s\"", name);
		ui_paint(frame->ui); /* a key acts on what is to be seen */
		ui_key(frame->ui, key);
		p += len + (p[len] == ',');
	}
	return true;
}

static bool make(struct frame *frame, const char *name, struct err *err)
{
	struct ui_config config = {.theme = args.theme ? mem_strdup(args.theme) : NULL,
	                           .layout = args.layout ? mem_strdup(args.layout) : NULL,
	                           .ascii = args.ascii,
	                           .type_ms = -1};
	bool is_made = false;
	frame->act = scenario_load(name, "lab", err);
	if (frame->act && (frame->loop = loop_create(err)) && feed_objects(frame, err) && read_pretend(frame, err)) {
		struct play_options play = {.loop = frame->loop,
		                            .kube = frame->kube,
		                            .act = frame->act,
		                            .environment = "lab",
		                            .read_only = true,
		                            .offline = true};
		const struct scenario_act *act = frame->act;
		frame->play = play_create(&play, err);
		if (frame->play)
			frame->act = NULL; /* the play's from now on */
		struct ui_options ui = {.config = &config,
		                        .act = act,
		                        .context = args.context ? args.context : "lab",
		                        .cols = frame->cols,
		                        .rows = frame->rows};
		frame->ui = frame->play && read_witnesses(frame, err) ? ui_create(&ui, err) : NULL;
		is_made = frame->ui != NULL;
	}
	ui_config_finish(&config);
	return is_made;
}

static void print(const struct canvas *canvas, const struct canvas_look *looks)
{
	struct str out = {0};
	if (args.svg)
		canvas_svg(canvas, looks, "onesdn", &out);
	else if (args.ansi)
		canvas_ansi(canvas, looks, &out);
	else
		canvas_text(canvas, &out);
	fwrite(str_text(&out), 1, out.len, stdout);
	str_finish(&out);
}

/* What the second terminal is told: what the act says, and what is claimed instead of what is. */
static bool tell_notes(const struct frame *frame, struct notes *out, struct err *err)
{
	static char badges[][10] = {"planned", "LIVE", "STALE"};
	const struct ui_pretend *pretend = &frame->pretend;
	struct notes notes = {.status = -1,
	                      .elapsed_ms = pretend->elapsed_ms,
	                      .message = (char *)pretend->message,
	                      .is_problem = pretend->message_is_problem,
	                      .context = (char *)(args.context ? args.context : "lab"),
	                      .cluster = badges[pretend->badge],
	                      .is_cluster_problem = pretend->badge == 2,
	                      .is_blank = ui_is_blank(frame->ui)};
	struct str line = {0};
	speaker_stage(&notes, play_act(frame->play), (size_t)pretend->stage, (enum play_state)pretend->stage_state);
	notes_encode(&notes, &line);
	bool is_good = notes_decode(str_text(&line), line.len - 1, out, err);
	str_finish(&line);
	return is_good;
}

/* What `onesdn notes` shows meanwhile; without an act, before there is a show. */
static bool print_notes(const struct frame *frame, struct err *err)
{
	struct canvas_look looks[ROLE_COUNT];
	struct notes notes = {.stage = 0};
	struct notes_view view = {.notes = frame->ui ? &notes : NULL, .elapsed_ms = frame->pretend.elapsed_ms};
	if (!theme_load(args.theme ? args.theme : "dark", THEME_RGB, looks, err) ||
	    (view.notes && !tell_notes(frame, &notes, err)))
		return false;
	struct canvas *canvas = canvas_create(frame->cols, frame->rows);
	canvas->ascii = args.ascii;
	notes_paint(canvas, &view);
	print(canvas, looks);
	canvas_destroy(canvas);
	notes_finish(&notes);
	return true;
}

static void finish(struct frame *frame)
{
	ui_destroy(frame->ui);
	play_destroy(frame->play);
	term_destroy(frame->pane);
	kube_destroy(frame->kube);
	scenario_destroy(frame->act);
	for (size_t i = 0; i < FLOWS_MAX; i++)
		free(frame->disagreements[i]);
	free(frame->failure);
	if (frame->loop)
		loop_destroy(frame->loop);
}

int cmd_frame(int argc, char **argv)
{
	const char *name = NULL;
	size_t n = 0;
	int status;
	struct err err = {.code = ERR_NONE};
	struct frame frame = {.cols = 100, .rows = 30};
	if (!cmd_read_options(&usage, argc, argv, &name, &n, &status))
		return status;
	if ((n == 0 && !args.notes) || (args.size && !cmd_read_size(args.size, &frame.cols, &frame.rows))) {
		fprintf(stderr, "onesdn: %s\nusage: %s\n",
		        n == 0 && !args.notes ? "which act?" : "--size is columns x rows, such as 100x30",
		        usage.synopsis);
		return 2;
	}
	bool is_good = n == 0 || make(&frame, name, &err);
	if (is_good && frame.ui) {
		ui_set_show(frame.ui, frame.play, frame.kube);
		ui_set_pretend(frame.ui, &frame.pretend);
		is_good = feed_shell(&frame, &err) && press_keys(&frame, &err);
	}
	if (is_good && args.notes)
		is_good = print_notes(&frame, &err);
	else if (is_good)
		print(ui_paint(frame.ui), ui_looks(frame.ui));
	if (!is_good)
		fprintf(stderr, "onesdn: %s\n", err.text);
	finish(&frame);
	return is_good ? 0 : 1;
}
