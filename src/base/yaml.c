/* yaml: YAML 1.2 to jansson values, straight from libfyaml's events; the only file that knows libfyaml. What a scalar
 * means is in yaml_scalar.c.
 *
 * Events and not documents: depth, duplicate keys and the growth by aliases are then bounded here, before memory is spent.
 * The lines are a table of spots, one a value, in the order of the text: after a spot come those of its children, and
 * `end` is the index after the last of them. jansson keeps keys in the order in which they came, so a pointer is followed
 * in the values and in the spots side by side.
 */
#include <libfyaml.h>
#include <stdlib.h>
#include <string.h>

#include "yaml.h"

#define DEPTH_MAX 64
#define COPIED_MAX                                                                                                     \
	100000 /* values that aliases may add to a stream; a text counts once more for every COPIED_TEXT bytes */
#define COPIED_TEXT 64
#define ANCHORS_MAX 10000  /* in a document */
#define VALUES_MAX 2000000 /* values in a stream: some 200 MB */

struct spot {
	int line;
	uint32_t end;
};

struct yaml {
	json_t *documents;
	VEC(struct spot) spots;
};

/* A collection that is being filled. */
struct level {
	json_t *value;
	size_t spot;
	char *key;    /* of a mapping: read, and its value not yet */
	char *anchor; /* its own, or NULL */
};

struct anchor {
	json_t *value;
	int64_t weight; /* values below and with it, as COPIED_MAX counts */
	int depth;
};

struct reader {
	const char *name;
	struct err *err;
	struct yaml *yaml;
	struct level levels[DEPTH_MAX];
	int depth;
	struct map anchors; /* of struct anchor *; those of this document */
	int64_t copied;
	int line; /* of the event at hand */
};

