/* view_flows: the act's flows with their witnesses: what the policies say, what OVN says, what was measured, and the packets
 * that were dropped. A table, one flow in full sentences, and the lines under the diagram when one is blocked. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ui/scene.h"

enum { WIDE_COLS = 92, NOTE_COLS_MIN = 50, NOTE_COLS_FULL = 92 };

static bool is_filtered(const struct view_state *view, const char *text)
{
	return !*view->filter || strcasestr(text, view->filter);
}

static bool is_listed(const struct view_state *view, const struct scenario_flow *plan)
{
	return is_filtered(view, plan->id) || is_filtered(view, plan->from) || is_filtered(view, plan->to);
}

size_t view_flow_focus(const struct scene *scene, const struct view_state *view)
{
	if (view->flow < scene->n_flows)
		return view->flow;
	const struct scenario_act *act = scene->act;
	if (act->stages.len && act->stages.data[scene->stage].seen.len)
		return act->stages.data[scene->stage].seen.data[0];
	for (size_t i = 0; i < scene->n_flows; i++)
		if (scene->flows[i].state == PLAY_FLOW_BLOCKED)
			return i;
	return 0;
}

/* ---- the witnesses, each in a few words ---- */

static void policies_words(const struct play_flow *flow, struct str *out)
{
	bool ovnk = flow->allowed[POLICY_OVNK];
	if (!flow->is_judged)
		str_append(out, "-");
	else if (flow->allowed[POLICY_SPEC] != ovnk)
		str_append_f(out, "%s (API %s)", ovnk ? "allow" : "deny", ovnk ? "deny" : "allow");
	else
		str_append(out, ovnk ? "allow" : "deny");
}

static void ovn_words(const struct play_flow *flow, struct str *out)
{
	if (!flow->is_traced)
		str_append(out, flow->ovn ? "not asked" : "-");
	else
		str_append(out, flow->passes_ovn ? "passes" : "drops");
}

static void measured_words(const struct play_flow *flow, struct str *out)
{
	bool is_waiting = flow->measured == PLAY_UNMEASURED &&
	                  (flow->state == PLAY_FLOW_UNDERWAY || flow->state == PLAY_FLOW_BLOCKED);
	if (is_waiting)
		str_append(out, "waits for an answer");
	else if (flow->measured == PLAY_UNMEASURED)
		str_append(out, flow->was_ok ? "not tried again" : "not tried");
	else
		play_flow_measured(flow, out);
}

static void dropped_words(const struct play_flow *flow, const char *unit, struct str *out)
{
	if (flow->is_counted)
		str_append_f(out, "%llu%s", (unsigned long long)flow->dropped, unit);
	else
		str_append(out, "-");
}

static enum canvas_role way_role(bool is_known, bool is_open)
{
	return !is_known ? ROLE_MUTED : is_open ? ROLE_FLOW_OK : ROLE_FLOW_BLOCKED;
}

static enum canvas_role measured_role(const struct play_flow *flow)
{
	return way_role(flow->measured != PLAY_UNMEASURED, flow->measured == PLAY_CONNECTED);
}

/* ---- the table ---- */

enum { POLICIES, OVN, MEASURED, DROPPED, N_WITNESSES };
static const struct {
	const char *head, *narrow;
	int cols;
} witnesses[N_WITNESSES] = {
        {"POLICIES", "policies ", 9}, {"OVN", "OVN ", 10}, {"MEASURED", "", 23}, {"DROPPED", "", 7}};
enum { POLICIES_COLS = 17 }; /* where OVN-Kubernetes and the API mean different things: "allow (API deny)" */

static void witness_cols(const struct scene *scene, int cols[N_WITNESSES])
{
	for (int i = 0; i < N_WITNESSES; i++)
		cols[i] = witnesses[i].cols;
	for (size_t i = 0; i < scene->n_flows; i++)
		if (scene->flows[i].is_judged &&
		    scene->flows[i].allowed[POLICY_SPEC] != scene->flows[i].allowed[POLICY_OVNK])
			cols[POLICIES] = POLICIES_COLS;
}

