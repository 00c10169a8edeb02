/* What the size hides, in words; and the plain list that takes the picture's place when there is no room for one. */
#include "diagram/paint.h"

#include <string.h>

static void add_hidden(struct str *out, size_t n, const char *one, const char *many, const char *where)
{
	if (n == 0)
		return;
	str_append(out, out->len ? "; " : "");
	str_append_f(out, "%zu more %s", n, n == 1 ? one : many);
	if (where)
		str_append_f(out, " in %s", where);
}

/* Networks, groups and hosts: what no frame can say for itself. */
static void hidden_parts(const struct plan *plan, size_t n_flows_hidden, struct str *out)
{
	const struct model *model = plan->model;
	bool by_node = model->options->group == DIAGRAM_BY_NODE;
	size_t n_nets = model->n_nets_left_out;
	for (int k = 0; k < model->n_nets; k++) {
		if (plan->attempt.nets & 1u << k)
			continue;
		if (model->nets[k].kind == NET_POD)
			str_append(out, out->len ? "; the default network" : "the default network");
		else
			n_nets++;
	}
	add_hidden(out, n_nets, "network", "networks", NULL);
	add_hidden(out, model->groups.len - plan->frames.len, by_node ? "node" : "namespace",
	           by_node ? "nodes" : "namespaces", NULL);
	add_hidden(out, model->hosts.len - plan->n_hosts, "host", "hosts", NULL);
	add_hidden(out, n_flows_hidden, "flow", "flows", NULL);
}

void paint_hidden(const struct plan *plan, size_t n_flows_hidden, struct diagram *diagram)
{
	struct str parts = {0}, all = {0};
	for (size_t f = 0; f < plan->frames.len; f++) {
		const struct frame *frame = &plan->frames.data[f];
		bool by_node = plan->model->options->group == DIAGRAM_BY_NODE;
		add_hidden(&all, frame->n_folded, by_node ? "workload" : "pod", by_node ? "workloads" : "pods",
		           frame->group->title);
	}
	hidden_parts(plan, n_flows_hidden, &parts);
	if (parts.len > 0) {
		str_append_f(&all, "%s%s", all.len ? "; " : "", parts.data);
		int y = plan->rows - 1;
		bool is_blank = true;
		for (int x = 0; x < plan->cols; x++)
			is_blank = is_blank && !canvas_at(diagram->canvas, x, y)->ch[0];
		if (is_blank) {
			int used = canvas_put(diagram->canvas, 1, y, plan->cols - 1, ROLE_MUTED, 0, "not shown: ");
			canvas_put_fit(diagram->canvas, 1 + used, y, plan->cols - 1 - used, ROLE_MUTED, 0, parts.data);
		}
	}
	diagram->hidden = str_take(&all);
	str_finish(&parts);
}

static void list_workload(const struct model *model, size_t workload, int y, struct diagram *diagram)
{
	const struct topo_workload *w = &model->topo->workloads.data[workload];
	struct canvas *canvas = diagram->canvas;
	enum canvas_role role;
	const char *mark = text_mark(model, workload, &role);
	int x = canvas_put(canvas, 0, y, canvas->cols, role, 0, mark);
	struct str text = {0};
	str_append_f(&text, " %s", w->name ? w->name : "");
	for (size_t i = 0; i < model->links[workload].len; i++) {
		const struct topo_attachment *attachment =
		        &model->topo->attachments.data[model->links[workload].data[i]];
		if (attachment->network != 0 && attachment->address && attachment->address[0])
			str_append_f(&text, " %s", attachment->address);
	}
	canvas_put_fit(canvas, x, y, canvas->cols - x, workload == model->focus ? ROLE_FOCUS : ROLE_TEXT, 0,
	               str_text(&text));
	str_finish(&text);
	vec_push(&diagram->hits, (struct diagram_hit){mem_strdup(w->id ? w->id : ""), {0, y, canvas->cols, 1}});
}

void paint_list(const struct model *model, struct diagram *diagram)
{
	struct canvas *canvas = diagram->canvas;
	size_t n = model->topo->workloads.len, shown = 0, room = canvas->rows > 1 ? (size_t)canvas->rows - 1 : 0;
	bool is_shown_focus = model->focus != TOPO_NONE && room > 0;
	if (is_shown_focus)
		list_workload(model, model->focus, (int)shown++, diagram);
	for (int priority = 0; priority < 4; priority++)
		for (size_t w = 0; w < n && shown < room; w++)
			if (model->priorities[w] == priority && w != model->focus)
				list_workload(model, w, (int)shown++, diagram);
	struct str hidden = {0};
	str_append(&hidden, "wires");
	for (int k = 0; k < model->n_nets; k++) {
		char first[TEXT_SIZE], second[TEXT_SIZE];
		if (text_bus_label(model, k, LABEL_NAME, first, second))
			str_append_f(&hidden, "%s %s", k ? "," : " of", first);
	}
	add_hidden(&hidden, n - shown, "workload", "workloads", NULL);
	str_append(&hidden, " (too small)");
	canvas_put_fit(canvas, 0, canvas->rows - 1, canvas->cols, ROLE_MUTED, 0, str_text(&hidden));
	diagram->hidden = str_take(&hidden);
}