static bool refuse(struct reader *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static bool refuse(struct reader *r, const char *fmt, ...)
{
	struct str text = {0}, safe = {0};
	va_list args;
	va_start(args, fmt);
	str_append_v(&text, fmt, args);
	va_end(args);
	str_append_safe(&safe, text.data, text.len); /* it may quote what was read */
	err_set(r->err, ERR_INVALID, "%s:%d: %s", r->name, r->line, safe.data);
	str_finish(&safe);
	str_finish(&text);
	return false;
}

/* ---- scalars ---- */

/* What a token says, in pieces: fy_token_get_text of libfyaml 0.7 never frees what it needs for a text of more than a few pieces
 * (quotes in quotes, escapes, folded lines). False: it cannot be read. */
static bool read_pieces(struct fy_token *token, struct str *out)
{
	int problem = 0;
	struct fy_token_iter *iter = fy_token_iter_create(token);
	if (!iter)
		base_abort("libfyaml cannot read a token: out of memory");
	const struct fy_iter_chunk *piece = NULL;
	while ((piece = fy_token_iter_chunk_next(iter, piece, &problem)))
		str_append_n(out, piece->str, piece->len);
	fy_token_iter_destroy(iter);
	return problem == 0;
}

/* The text of a token; NULL (and the error) with a character in it that no JSON text of ours may hold. */
static char *token_text(struct reader *r, struct fy_token *token)
{
	struct str text = {0};
	uint32_t cp;
	const char *problem = token && !read_pieces(token, &text) ? "this text cannot be read" : NULL;
	for (size_t at = 0, used; !problem && (used = utf8_decode(str_text(&text) + at, text.len - at, &cp)) > 0;
	     at += used)
		if (cp == 0) /* these by an escape: the stream itself holds none */
			problem = "a text must not hold the character NUL";
		else if (cp == 0xfffd && used == 1)
			problem = "a text must not hold a half of a surrogate pair";
	if (!problem)
		return str_take(&text);
	str_finish(&text);
	refuse(r, "%s", problem);
	return NULL;
}

static char *tag_of(struct fy_event *event)
{
	struct fy_token *token = fy_event_get_tag_token(event);
	return token ? mem_strdup(fy_token_get_text0(token)) : NULL;
}

static json_t *scalar_value(struct reader *r, struct fy_event *event)
{
	char *text = token_text(r, event->scalar.value);
	if (!text)
		return NULL;
	char *tag = tag_of(event);
	bool is_plain = !event->scalar.value || fy_token_scalar_style(event->scalar.value) == FYSS_PLAIN;
	struct err why;
	json_t *value = yaml_scalar(text, tag ? tag : is_plain ? NULL : "!", &why);
	if (!value)
		refuse(r, "%s", why.text);
	free(tag);
	free(text);
	return value;
}

/* ---- building ---- */

static size_t add_spot(struct reader *r)
{
	size_t at = r->yaml->spots.len;
	vec_push(&r->yaml->spots, (struct spot){.line = r->line, .end = (uint32_t)at + 1});
	return at;
}

/* Puts a finished or just opened value where it belongs; takes the reference. */
static void place(struct reader *r, json_t *value)
{
	struct level *level = r->depth > 0 ? &r->levels[r->depth - 1] : NULL;
	if (level && json_is_object(level->value)) {
		json_object_set_new(level->value, level->key, value);
		free(level->key);
		level->key = NULL;
	} else {
		json_array_append_new(level ? level->value : r->yaml->documents, value);
	}
}

/* What a value costs when an alias repeats it, and how deep it is. The depth of the recursion is bounded by DEPTH_MAX. */
static void weigh(const json_t *value, int64_t *weight, int *depth)
{
	*weight = 1;
	*depth = 0;
	int64_t weight_below;
	int depth_below;
	if (json_is_string(value))
		*weight += (int64_t)json_string_length(value) / COPIED_TEXT;
	for (size_t i = 0; i < json_array_size(value); i++) {
		weigh(json_array_get(value, i), &weight_below, &depth_below);
		*weight += weight_below;
		*depth = depth_below + 1 > *depth ? depth_below + 1 : *depth;
	}
	void *at = json_object_iter((json_t *)(uintptr_t)value);
	for (; at; at = json_object_iter_next((json_t *)(uintptr_t)value, at)) {
		weigh(json_object_iter_value(at), &weight_below, &depth_below);
		*weight += weight_below + (int64_t)strlen(json_object_iter_key(at)) / COPIED_TEXT;
		*depth = depth_below + 1 > *depth ? depth_below + 1 : *depth;
	}
}

static void anchor_destroy(struct anchor *anchor)
{
	if (!anchor)
		return;
	json_decref(anchor->value);
	free(anchor);
}

static void forget_anchors(struct reader *r)
{
	for (size_t i = 0; i < r->anchors.len; i++)
		anchor_destroy(r->anchors.entries[i].value);
	map_finish(&r->anchors);
}

static bool set_anchor(struct reader *r, const char *name, json_t *value)
{
	if (r->anchors.len >= ANCHORS_MAX)
		return refuse(r, "there are more than %d anchors", ANCHORS_MAX);
	struct anchor *anchor = mem_alloc(sizeof *anchor);
	anchor->value = json_incref(value);
	weigh(value, &anchor->weight, &anchor->depth);
	anchor_destroy(map_set(&r->anchors, name, anchor));
	return true;
}

/* A key is the text of a scalar, whatever it might resolve to: `1: x` is {"1": "x"}, as JSON has it. */
static bool take_key(struct reader *r, struct level *level, struct fy_event *event)
{
	if (event->type != FYET_SCALAR)
		return refuse(r, "the key of a mapping must be a plain text");
	char *key = token_text(r, event->scalar.value);
	if (key && json_object_get(level->value, key)) {
		refuse(r, "the key \"%.100s\" is there twice", key);
		free(key);
		return false;
	}
	if (key && fy_event_get_anchor_token(event)) {
		refuse(r, "a key cannot have an anchor here");
		free(key);
		return false;
	}
	level->key = key;
	return key != NULL;
}

static bool on_scalar(struct reader *r, struct fy_event *event)
{
	json_t *value = scalar_value(r, event);
	if (!value)
		return false;
	add_spot(r);
	struct fy_token *token = fy_event_get_anchor_token(event);
	char *anchor = token ? token_text(r, token) : NULL;
	bool ok = !token || (anchor && set_anchor(r, anchor, value));
	free(anchor);
	place(r, value);
	return ok;
}

static bool on_alias(struct reader *r, struct fy_event *event)
{
	char *name = token_text(r, event->alias.anchor);
	if (!name)
		return false;
	const struct anchor *anchor = map_find(&r->anchors, name);
	if (!anchor)
		refuse(r, "the alias *%.60s has no anchor before it", name);
	free(name);
	if (!anchor)
		return false;
	r->copied += anchor->weight;
	if (r->copied > COPIED_MAX)
		return refuse(r, "aliases make this larger than the %d values that they may add", COPIED_MAX);
	if (r->depth + anchor->depth >= DEPTH_MAX)
		return refuse(r, "this is nested deeper than %d levels", DEPTH_MAX);
	add_spot(r);
	place(r, json_deep_copy(anchor->value));
	return true;
}

static bool on_start(struct reader *r, struct fy_event *event)
{
	bool is_map = event->type == FYET_MAPPING_START;
	if (r->depth == DEPTH_MAX)
		return refuse(r, "this is nested deeper than %d levels", DEPTH_MAX);
	char *tag = tag_of(event);
	bool ok = !tag || text_equal(tag, "!") ||
	          text_equal(tag, is_map ? "tag:yaml.org,2002:map" : "tag:yaml.org,2002:seq") ||
	          refuse(r, "the tag %.60s is not known: only those of YAML's core schema are", tag);
	free(tag);
	struct fy_token *token = fy_event_get_anchor_token(event);
	char *anchor = ok && token ? token_text(r, token) : NULL;
	if (!ok || (token && !anchor))
		return false;
	json_t *value = is_map ? json_object() : json_array();
	size_t spot = add_spot(r);
	place(r, value);
	r->levels[r->depth++] = (struct level){.value = value, .spot = spot, .anchor = anchor};
	return true;
}

static bool on_end(struct reader *r)
{
	struct level *level = &r->levels[--r->depth];
	r->yaml->spots.data[level->spot].end = (uint32_t)r->yaml->spots.len;
	bool ok = !level->anchor || set_anchor(r, level->anchor, level->value);
	free(level->anchor);
	free(level->key);
	return ok;
}

/* `---` with nothing after it is no document. */
static bool is_empty_document(const struct reader *r, struct fy_event *event)
{
	return r->depth == 0 && event->type == FYET_SCALAR && !event->scalar.tag && !event->scalar.anchor &&
	       (!event->scalar.value || (fy_token_scalar_style(event->scalar.value) == FYSS_PLAIN &&
	                                 fy_token_get_text_length(event->scalar.value) == 0));
}

/* The mark of a block text is that of its first line; the value is where its | or > stands. */
static bool is_block_text(struct fy_event *event)
{
	if (event->type != FYET_SCALAR || !event->scalar.value)
		return false;
	enum fy_scalar_style style = fy_token_scalar_style(event->scalar.value);
	return style == FYSS_LITERAL || style == FYSS_FOLDED;
}

static bool take_event(struct reader *r, struct fy_event *event)
{
	const struct fy_mark *mark = fy_event_start_mark(event);
	int line = mark ? mark->line + 1 - is_block_text(event) : 0;
	if (line > r->line)
		r->line = line;
	if (r->yaml->spots.len > VALUES_MAX)
		return refuse(r, "there are more than %d values", VALUES_MAX);
	bool is_value = event->type == FYET_SCALAR || event->type == FYET_ALIAS || event->type == FYET_MAPPING_START ||
	                event->type == FYET_SEQUENCE_START;
	struct level *level = r->depth > 0 ? &r->levels[r->depth - 1] : NULL;
	if (is_value && level && json_is_object(level->value) && !level->key)
		return take_key(r, level, event);
	switch (event->type) {
	case FYET_SCALAR:
		return is_empty_document(r, event) || on_scalar(r, event);
	case FYET_ALIAS:
		return on_alias(r, event);
	case FYET_MAPPING_START:
	case FYET_SEQUENCE_START:
		return on_start(r, event);
	case FYET_MAPPING_END:
	case FYET_SEQUENCE_END:
		return on_end(r);
	case FYET_DOCUMENT_END:
		forget_anchors(r);
		return true;
	default:
		return true;
	}
}

/* ---- the parser ---- */

/* The first thing libfyaml complained about, in our form. */
static void report(struct reader *r, struct fy_diag *diag)
{
	void *at = NULL;
	const struct fy_diag_error *first = fy_diag_errors_iterate(diag, &at);
	if (first && first->line > 0)
		r->line = first->line;
	refuse(r, "this is no YAML: %s", first && first->msg && first->msg[0] ? first->msg : "it cannot be parsed");
}

static void ignore_output(struct fy_diag *diag, void *user, const char *text, size_t len)
{
	(void)diag, (void)user, (void)text, (void)len;
}

static bool read_events(struct reader *r, struct fy_parser *parser, struct fy_diag *diag)
{
	struct fy_event *event;
	while ((event = fy_parser_parse(parser))) {
		bool is_end = event->type == FYET_STREAM_END;
		bool ok = take_event(r, event);
		fy_parser_event_free(parser, event);
		if (!ok)
			return false;
		if (is_end)
			return true;
	}
	report(r, diag);
	return false;
}

/* libfyaml takes a bad byte outside of quotes for the end of the stream and says nothing, so they are looked for first.
 * YAML allows no control character but the tab and the ends of lines. */
static bool has_good_characters(struct reader *r, const char *text, size_t len)
{
	uint32_t cp;
	for (size_t at = 0, used; (used = utf8_decode(text + at, len - at, &cp)) > 0; at += used) {
		if (cp == 0xfffd && used == 1)
			return refuse(r, "this is not valid UTF-8");
		if ((cp < 0x20 && cp != '\t' && cp != '\n' && cp != '\r') || cp == 0x7f)
			return refuse(r, "the control character 0x%02x is not allowed", (unsigned)cp);
		r->line += cp == '\n';
	}
	r->line = 1;
	return true;
}

static bool read_stream(struct reader *r, const char *text, size_t len)
{
	if (!has_good_characters(r, text, len))
		return false;
	struct fy_diag_cfg diag_config;
	fy_diag_cfg_default(&diag_config);
	diag_config.fp = NULL;
	diag_config.output_fn = ignore_output;
	diag_config.colorize = false;
	struct fy_diag *diag = fy_diag_create(&diag_config);
	if (!diag)
		base_abort("libfyaml cannot make its diagnostics: out of memory");
	fy_diag_set_collect_errors(diag, true);
	struct fy_parse_cfg config = {
	        .search_path = "", .flags = FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE | FYPCF_QUIET, .diag = diag};
	struct fy_parser *parser = fy_parser_create(&config);
	if (!parser || fy_parser_set_string(parser, text, len) != 0)
		base_abort("libfyaml cannot make a parser: out of memory");
	bool ok = read_events(r, parser, diag);
	fy_parser_destroy(parser);
	fy_diag_destroy(diag);
	return ok;
}

static void reader_finish(struct reader *r)
{
	while (r->depth > 0) {
		struct level *level = &r->levels[--r->depth];
		free(level->anchor);
		free(level->key);
	}
	forget_anchors(r);
}

struct yaml *yaml_parse(const char *text, size_t len, const char *name, struct err *err)
{
	struct err own = {0};
	if (len > YAML_SIZE_MAX) {
		err_set(err, ERR_LIMIT, "%s:1: this is larger than %zu bytes", name, (size_t)YAML_SIZE_MAX);
		return NULL;
	}
	struct yaml *yaml = mem_alloc(sizeof *yaml);
	yaml->documents = json_array();
	struct reader r = {.name = name, .err = &own, .yaml = yaml, .line = 1};
	bool ok = read_stream(&r, text ? text : "", len);
	reader_finish(&r);
	if (ok)
		return yaml;
	if (err)
		*err = own;
	yaml_destroy(yaml);
	return NULL;
}

void yaml_destroy(struct yaml *yaml)
{
	if (!yaml)
		return;
	json_decref(yaml->documents);
	vec_finish(&yaml->spots);
	free(yaml);
}

const json_t *yaml_documents(const struct yaml *yaml)
{
	return yaml->documents;
}

/* ---- lines ---- */

/* One reference token of a JSON pointer (RFC 6901), unescaped; moves *at to the next. */
static void next_token(const char **at, struct str *token)
{
	str_clear(token);
	for (++*at; **at != '\0' && **at != '/'; ++*at) {
		bool is_escape = **at == '~' && ((*at)[1] == '0' || (*at)[1] == '1');
		str_append_c(token, !is_escape ? **at : (*at)[1] == '0' ? '~' : '/');
		*at += is_escape;
	}
}

/* The child that `token` names and which one it is, or NULL. */
static json_t *child_of(const json_t *value, const char *token, size_t *index)
{
	int64_t at;
	*index = 0;
	if (json_is_array(value)) {
		if (!text_to_int(token, 0, INT64_MAX, &at) || (size_t)at >= json_array_size(value))
			return NULL;
		*index = (size_t)at;
		return json_array_get(value, (size_t)at);
	}
	void *it = json_object_iter((json_t *)(uintptr_t)value);
	for (; it; it = json_object_iter_next((json_t *)(uintptr_t)value, it), ++*index) {
		if (text_equal(json_object_iter_key(it), token))
			return json_object_iter_value(it);
	}
	return NULL;
}

int yaml_line(const struct yaml *yaml, const char *pointer)
{
	const json_t *value = yaml->documents;
	size_t spot = 0, end = yaml->spots.len; /* the documents are the children of nothing */
	int line = 1;
	struct str token = {0};
	while (*pointer == '/') {
		size_t index;
		next_token(&pointer, &token);
		value = child_of(value, str_text(&token), &index);
		if (!value)
			break;
		while (index-- > 0 && spot < end)
			spot = yaml->spots.data[spot].end;
		if (spot >= end) /* inside what an alias repeated */
			break;
		line = yaml->spots.data[spot].line;
		end = yaml->spots.data[spot].end;
		spot++;
	}
	str_finish(&token);
	return line;
}