static enum canvas_role put_words(const struct play_flow *flow, int which, bool is_short, struct str *out)
{
	switch (which) {
	case POLICIES:
		policies_words(flow, out);
		return way_role(flow->is_judged, flow->allowed[POLICY_OVNK]);
	case OVN:
		ovn_words(flow, out);
		return way_role(flow->is_traced, flow->passes_ovn);
	case MEASURED:
		measured_words(flow, out);
		return measured_role(flow);
	default:
		dropped_words(flow, is_short ? "" : " dropped", out);
		return flow->is_counted && flow->dropped ? ROLE_FLOW_BLOCKED : ROLE_MUTED;
	}
}

static int first_witness(const struct canvas *page, const int cols[N_WITNESSES])
{
	int x = page->cols;
	for (int i = 0; i < N_WITNESSES; i++)
		x -= cols[i];
	return x;
}

static void put_wide(struct canvas *page, int y, const struct play_flow *flow, const int cols[N_WITNESSES],
                     enum canvas_role chosen)
{
	int x = first_witness(page, cols);
	for (int i = 0; i < N_WITNESSES; x += cols[i++]) {
		struct str words = {0};
		enum canvas_role role = put_words(flow, i, true, &words);
		canvas_put_fit(page, x, y, cols[i] - 1, chosen ? chosen : role, 0, str_text(&words));
		str_finish(&words);
	}
}

static void put_narrow(struct canvas *page, int y, const struct play_flow *flow)
{
	int x = 4;
	for (int i = 0; i < N_WITNESSES; i++) {
		struct str words = {0};
		enum canvas_role role = put_words(flow, i, false, &words);
		bool is_empty = i == DROPPED && !flow->is_counted;
		if (!is_empty) {
			x += canvas_put(page, x, y, page->cols - x, ROLE_MUTED, 0, witnesses[i].narrow);
			x += canvas_put(page, x, y, page->cols - x, role, 0, str_text(&words)) + 2;
		}
		str_finish(&words);
	}
}

static void put_heads(struct canvas *page, const int cols[N_WITNESSES])
{
	int x = first_witness(page, cols);
	canvas_put(page, 4, 0, page->cols, ROLE_MUTED, 0, "FLOW");
	for (int i = 0; i < N_WITNESSES; x += cols[i++])
		canvas_put(page, x, 0, page->cols - x, ROLE_MUTED, 0, witnesses[i].head);
}

static int put_flow(struct canvas *page, int y, const struct play_flow *flow, const int cols[N_WITNESSES],
                    bool is_chosen)
{
	bool is_wide = page->cols >= WIDE_COLS;
	struct look_of look = flow_look(flow->state);
	struct str name = {0};
	enum canvas_role chosen = is_chosen ? ROLE_SELECTION : ROLE_NONE;
	int room = (is_wide ? first_witness(page, cols) : page->cols) - 4;
	if (is_chosen)
		canvas_fill(page, (struct rect){0, y, page->cols, 1}, ROLE_SELECTION, ' ');
	canvas_put(page, 0, y, 2, chosen, ATTR_BOLD, is_chosen ? "▸" : " ");
	canvas_put(page, 2, y, 2, chosen ? chosen : look.role, ATTR_BOLD, look.glyph);
	scenario_flow_name(flow->plan, &name);
	canvas_put_fit(page, 4, y, room - 1, chosen ? chosen : ROLE_TEXT, is_chosen ? ATTR_BOLD : 0, str_text(&name));
	str_finish(&name);
	if (is_wide)
		put_wide(page, y, flow, cols, chosen);
	else
		put_narrow(page, ++y, flow);
	if (flow->disagrees) {
		struct str words = {0};
		str_append_f(&words, "! they disagree: %s", flow->disagrees);
		canvas_put_fit(page, 4, ++y, page->cols - 4, ROLE_WARN, 0, str_text(&words));
		str_finish(&words);
	}
	if (flow->is_asked_if && flow->is_judged) {
		struct str words = {0};
		bool is_same = flow->allowed_then == flow->allowed[POLICY_OVNK];
		str_append_f(&words, "if it were applied: %s %s", is_same ? "still" : "then",
		             flow->allowed_then ? "allow" : "deny");
		if (!is_same)
			str_append_f(&words, ": %s", flow->reason_then);
		canvas_put_fit(page, 4, ++y, page->cols - 4, is_same ? ROLE_MUTED : ROLE_WARN, 0, str_text(&words));
		str_finish(&words);
	}
	return y + 1;
}

