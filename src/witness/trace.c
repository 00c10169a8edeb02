/* ovn-trace's detailed output, line by line: numbered steps of a pipeline ("17. ls_in_acl_after_lb (northd.c:6543): MATCH, priority 2000, uuid
 * ac192018") and deliveries ("output to "PORT", type "localnet""). Stages are known by name, never by number, for releases
 * renumber them; later ones decide in ls_in_acl_eval and drop in ls_in_acl_action.
 */
#include "witness/trace.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define CLIENT_PORT 40000 /* of the connection that is thought of */

/* ---- the output ---- */

static bool has(const char *text, const char *part)
{
	return strstr(text, part) != NULL;
}

static bool is_acl_stage(const char *stage)
{
	return has(stage, "_acl") && !has(stage, "pre_acl") && !has(stage, "acl_hint");
}

static void copy_quoted(const char *at, const char *end, char *out, size_t size)
{
	const char *quote = memchr(at, '"', (size_t)(end - at));
	size_t len = quote != NULL ? (size_t)(quote - at) : 0;
	snprintf(out, size, "%.*s", (int)(len < size ? len : 0), at);
}

static const char *find(const char *line, const char *end, const char *part)
{
	return memmem(line, (size_t)(end - line), part, strlen(part));
}

static bool read_output(const char *line, const char *end, struct trace *out)
{
	static const char before[] = "output to \"", before_type[] = "type \"";
	const char *at = find(line, end, before);
	struct trace_output output = {0};
	if (at == NULL)
		return false;
	copy_quoted(at + strlen(before), end, output.port, sizeof output.port);
	at = find(at + strlen(before), end, before_type);
	if (at != NULL)
		copy_quoted(at + strlen(before_type), end, output.type, sizeof output.type);
	if (output.port[0] != '\0' && out->outputs.len < TRACE_OUTPUTS_MAX)
		vec_push(&out->outputs, output);
	return true;
}

static void read_uuid(const char *line, const char *end, char out[9])
{
	static const char before[] = ", uuid ";
	const char *at = NULL;
	for (const char *next = line; (next = find(next, end, before)) != NULL; next += strlen(before))
		at = next + strlen(before);
	out[0] = '\0';
	if (at == NULL || end - at < 8)
		return;
	for (size_t i = 0; i < 8; i++)
		if (!isxdigit((unsigned char)at[i]))
			return;
	snprintf(out, 9, "%.8s", at);
}

/* "17. ls_in_acl_after_lb (northd.c:6543): ..." */
static bool read_step(const char *line, const char *end, struct trace *out)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
	const char *at = line;
	while (at < end && isdigit((unsigned char)*at))
		at++;
	if (at == line || end - at < 3 || at[0] != '.' || at[1] != ' ')
		return false;
	at += 2;
	size_t len = 0;
	while (at + len < end && strchr(letters, at[len]) != NULL && at[len] != '\0')
		len++;
	if (len == 0 || len >= sizeof out->stage || at + len == end || (at[len] != ' ' && at[len] != ':'))
		return false;
	snprintf(out->stage, sizeof out->stage, "%.*s", (int)len, at);
	out->n_steps++;
	if (is_acl_stage(out->stage) && !has(out->stage, "_action") && !has(out->stage, "_sample"))
		read_uuid(at + len, end, out->acl_flow);
	return true;
}

/* "2026-11-28T12:14:30Z|00001|ovntrace|WARN|what it is" or a line without all that. */
static void note_problem(const char *line, const char *end, struct trace *out)
{
	struct str words = {0};
	if (out->problem[0] != '\0' || line == end || *line == '#')
		return;
	for (const char *bar = memchr(line, '|', (size_t)(end - line)); bar != NULL;
	     bar = memchr(line, '|', (size_t)(end - line)))
		line = bar + 1;
	size_t len = (size_t)(end - line);
	str_append_safe(&words, line, len < 120 ? len : 120);
	snprintf(out->problem, sizeof out->problem, "%s", str_text(&words)); /* 3 bytes for each of 120 at the most */
	str_finish(&words);
}

