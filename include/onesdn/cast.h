/* cast: recordings of a terminal. Reads asciicast v1, v2 and v3, writes v2 and v3, keeps secrets out, and is the machine that
 * says what a player shows when.
 *
 * Floor 2. No loop and no terminal: times are microseconds since the beginning of the recording, and whoever has a clock
 * and a pane (term) feeds the one with what the other asks for. The formats are docs.asciinema.org's. Recordings are
 * hostile: sizes, lines and events are bounded, and what an event prints belongs through `term`, never to a terminal as it is.
 */
#ifndef ONESDN_CAST_H
#define ONESDN_CAST_H

#include "onesdn/canvas.h"

/* ---- what a recording is ---- */
struct cast_theme { /* 0xRRGGBB */
	bool is_set;
	uint32_t fg, bg, palette[16];
	size_t n_palette;       /* 8 or 16 */
};
struct cast_header { /* of a cast that was read the texts are the cast's; they may be NULL and may hold anything */
	int version;            /* 1, 2, 3 */
	int cols, rows;         /* at the beginning */
	int64_t timestamp;      /* when it was recorded, Unix time in seconds; 0: not said */
	int64_t idle_limit_us;  /* a player makes longer pauses as short as this; 0: none */
	const char *title, *command, *term, *shell;
	struct cast_theme theme;
};
enum cast_kind { CAST_OUTPUT = 'o', CAST_INPUT = 'i', CAST_MARKER = 'm', CAST_RESIZE = 'r', CAST_EXIT = 'x' };
struct cast_event {
	int64_t at_us;          /* never less than that of the event before */
	const char *data;       /* terminated; output, input, a marker's title, an exit status */
	uint32_t size;
	uint16_t cols, rows;    /* CAST_RESIZE */
	uint8_t kind;           /* enum cast_kind */
};
struct cast {
	struct cast_header header;
	VEC(struct cast_event) events;
	int64_t duration_us;    /* of the last event */
	bool is_cut;            /* the last line is not whole, as a killed recorder leaves it: it was left out */
	json_t *top;            /* the header as it came; holds its texts */
	struct str text;        /* holds the events' */
};

/* ---- reading ---- */
#define CAST_SIZE_MAX ((size_t)256 << 20)
enum { CAST_LINE_MAX = 8 << 20, CAST_V1_SIZE_MAX = 16 << 20, CAST_EVENTS_MAX = 4000000, CAST_SIDE_MAX = 65535 };
/* Kinds of events that are not known are left out; a time that goes back is taken for that of the event before. On bad input
 * NULL and "file:line: what". */
struct cast *cast_read(const char *path, struct err *err);
struct cast *cast_parse(const char *text, size_t len, const char *name, struct err *err);
void cast_destroy(struct cast *cast);
void cast_limit_idle(struct cast *cast, int64_t limit_us); /* makes every longer pause as short; for ever, of this cast */
/* An event's index, or -1: the marker with that number (1 is the first), with that title, or, if it is the only one, with a title
 * that begins so; letters of either case. */
int cast_find_marker(const struct cast *cast, const char *word);
bool cast_time_parse(const char *text, int64_t *us);       /* "90", "90.5", "1:30", "1:01:30.25" */
void cast_time_format(int64_t us, char out[24]);           /* "1:30", from an hour on "1:01:30" */

/* ---- secrets: rules (rules.c) ---- */
enum cast_fit { /* when the replacement has not the width of what it stands for */
	CAST_FIT_FILL,  /* cut, or its last character again and again */
	CAST_FIT_SHORT, /* as it is; on a canvas the rest of the word moves to the left */
};
struct cast_rule {
	const char *name;        /* for the person: "token", "home directory" */
	const char *literal;     /* the secret itself; or NULL and */
	const char *pattern;     /* a simple pattern (docs/CAST.md): characters, ., [a-z], \b and \. ; ?, *, +, {m,n}; (what is replaced) */
	const char *replacement;
	enum cast_fit fit;
	bool is_word;            /* a literal: only where no letter, digit or _ stands beside it */
};
struct cast_person { /* each may be NULL */
	const char *home, *user, *host;
};
struct cast_rules;
struct cast_rules *cast_rules_create(void);
void cast_rules_destroy(struct cast_rules *rules);
/* Copies. Fails on a pattern that is none, and on a literal shorter than 3 bytes. */
bool cast_rules_add(struct cast_rules *rules, const struct cast_rule *rule, struct err *err);
/* Tokens (JWT, bearer), a local proxy's secret path, private keys, home directory, user@host. */
void cast_rules_add_defaults(struct cast_rules *rules, const struct cast_person *person);
/* Addresses of servers, tokens, passwords and keys of a kubeconfig (YAML); `name` goes into errors. */
bool cast_rules_add_kubeconfig(struct cast_rules *rules, const char *text, size_t len, const char *name, struct err *err);
/* A rule as scenarios and the config file write it (docs/RECORD.md): the secret itself, or {literal|pattern, with, name}. */
bool cast_rules_add_json(struct cast_rules *rules, const json_t *rule, struct err *err);
size_t cast_rules_count(const struct cast_rules *rules);
struct cast_span {
	size_t start, end;       /* bytes of the text */
	size_t rule;             /* index, in the order they were added */
};
/* What is to be replaced, from left to right, none overlapping: at each place the longest. Gives how many (at most max). */
size_t cast_rules_match(const struct cast_rules *rules, const char *text, size_t len, struct cast_span *spans, size_t max);
void cast_rules_text(const struct cast_rules *rules, const char *text, size_t len, struct str *out); /* appends it redacted */
/* Of a text that may go on, or was cut: where the beginning of a secret stands at its end; len when there is none. */
size_t cast_rules_open(const struct cast_rules *rules, const char *text, size_t len);
const char *cast_rules_name(const struct cast_rules *rules, size_t rule);
/* Replaces in an area of a canvas, cell for cell, colours kept; a row that is full to its last column goes on in the next one,
 * so that what a pane has wrapped is found (give each pane's area, then the whole canvas). Gives how many were replaced. */