int view_flows(struct canvas *page, int rows, const struct scene *scene, const struct view_state *view)
{
	size_t focus = view_flow_focus(scene, view);
	bool is_wide = page->cols >= WIDE_COLS;
	int y = is_wide ? 1 : 0, cols[N_WITNESSES];
	(void)rows;
	witness_cols(scene, cols);
	if (is_wide)
		put_heads(page, cols);
	for (size_t i = 0; i < scene->n_flows && y + 4 < page->rows; i++)
		if (is_listed(view, scene->flows[i].plan))
			y = put_flow(page, y, &scene->flows[i], cols, i == focus);
	if (!scene->n_flows)
		canvas_put_fit(page, 0, y++, page->cols, ROLE_MUTED, 0, "This act names no flows.");
	else
		canvas_put_fit(page, 4, y++, page->cols - 4, ROLE_MUTED, 0,
		               "e says in full what is known of the chosen one");
	return y;
}

/* ---- one flow in full sentences ---- */

struct telling {
	struct canvas *page;
	int y;
	const char *reasons; /* a finding about a policy is told if its name is in there */
	size_t n_findings;
};

static void tell(struct telling *t, enum canvas_role role, const char *head, const char *text)
{
	if (t->y >= t->page->rows)
		return;
	int x = head ? 11 : 0;
	if (head)
		canvas_put_fit(t->page, 0, t->y, x - 1, ROLE_MUTED, 0, head);
	t->y += canvas_put_wrapped(t->page, (struct rect){x, t->y, t->page->cols - x, t->page->rows - t->y}, role, text,
	                           strlen(text));
}

static void tell_policies(struct telling *t, const struct play_flow *flow)
{
	static const char *const whose[] = {
	        [POLICY_OVNK] = "OVN-Kubernetes makes of it", [POLICY_SPEC] = "The API means"};
	bool differ = flow->allowed[POLICY_SPEC] != flow->allowed[POLICY_OVNK];
	if (!flow->is_judged) {
		tell(t, ROLE_MUTED, "policies",
		     "One end of the flow is not there yet, so the policies say nothing of it.");
		return;
	}
	for (int k = POLICY_N_PROFILES - 1; k >= 0; k--) {
		struct str text = {0};
		if (k == POLICY_SPEC && !differ)
			continue;
		if (differ)
			str_append_f(&text, "%s: ", whose[k]);
		str_append_f(&text, "%s. %s.", flow->allowed[k] ? "allow" : "deny",
		             flow->reasons[k] ? flow->reasons[k] : "");
		tell(t, way_role(true, flow->allowed[k]), k == POLICY_OVNK ? "policies" : "", str_text(&text));
		str_finish(&text);
	}
}

static void tell_ovn(struct telling *t, const struct play_flow *flow)
{
	if (flow->ovn)
		tell(t, way_role(flow->is_traced, flow->passes_ovn), "OVN", flow->ovn);
	else
		tell(t, ROLE_MUTED, "OVN",
		     "It was not asked yet: it is when there is a policy, or when the flows are looked at (f).");
	if (flow->is_counted) {
		struct str text = {0};
		dropped_words(flow, flow->dropped == 1 ? " packet dropped" : " packets dropped", &text);
		str_append(&text, " at the flow's ends since the policies came");
		tell(t, flow->dropped ? ROLE_FLOW_BLOCKED : ROLE_TEXT, "", str_text(&text));
		str_finish(&text);
	}
}

