/* base: what every module stands on — errors, text, containers, JSON and YAML values, files and paths, the log.
 *
 * Floor 0. Knows nothing of the loop, the cluster or the screen. Out of memory aborts (base_abort), so nothing here
 * reports it. All text is UTF-8 unless said otherwise. Not thread-safe: onesdn has one thread.
 */
#ifndef ONESDN_BASE_H
#define ONESDN_BASE_H

#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- errors: a code for the program, one sentence for the person (what, which object or file and line, what to do) ---- */
enum err_code {
	ERR_NONE,
	ERR_INVALID,     /* the input is wrong: a file, an argument, an object */
	ERR_NOT_FOUND,   /* what was named is not there */
	ERR_DENIED,      /* not allowed */
	ERR_CONFLICT,    /* exists already, or was changed in between */
	ERR_UNAVAILABLE, /* the other side is not there or went away; trying again may help */
	ERR_TIMEOUT,
	ERR_LIMIT,       /* a stated limit was hit */
	ERR_SYSTEM,      /* the operating system said no */
};
#define ERR_TEXT_MAX 1024
struct err {
	enum err_code code;
	char text[ERR_TEXT_MAX]; /* always terminated; may have been cut; lines that are safe to print, whatever went in */
};
/* Each fills *err (which may be NULL) and returns false, so that a caller can `return err_set(...)`. */
bool err_set(struct err *err, enum err_code code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
bool err_errno(struct err *err, int errnum, const char *fmt, ...) __attribute__((format(printf, 3, 4))); /* appends ": " strerror */
bool err_context(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3))); /* prepends text ": ", keeps the code */

