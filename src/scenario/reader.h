/* reader: YAML against tables of keys, every mistake noted with file and line. Private to scenario. */
#ifndef SCENARIO_READER_H
#define SCENARIO_READER_H

#include "onesdn/base.h"

struct reader {
	const char *name; /* of the file, as the person knows it */
	const struct yaml *yaml;
	struct str problems; /* "file:line: what; cure\n"... */
	size_t n_problems;
	struct str warnings;
};
void reader_finish(struct reader *r);
void reader_problem(struct reader *r, const char *pointer, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void reader_warning(struct reader *r, const char *pointer, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The same for a line that is known, of this or another file. */
void reader_problem_at(struct reader *r, const char *name, int line, const char *fmt, ...)
        __attribute__((format(printf, 4, 5)));
int reader_line(const struct reader *r, const char *pointer);
/* All problems as one error, cut at the last line that fits, the number of the others named. */
bool reader_fail(const struct reader *r, struct err *err);

/* `pointer`/key, escaped as RFC 6901 wants it. The caller frees. */
char *reader_below(const char *pointer, const char *key);
char *reader_item(const char *pointer, size_t index);

struct reader_key {
	const char *name;
	bool is_required;
	const char *wants; /* in words, for the mistake: "a text", "a list of namespaces" */
	/* False: the value is of a wrong kind, and `wants` is what is said of it. Finer mistakes it notes itself. */
	bool (*take)(struct reader *r, const json_t *value, const char *pointer, void *to);
	size_t offset; /* `to` is so many bytes into the target */
};
#define READER_TAKE struct reader *r, const json_t *value, const char *pointer, void *to
/* Stock takers: a line of text and a block of text into a char *, true or false into a bool, a duration into an int64_t,
 * the value itself, to be read later, into a const json_t *. */
bool reader_take_line(READER_TAKE);
bool reader_take_block(READER_TAKE);
bool reader_take_bool(READER_TAKE);
bool reader_take_duration(READER_TAKE);
bool reader_take_object(READER_TAKE);
bool reader_take_list(READER_TAKE);
bool reader_take_any(READER_TAKE);
#define LINE_WORDS "one line of text"
#define BLOCK_WORDS "a text without tabs and control characters"
#define HINTS_WORDS "a hint, or a list of them, each a text, or such for each of kind and lab"
/* `keys` ends with name NULL. `what` names the thing ("a stage"). */
void reader_map(struct reader *r, const json_t *map, const char *pointer, const struct reader_key *keys,
                const char *what, void *target);

/* ---- kinds of values; each gives NULL or false for a wrong kind ---- */
char *reader_text(const json_t *value);  /* one safe line; numbers are taken as written. The caller frees */
char *reader_block(const json_t *value); /* safe lines, without the last line's end */
bool reader_is_id(const char *text);     /* a-z, 0-9, - and _, at most 40 */
bool reader_duration(const json_t *value, int64_t *ms); /* "30s", "1m30s", "500ms"; a number is seconds */

/* ---- the nearest of several names ---- */
struct nearest {
	const char *wanted;
	const char *best; /* near enough, or NULL */
	size_t distance;
};
struct nearest nearest_start(const char *wanted);
void nearest_offer(struct nearest *n, const char *name);

#endif