static void tell_measured(struct telling *t, const struct play_flow *flow)
{
	static const char *const meaning[] = {
	        [PLAY_UNMEASURED] = "",
	        [PLAY_CONNECTED] = ": it got through.",
	        [PLAY_REFUSED] = ": the packets arrived, and nobody listens on that port.",
	        [PLAY_UNREACHABLE] = ": there is no way to that address.",
	        [PLAY_TIMED_OUT] = ": nobody answered, which is what a drop looks like from inside.",
	        [PLAY_BROKE] = ": the command failed for another reason than the network.",
	};
	struct str text = {0};
	measured_words(flow, &text);
	str_append(&text, meaning[flow->measured]);
	tell(t, measured_role(flow), "measured", str_text(&text));
	str_finish(&text);
}

static void on_finding(const struct policy_finding *finding, void *user)
{
	static const char *const names[] = {"note", "warning", "error"};
	struct telling *t = user;
	struct str text = {0};
	if (!strstr(t->reasons, finding->object))
		return;
	str_append_f(&text, "%s %s%s%s: %s", names[finding->severity], finding->object, *finding->path ? " " : "",
	             finding->path, finding->text);
	tell(t, finding->severity == POLICY_NOTE ? ROLE_TEXT : ROLE_WARN, t->n_findings++ == 0 ? "beware" : "",
	     str_text(&text));
	str_finish(&text);
}

int view_explain(struct canvas *page, int rows, const struct scene *scene, const struct view_state *view)
{
	struct telling t = {.page = page};
	struct str head = {0}, reasons = {0};
	(void)rows;
	if (!scene->n_flows) {
		tell(&t, ROLE_MUTED, NULL, "This act names no flows.");
		return t.y;
	}
	const struct play_flow *flow = &scene->flows[view_flow_focus(scene, view)];
	struct look_of look = flow_look(flow->state);
	str_append_f(&head, "%s %s ─▶ %s %s", look.glyph, flow->plan->from, flow->plan->to, flow->plan->port);
	if (*flow->plan->network)
		str_append_f(&head, " on %s", flow->plan->network);
	tell(&t, look.role, NULL, str_text(&head));
	t.y++;
	tell_policies(&t, flow);
	tell_ovn(&t, flow);
	tell_measured(&t, flow);
	if (flow->is_cut)
		tell(&t, ROLE_WARN, "now", flow->why);
	if (flow->disagrees)
		tell(&t, ROLE_WARN, "disagree", flow->disagrees);
	if (flow->is_asked_if) {
		struct str text = {0};
		str_append_f(&text, "%s. %s.", flow->allowed_then ? "allow" : "deny", flow->reason_then);
		tell(&t, way_role(true, flow->allowed_then), "what if", str_text(&text));
		str_finish(&text);
	}
	for (int k = 0; k < POLICY_N_PROFILES; k++)
		str_append_f(&reasons, "%s ", flow->reasons[k] ? flow->reasons[k] : "");
	t.reasons = str_text(&reasons);
	if (scene->policies)
		policy_lint(scene->policies, on_finding, &t);
	str_finish(&reasons);
	str_finish(&head);
	return t.y;
}

/* ---- under the diagram ---- */

/* An act in which something is blocked keeps a place for it, so that nothing jumps when it is. */
int view_notes_rows(const struct scenario_act *act, int cols)
{
	bool is_about = false;
	for (size_t i = 0; i < act->stages.len; i++)
		is_about = is_about || act->stages.data[i].is_blocked;
	return !is_about || cols < NOTE_COLS_MIN ? 0 : cols < NOTE_COLS_FULL ? 3 : 2;
}

static void replace_all(struct str *text, const char *what, const char *with)
{
	struct str out = {0};
	const char *rest = str_text(text);
	for (const char *at; *what && (at = strstr(rest, what)); rest = at + strlen(what)) {
		str_append_n(&out, rest, (size_t)(at - rest));
		str_append(&out, with);
	}
	str_append(&out, rest);
	str_finish(text);
	*text = out;
}