/* Broken invariants. The hook (one, from the terminal) runs first, so that the screen is restored before the words. */
void base_set_abort_hook(void (*hook)(void));
_Noreturn void base_abort(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* ---- memory: never NULL ---- */
void *mem_alloc(size_t size); /* zeroed */
void *mem_resize(void *old, size_t size);
char *mem_strdup(const char *s); /* NULL gives NULL */
char *mem_strndup(const char *s, size_t len);
char *mem_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* ---- str: a growing text; {0} is empty and valid; data is terminated once anything was appended ---- */
struct str {
	char *data;
	size_t len, cap;
};
void str_finish(struct str *s);                    /* frees, leaves {0} */
void str_clear(struct str *s);                     /* len 0, keeps the memory */
const char *str_text(const struct str *s);         /* never NULL */
char *str_take(struct str *s);                     /* the text moves to the caller (never NULL), s becomes {0} */
void str_append(struct str *s, const char *text);
void str_append_n(struct str *s, const void *bytes, size_t len);
void str_append_c(struct str *s, char c);
void str_append_f(struct str *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void str_append_v(struct str *s, const char *fmt, va_list args) __attribute__((format(printf, 2, 0)));
void str_append_shell(struct str *s, const char *text); /* quoted for a POSIX shell; plain words stay plain */
void str_append_safe(struct str *s, const char *text, size_t len); /* as text_is_safe demands: bad UTF-8 and controls become U+FFFD */
void str_drop_front(struct str *s, size_t len);

bool text_has_prefix(const char *text, const char *prefix);
bool text_has_suffix(const char *text, const char *suffix);
bool text_equal(const char *a, const char *b);     /* either may be NULL; NULL equals only NULL */
bool text_to_int(const char *text, int64_t low, int64_t high, int64_t *out); /* the whole text, decimal, in range */

/* Names as Kubernetes allows them (RFC 1123): lower case letters, digits and '-', which neither begins nor ends one. */
bool name_is_label(const char *name);       /* at most 63 bytes */
bool name_is_subdomain(const char *name);   /* labels joined by '.', at most 253 bytes */
bool name_is_qualified(const char *name);   /* a label's or an annotation's key: [SUBDOMAIN/]NAME */
bool name_is_label_value(const char *text); /* may be empty */

/* ---- vec: VEC(struct x) v = {0}; vec_push(&v, item); v.data[i], v.len ---- */
#define VEC(type)                                                                                                      \
	struct {                                                                                                       \
		type *data;                                                                                            \
		size_t len, cap;                                                                                       \
	}
#define vec_push(v, ...)                                                                                               \
	((v)->len == (v)->cap ? (void)((v)->data = vec_grow((v)->data, &(v)->cap, sizeof *(v)->data)) : (void)0,       \
	 (v)->data[(v)->len++] = (__VA_ARGS__))
#define vec_remove(v, at) vec_cut((v)->data, &(v)->len, sizeof *(v)->data, (at)) /* keeps the order */
#define vec_finish(v) (free((v)->data), (v)->data = NULL, (v)->len = (v)->cap = 0) /* the elements are the caller's */
void *vec_grow(void *data, size_t *cap, size_t size);
void vec_cut(void *data, size_t *len, size_t size, size_t at);

/* ---- map: text keys (copied) to pointers (not owned); walked in the order of the keys' bytes ---- */
struct map {
	struct map_entry {
		char *key;
		void *value;
	} *entries; /* sorted by key */
	size_t len, cap;
};
void map_finish(struct map *m);                                 /* frees the keys; the values are the caller's */
void *map_find(const struct map *m, const char *key);           /* or NULL */
void *map_set(struct map *m, const char *key, void *value);     /* gives back the value that was there, or NULL */
void *map_remove(struct map *m, const char *key);               /* gives back the value, or NULL */

/* ---- UTF-8 and columns ---- */
#define UTF8_MAX 4
size_t utf8_decode(const char *s, size_t len, uint32_t *cp);    /* bytes used; 0 if len is 0; bad bytes: 1 and U+FFFD */
size_t utf8_encode(uint32_t cp, char out[UTF8_MAX]);            /* bytes written; what is no scalar value becomes U+FFFD */
int utf8_width(uint32_t cp);                                    /* columns: 0, 1 or 2; controls count 1. Independent of the locale */
int text_columns(const char *text);                             /* of the whole text */
size_t text_cut(const char *text, int columns);                 /* bytes that fit in so many columns */
size_t text_whole(const char *text, size_t len, size_t size);   /* bytes of whole characters that fit in `size` bytes */
void text_trim(char *text);                                     /* a half character that a cut has left at the end goes */
bool text_is_safe(const char *text, size_t len);                /* valid UTF-8, no C0, DEL, C1, no bidi or line controls */

/* ---- JSON (jansson values; `get` borrows) ---- */
/* Follows keys down from `value`; NULL ends the list. NULL where anything is missing or not an object. */
const json_t *json_walk(const json_t *value, ...) __attribute__((sentinel));
const char *json_walk_str(const json_t *value, ...) __attribute__((sentinel)); /* "" unless it is a string */
int64_t json_walk_int(const json_t *value, int64_t otherwise, ...) __attribute__((sentinel));
/* One document, nothing after it. `name` goes into the error. Depth is bounded by jansson (2048). */
json_t *json_parse(const char *text, size_t len, const char *name, struct err *err);
void str_append_json(struct str *s, const json_t *value, size_t flags); /* flags of json_dumps */

/* ---- YAML 1.2 into JSON values, with the line of every value ---- */
struct yaml;
#define YAML_SIZE_MAX ((size_t)4 << 20)
/* All documents of a stream (empty ones left out). NULL and `name:line: what` on bad input, over YAML_SIZE_MAX,
 * aliases that would grow past 100,000 values, or duplicate keys. */
struct yaml *yaml_parse(const char *text, size_t len, const char *name, struct err *err);
void yaml_destroy(struct yaml *yaml);
const json_t *yaml_documents(const struct yaml *yaml);         /* an array, borrowed */
/* 1-based line of the value at a JSON pointer that starts with the document's index ("/0/stages/2/title"); a pointer
 * into nothing gives the line of its nearest parent. */
int yaml_line(const struct yaml *yaml, const char *pointer);

/* ---- files and places ---- */
bool file_read(const char *path, size_t max_size, struct str *out, struct err *err);  /* appends; ERR_LIMIT over max_size */
bool file_write(const char *path, const void *data, size_t size, unsigned mode, struct err *err); /* whole or not at all: temporary, fsync, rename */
bool file_make_dirs(const char *path, unsigned mode, struct err *err);                /* mkdir -p; existing is fine */
/* Directories of this user for onesdn, made if missing (0700). The caller frees.
 * RUNTIME: $XDG_RUNTIME_DIR/onesdn, else /tmp/onesdn-UID, refused unless it is ours and 0700. */
enum path_kind { PATH_RUNTIME, PATH_CACHE, PATH_STATE, PATH_CONFIG, PATH_DATA };
char *path_user(enum path_kind kind, struct err *err);
/* What the program ships (themes, manifests, assets): `relative` under $ONESDN_DATA, else beside the build tree that the
 * binary runs from, else PREFIX/share/onesdn. NULL when it is nowhere. The caller frees. */
char *path_data(const char *relative, struct err *err);
char *path_self(const char *program);                          /* `program` beside our own binary, or the bare name; the caller frees */
char *path_program(const char *name);                          /* on $PATH (then /usr/sbin, /sbin); NULL if not there. The caller frees */

/* ---- processes by number ---- */
bool process_is_alive(pid_t pid);      /* of any user; a zombie is not */
/* Clock ticks since boot at which it started: with its pid, it is that process and no later one. -1: it is not alive, or /proc does not
 * say. */
int64_t process_started(pid_t pid);

/* ---- time as people and Kubernetes write it ---- */
int64_t time_wall_ms(void);                                    /* Unix time, ms. Only commands and the loop's owner ask it */
bool time_parse(const char *rfc3339, int64_t *ms);             /* "2026-11-23T03:38:28Z", fractions and offsets too */
void time_format(int64_t ms, char out[32]);                    /* RFC 3339, whole seconds, Z */
void time_age(int64_t ms, char out[16]);                       /* a duration as kubectl prints it: 119s, 2m5s, 3h2m, 5d */

/* ---- the log: off until opened; only commands, ui and the lab's main write to it ---- */
enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };
bool log_open(const char *path, enum log_level level, struct err *err); /* "-" is standard error */
void log_write(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
