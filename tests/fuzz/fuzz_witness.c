/* fuzz_witness: any bytes as what ovn-trace, ovn-nbctl and ovs-ofctl printed; the first byte says which. What comes out is bounded and safe. */
#include <stdlib.h>
#include <string.h>

#include "witness/flows.h"
#include "witness/rows.h"
#include "witness/trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_trace(const char *text, size_t size)
{
	struct trace trace;
	trace_parse(text, size, &trace);
	if (trace.outputs.len > TRACE_OUTPUTS_MAX || !text_is_safe(trace.problem, strlen(trace.problem)) ||
	    (trace.n_steps == 0 && trace.stage[0] != '\0') ||
	    strspn(trace.acl_flow, "0123456789abcdefABCDEF") != strlen(trace.acl_flow))
		abort();
	for (size_t i = 0; i < trace.outputs.len; i++)
		if (!trace_has_output(&trace, trace.outputs.data[i].port))
			abort();
	trace_finish(&trace);
}

static void fuzz_rows(const char *text, size_t size)
{
	struct rows rows;
	for (size_t at = 0; rows_parse(text, size, &at, &rows);) {
		for (size_t i = 0; i <= rows.len && i < 50; i++) {
			if (rows_text(&rows, i, "_uuid") == NULL ||
			    rows_map(&rows, i, "external_ids", "stage-hint") == NULL)
				abort();
			rows_int(&rows, i, "tunnel_key");
		}
		rows_finish(&rows);
		if (at > size)
			abort();
	}
}

static bool is_odd(const struct flow_line *line, const void *user)
{
	(void)user;
	return (line->cookie & 1) != 0;
}

static void fuzz_flows(const char *text, size_t size)
{
	struct flows flows;
	struct tally tally = {0};
	flows_parse(text, size, &flows);
	if (flows.lines.len > FLOWS_MAX)
		abort();
	tally_add(&tally, &flows, is_odd, NULL);
	if (tally.packets != 0)
		abort();
	tally_add(&tally, &flows, is_odd, NULL);
	tally_finish(&tally);
	flows_finish(&flows);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const parsers[])(const char *text, size_t size) = {fuzz_trace, fuzz_rows, fuzz_flows};
	if (size > 0)
		parsers[data[0] % 3]((const char *)data + 1, size - 1);
	return 0;
}