static void strip_namespace(struct str *text, const char *id)
{
	const char *slash = strchr(id, '/');
	char *prefix = slash ? mem_strndup(id, (size_t)(slash + 1 - id)) : mem_strdup("");
	replace_all(text, prefix, "");
	free(prefix);
}

/* The reason beside the flow's own name: "web-client selects it for egress; none allows it". */
static void append_reason(const struct play_flow *flow, struct str *out)
{
	struct str text = {0};
	str_append(&text, flow->reasons[POLICY_OVNK]);
	char *selects = mem_printf("%s for egress", flow->plan->from),
	     *takes = mem_printf("%s for ingress", flow->plan->to);
	replace_all(&text, selects, "it for egress");
	replace_all(&text, takes, "it for ingress");
	strip_namespace(&text, flow->plan->from);
	strip_namespace(&text, flow->plan->to);
	str_append(out, str_text(&text));
	str_finish(&text);
	free(selects);
	free(takes);
}

static void append_witnesses(const struct play_flow *flow, struct str *out)
{
	str_append(out, "  policies: ");
	policies_words(flow, out);
	if (flow->is_traced && !flow->passes_ovn && flow->acl)
		str_append_f(out, "  OVN: drop at ACL %s", flow->acl);
	else if (flow->is_traced)
		str_append_f(out, "  OVN: %s", flow->passes_ovn ? "passes" : "drop");
	if (flow->is_asked_if && flow->is_judged && flow->allowed_then != flow->allowed[POLICY_OVNK])
		str_append_f(out, "  then: %s", flow->allowed_then ? "allow" : "deny");
}

/* What keeps it from passing, what is odd about it, or else how it was measured. */
static bool append_news(const struct play_flow *flow, struct str *out)
{
	if (flow->disagrees)
		str_append_f(out, "! they disagree: %s", flow->disagrees);
	else if (flow->is_cut)
		str_append_f(out, "! just now it cannot pass: %s", flow->why);
	else
		str_append(out, "measured: ");
	if (!flow->disagrees && !flow->is_cut)
		measured_words(flow, out);
	return flow->disagrees || flow->is_cut;
}

/* Two lines: flow and reason; the witnesses. Three where it is narrow: flow and measurement; reason; the others. */
void view_notes(struct canvas *canvas, struct rect area, const struct scene *scene, const struct view_state *view)
{
	if (!scene->n_flows || area.rows < 2)
		return;
	const struct play_flow *flow = &scene->flows[view_flow_focus(scene, view)];
	struct look_of look = flow_look(flow->state);
	struct str name = {0}, reason = {0}, said = {0}, news = {0};
	bool is_narrow = area.rows > 2;
	str_append_f(&name, "%s ", look.glyph);
	scenario_flow_name(flow->plan, &name);
	if (flow->is_judged)
		append_reason(flow, &reason);
	append_witnesses(flow, &said);
	bool is_odd = append_news(flow, &news);
	struct str *beside = is_narrow ? &news : &reason, *behind = is_narrow ? &reason : &news;
	enum canvas_role odd = is_odd ? ROLE_WARN : ROLE_TEXT;
	int x = area.x + 1, y = area.y, right = area.x + area.cols;
	x += canvas_put_fit(canvas, x, y, right - x, look.role, ATTR_BOLD, str_text(&name)) + 3;
	if (x < right)
		canvas_put_fit(canvas, x, y, right - x, is_narrow ? odd : ROLE_TEXT, 0, str_text(beside));
	if (is_narrow)
		canvas_put_fit(canvas, area.x + 3, ++y, right - area.x - 3, ROLE_TEXT, 0, str_text(behind));
	x = area.x + 1 + canvas_put_fit(canvas, area.x + 1, y + 1, right - area.x - 1, ROLE_TEXT, 0, str_text(&said)) +
	    2;
	if (!is_narrow && x < right)
		canvas_put_fit(canvas, x, y + 1, right - x, odd, 0, str_text(behind));
	struct str *const texts[] = {&name, &reason, &said, &news};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		str_finish(texts[i]);
}
