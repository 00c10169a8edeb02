/* Random graphs, flows, sizes and options: no crash, the same picture twice, and what diagram_check.h demands. */
#include "onesdn/diagram.h"

#include "diagram_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes bytes = {data, size, 0};
	struct diagram_options options = {.cols = 1 + (int)bytes_next(&bytes, 300),
	                                  .rows = 1 + (int)bytes_next(&bytes, 100)};
	unsigned flags = bytes_next(&bytes, 64);
	options.ascii = (flags & 7) == 7;
	options.legend = flags & 8;
	options.group = flags & 16 ? DIAGRAM_BY_NODE : DIAGRAM_BY_NAMESPACE;
	options.focus = flags & 32 ? "w2" : NULL;
	options.tick = (int)bytes_next(&bytes, 9);
	struct topo *topo = graph_of(&bytes);
	struct flow_ids flows;
	flows_of(&bytes, topo, &flows);
	struct diagram *one = diagram_draw(topo, flows.flows, flows.n, &options);
	struct diagram *other = diagram_draw(topo, flows.flows, flows.n, &options);
	char why[512] = "two pictures of one graph differ";
	if (!canvas_same(one->canvas, other->canvas) || !check_picture(topo, one, &options, why, sizeof why)) {
		struct str text = {0};
		canvas_text(one->canvas, &text);
		fprintf(stderr, "%s\n%dx%d: %s\nhidden: %s\n", str_text(&text), options.cols, options.rows, why,
		        one->hidden);
		abort();
	}
	diagram_destroy(one);
	diagram_destroy(other);
	graph_destroy(topo);
	return 0;
}
