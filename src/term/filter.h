/* filter: the bytes of a program cut into tokens. Hostile bytes end here: only whole valid UTF-8, control characters,
 * and whole, bounded sequences come out, one call each. Private to term. */
#ifndef TERM_FILTER_H
#define TERM_FILTER_H

#include "onesdn/base.h"

enum {
	CSI_PARAMS = 32,       /* SGR; whatever goes to libvterm may have CSI_PARAMS_VTERM */
	CSI_PARAMS_VTERM = 16, /* libvterm's array of arguments: more overrun it */
	CSI_VALUE_MAX = 9999,
	STRING_MAX = 4096,
	STRING_CLIPBOARD_MAX = 65536, /* OSC 52 */
};

struct csi {
	char leader;       /* one of <=>? or 0 */
	char intermediate; /* 0x20 to 0x2f or 0 */
	char final;
	int n;                   /* parameters, 0 for none at all */
	int param[CSI_PARAMS];   /* 0 to CSI_VALUE_MAX; -1 where nothing was written */
	bool joined[CSI_PARAMS]; /* ':' stood before it, not ';' */
};

enum string_kind { STRING_OSC, STRING_DCS, STRING_IGNORED /* APC, PM, SOS */ };

struct filter_sink {
	void (*ascii)(void *user, const char *bytes, size_t len);  /* 0x20 to 0x7e */
	void (*glyph)(void *user, uint32_t ch);                    /* from U+00A0 on */
	void (*control)(void *user, unsigned char control);        /* C0 but NUL, ESC, CAN, SUB */
	void (*escape)(void *user, char intermediate, char final); /* ESC sequences that open nothing longer */
	void (*csi)(void *user, const struct csi *csi);
	void (*string)(void *user, enum string_kind kind, const char *bytes,
	               size_t len); /* terminated, may hold controls: none below 0x20 */
};

enum filter_state {
	FILTER_GROUND,
	FILTER_ESCAPE,
	FILTER_ESCAPE_INTERMEDIATE,
	FILTER_CSI_START,
	FILTER_CSI_PARAM,
	FILTER_CSI_INTERMEDIATE,
	FILTER_CSI_IGNORE,
	FILTER_STRING,
	FILTER_STRING_ESCAPE,
};

struct filter {
	const struct filter_sink *sink;
	void *user;
	enum filter_state state;
	char tail[4]; /* the beginning of a character */
	size_t n_tail;
	char intermediate;
	struct csi csi;
	enum string_kind kind;
	bool string_dropped; /* grew over its limit: swallowed up to its end */
	struct str string;
	struct str *record; /* what was let through, as bytes again; NULL: not wanted */
};

void filter_init(struct filter *filter, const struct filter_sink *sink, void *user);
void filter_finish(struct filter *filter);
void filter_feed(struct filter *filter, const char *bytes, size_t size);

#endif
