/* Which attempt: from the most to the least detailed, shallow before deep, whole before folded; the first that fits. */
#include "diagram/plan.h"

struct search {
	const struct model *model;
	struct plan *plan;
	struct attempt base;
};

static bool try_attempt(struct search *search, const struct attempt *attempt)
{
	plan_init(search->plan, search->model, attempt);
	if (plan_columns(search->plan) && plan_rows(search->plan))
		return true;
	plan_finish(search->plan);
	return false;
}

/* A shape that cannot fit, from counts alone: most shapes are like that. */
static bool is_hopeless(const struct search *search, const struct attempt *attempt)
{
	static const int least[] = {
	        [DETAIL_RICH] = 28, [DETAIL_FULL] = 22, [DETAIL_ADDRESS] = 17, [DETAIL_COMPACT] = 10};
	const struct model *model = search->model;
	int n_nets = plan_count(attempt->nets), cols = 0, most = 0;
	int box = least[attempt->detail] < attempt->text_max + 4 ? least[attempt->detail] : attempt->text_max + 4;
	box = box > 2 * n_nets + 5 ? box : 2 * n_nets + 5;
	for (size_t g = 0; g < attempt->n_groups && g < model->groups.len; g++) {
		size_t cap = g == model->focus_group ? attempt->focus_cap : attempt->cap;
		size_t n = model->groups.data[g].members.len < cap ? model->groups.data[g].members.len : cap;
		int each = ((int)n + attempt->rows - 1) / attempt->rows * (box + 1) + 4;
		cols += each;
		most = each > most ? each : most;
	}
	return cols > attempt->bands * (model->options->cols + 1) || most > model->options->cols + 1 ||
	       attempt->bands * 2 + attempt->rows * 3 + n_nets + attempt->list_rows > model->options->rows;
}

/* All shapes of up to so many rows of boxes altogether, fewest first; a single band before several. */
static bool try_shapes(struct search *search, const enum detail *details, size_t n_details, int text_max)
{
	static const int text_limits[] = {
	        [DETAIL_RICH] = 42, [DETAIL_FULL] = 30, [DETAIL_ADDRESS] = 30, [DETAIL_COMPACT] = 26};
	int most = search->model->options->rows / 3;
	for (int product = 1; product <= most && product <= 40; product++)
		for (size_t d = 0; d < n_details; d++)
			for (int bands = 1; bands <= product; bands++) {
				if (product % bands != 0 || (bands > 1 && (size_t)bands > search->base.n_groups))
					continue;
				struct attempt attempt = search->base;
				attempt.detail = details[d];
				attempt.bands = bands;
				attempt.rows = product / bands;
				attempt.text_max = text_max ? text_max : text_limits[details[d]];
				if (is_hopeless(search, &attempt))
					continue;
				if (try_attempt(search, &attempt))
					return true;
				attempt.has_label_margin = true;
				if (try_attempt(search, &attempt))
					return true;
			}
	return false;
}

static size_t largest_group(const struct model *model)
{
	size_t most = 1;
	for (size_t g = 0; g < model->groups.len; g++)
		if (model->groups.data[g].members.len > most)
			most = model->groups.data[g].members.len;
	return most;
}

static void set_cap(struct search *search, size_t cap)
{
	bool has_focus = search->model->focus_group != TOPO_NONE;
	search->base.focus_cap = cap;
	search->base.cap = !has_focus ? cap : cap > 4 ? cap / 4 : 1;
}

static bool try_folded(struct search *search)
{
	static const enum detail compact[] = {DETAIL_COMPACT};
	static const int limits[] = {0, 14, 9, 5};
	size_t room = (size_t)search->model->options->cols * (size_t)search->model->options->rows / 36;
	size_t most = largest_group(search->model);
	most = most < room ? most : room;
	most = most < MEMBER_MAX ? most : MEMBER_MAX;
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
		size_t low = i < 2 ? 2 : 1, high = most > low ? most : low, best = 0;
		while (low <= high) { /* the fuller, the less fits */
			size_t middle = low + (high - low) / 2;
			set_cap(search, middle);
			bool is_good = try_shapes(search, compact, 1, limits[i]);
			if (is_good) {
				plan_finish(search->plan);
				best = middle;
				low = middle + 1;
			} else {
				high = middle - 1;
			}
		}
		if (best == 0)
			continue;
		set_cap(search, best);
		return try_shapes(search, compact, 1, limits[i]);
	}
	return false;
}

static bool try_all(struct search *search)
{
	static const enum detail whole[] = {DETAIL_RICH, DETAIL_FULL, DETAIL_ADDRESS, DETAIL_COMPACT};
	search->base.cap = search->base.focus_cap = MEMBER_MAX;
	if (largest_group(search->model) <= MEMBER_MAX &&
	    (try_shapes(search, whole, 4, 0) || try_shapes(search, &whole[DETAIL_COMPACT], 1, 14)))
		return true;
	return try_folded(search);
}

/* The pod network goes first, then the last of the others. */
static uint32_t drop_net(const struct model *model, uint32_t nets)
{
	int last = -1;
	for (int k = 0; k < model->n_nets; k++) {
		if (!(nets & 1u << k))
			continue;
		last = k;
		if (model->nets[k].kind == NET_POD)
			break;
	}
	return last < 0 ? 0 : nets & ~(1u << last);
}

bool plan_search(const struct model *model, int list_rows, struct plan *plan)
{
	struct search search = {.model = model, .plan = plan};
	search.base.list_rows = list_rows;
	uint32_t all = (1u << model->n_nets) - 1;
	size_t n_groups = model->groups.len < GROUP_MAX ? model->groups.len : GROUP_MAX;
	for (size_t groups = n_groups ? n_groups : 1; groups >= 1; groups = groups > 4 ? groups / 2 : groups - 1)
		for (uint32_t nets = all;; nets = drop_net(model, nets)) {
			search.base.n_groups = groups;
			search.base.nets = nets;
			if (try_all(&search))
				return true;
			if (!nets)
				break;
		}
	return false;
}