void trace_parse(const char *text, size_t len, struct trace *out)
{
	*out = (struct trace){0};
	for (const char *line = text, *stop = text + len; line < stop;) {
		const char *end = memchr(line, '\n', (size_t)(stop - line));
		const char *next = end != NULL ? end + 1 : stop;
		if (end == NULL)
			end = stop;
		while (line < end && (*line == ' ' || *line == '\t'))
			line++;
		if (!read_step(line, end, out) && !read_output(line, end, out) && out->n_steps == 0)
			note_problem(line, end, out);
		line = next;
	}
	if (out->n_steps > 0)
		out->problem[0] = '\0';
}

void trace_finish(struct trace *trace)
{
	vec_finish(&trace->outputs);
}

bool trace_has_output(const struct trace *trace, const char *port)
{
	for (size_t i = 0; i < trace->outputs.len; i++)
		if (strcmp(trace->outputs.data[i].port, port) == 0)
			return true;
	return false;
}

const struct trace_output *trace_find_type(const struct trace *trace, const char *type)
{
	for (size_t i = 0; i < trace->outputs.len; i++)
		if (strcmp(trace->outputs.data[i].type, type) == 0)
			return &trace->outputs.data[i];
	return NULL;
}

bool trace_is_acl(const struct trace *trace)
{
	return is_acl_stage(trace->stage);
}

bool trace_is_port_security(const struct trace *trace)
{
	return has(trace->stage, "port_sec");
}

bool trace_is_egress_pipeline(const struct trace *trace)
{
	return text_has_prefix(trace->stage, "ls_out_");
}

/* ---- the microflow ---- */

static const char *const protos[] = {
        [TRACE_TCP] = "tcp", [TRACE_UDP] = "udp", [TRACE_SCTP] = "sctp", [TRACE_ICMP] = "icmp"};

bool trace_port_parse(const char *text, enum trace_proto *proto, int *port)
{
	size_t len = strcspn(text, "/");
	int64_t number = 0;
	for (size_t i = 0; i < sizeof protos / sizeof protos[0]; i++) {
		if (strlen(protos[i]) != len || strncasecmp(protos[i], text, len) != 0)
			continue;
		bool is_icmp = i == TRACE_ICMP;
		if (is_icmp ? text[len] != '\0' && strcmp(text + len, "/0") != 0
		            : text[len] != '/' || !text_to_int(text + len + 1, 1, 65535, &number))
			return false;
		*proto = (enum trace_proto)i;
		*port = (int)number;
		return true;
	}
	return false;
}

bool trace_name_is_good(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-:";
	size_t len = strlen(name);
	return len > 0 && len < TRACE_NAME_MAX && strspn(name, letters) == len;
}

void trace_microflow(const struct trace_packet *packet, struct str *out)
{
	static const int request[] = {8, 128}, reply[] = {0, 129};
	bool is_v6 = packet->from.family == 6;
	const char *ip = is_v6 ? "ip6" : "ip4", *name = protos[packet->proto];
	char from[64], to[64];
	cni_address_format(&packet->from, false, from);
	cni_address_format(&packet->to, false, to);
	str_append_f(out, "inport == \"%s\" && eth.src == %s && eth.dst == %s && %s && ip.ttl == 64 && ",
	             packet->inport, packet->from_mac, packet->to_mac, ip);
	str_append_f(out, "%s.src == %s && %s.dst == %s && ", ip, from, ip, to);
	if (packet->proto == TRACE_ICMP)
		str_append_f(out,
		             is_v6 ? "icmp6 && icmp6.type == %d && icmp6.code == 0"
		                   : "icmp4 && icmp4.type == %d && icmp4.code == 0",
		             (packet->is_reply ? reply : request)[is_v6]);
	else
		str_append_f(out, "%s && %s.src == %d && %s.dst == %d", name, name,
		             packet->is_reply ? packet->port : CLIENT_PORT, name,
		             packet->is_reply ? CLIENT_PORT : packet->port);
}