size_t cast_rules_canvas(const struct cast_rules *rules, struct canvas *canvas, struct rect area);

/* ---- secrets: a stream (redact.c) ---- */
/* Output of a program, redacted as it comes. A secret may straddle writes and may have SGR and other sequences that do not move
 * the cursor in it; one that is painted in pieces with cursor movements between is not found: redact the canvas there. What may
 * be the beginning of a secret is held back until it is decided, and then told with its own time. */
struct cast_redactor;
typedef void cast_redacted_fn(int64_t at_us, const char *bytes, size_t size, void *user);
struct cast_redactor *cast_redactor_create(const struct cast_rules *rules, cast_redacted_fn *fn, void *user); /* rules are borrowed */
void cast_redactor_destroy(struct cast_redactor *redactor);
void cast_redactor_feed(struct cast_redactor *redactor, int64_t at_us, const char *bytes, size_t size);
void cast_redactor_flush(struct cast_redactor *redactor); /* the end: what is held is told */

/* ---- writing ---- */
/* Every event is one line, written at once to a file that is only appended to: whatever ends the recorder, the file is a valid
 * cast. Characters are never cut in two; bad UTF-8 becomes U+FFFD. Times are written to the microsecond, so v3's intervals
 * add up exactly. A time before that of the last event is taken for it. The first failure (a full disk) is kept: the file ends
 * with its last whole line, nothing is written any more, cast_writer_finish tells. */
struct cast_writer;
/* header->version 2 or 3 (0: 2). Of the environment only TERM and SHELL are written. Output, markers and title go through the rules
 * (borrowed; may be NULL). An existing file is replaced. */
struct cast_writer *cast_writer_create(const char *path, const struct cast_header *header, const struct cast_rules *rules, struct err *err);
struct cast_writer *cast_writer_create_text(struct str *out, const struct cast_header *header, const struct cast_rules *rules); /* in memory */
void cast_writer_output(struct cast_writer *writer, int64_t at_us, const char *bytes, size_t size);
void cast_writer_input(struct cast_writer *writer, int64_t at_us, const char *bytes, size_t size);
void cast_writer_marker(struct cast_writer *writer, int64_t at_us, const char *title);
void cast_writer_resize(struct cast_writer *writer, int64_t at_us, int cols, int rows);
const char *cast_writer_problem(const struct cast_writer *writer); /* why nothing is written any more; "": it is */
int64_t cast_writer_end(const struct cast_writer *writer); /* the time of the last event */
/* A take behind what is there: its events from cast_writer_end on, on a terminal made blank first. Its size must be the writer's. */
bool cast_writer_append(struct cast_writer *writer, const struct cast *take, struct err *err);
/* The recording ends at at_us, if need be with an event that prints nothing (v3: the exit event, unless status is -1). False: what
 * went wrong on the way. The writer is still to be destroyed. */
bool cast_writer_finish(struct cast_writer *writer, int64_t at_us, int status, struct err *err);
void cast_writer_destroy(struct cast_writer *writer);
/* Takes joined into one recording at `path`, written whole or not at all. header NULL: the first take's. */
bool cast_join(const char *path, const struct cast_header *header, const char *const *takes, size_t n_takes, struct err *err);

/* ---- playing: what to feed when (player.c) ---- */
/* Time is that of the recording; `now_us` is the caller's clock, monotonic. The caller feeds each event that cast_player_next
 * gives to a pane; CAST_PLAYER_RESET first makes it new, of the recording's size. Events of one time are one frame: a place in
 * the recording is a time, and what is to be seen there is everything up to it. */
struct cast_player;
struct cast_player *cast_player_create(const struct cast *cast); /* borrowed; paused at the beginning */
void cast_player_destroy(struct cast_player *player);
enum cast_player_step { CAST_PLAYER_NOTHING, CAST_PLAYER_EVENT, CAST_PLAYER_RESET };
/* Until NOTHING: then wait as long as cast_player_wait_us says, or until it is told something else. */
enum cast_player_step cast_player_next(struct cast_player *player, int64_t now_us, const struct cast_event **event);
int64_t cast_player_wait_us(const struct cast_player *player, int64_t now_us); /* until something is to be given; -1: never */
void cast_player_pause(struct cast_player *player, int64_t now_us, bool paused); /* going on at the end begins anew */
bool cast_player_is_paused(const struct cast_player *player);
bool cast_player_is_over(const struct cast_player *player);     /* everything has been given; it is paused then */
void cast_player_set_speed(struct cast_player *player, int64_t now_us, double speed); /* 1/16 to 64 */
double cast_player_speed(const struct cast_player *player);
void cast_player_set_loop(struct cast_player *player, bool loops); /* not of what is shorter than a tenth of a second */
void cast_player_set_stops(struct cast_player *player, bool stops); /* at every marker that it comes to while it plays */
int64_t cast_player_time(const struct cast_player *player, int64_t now_us);
void cast_player_seek(struct cast_player *player, int64_t now_us, int64_t at_us); /* clamped; plays or is paused as before */
/* Both: step 1 is the next, -1 the one before; false: there is none (of frames: neither; of markers: it goes to the beginning). */
bool cast_player_frame(struct cast_player *player, int64_t now_us, int step); /* pauses */
bool cast_player_marker(struct cast_player *player, int64_t now_us, int step); /* back: this one's beginning first, if a second has passed */
int cast_player_in_marker(const struct cast_player *player, int64_t now_us); /* the event of the marker last passed, or -1 */

#endif
