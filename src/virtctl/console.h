/* console: one console session: connects, tries again while the VMI is not running, then carries bytes both ways between two
 * descriptors and the VMI's serial console (KubeVirt's console subresource: WebSocket, plain.kubevirt.io, binary messages).
 * Knows nothing of terminals: main.c sets one up when it hears that the session stands.
 */
#ifndef VIRTCTL_CONSOLE_H
#define VIRTCTL_CONSOLE_H

#include "virtctl/link.h"

#define CONSOLE_ESCAPE 0x1d     /* Ctrl+] and Ctrl+5 */
#define CONSOLE_READ_BYTES 1024 /* of a read of the keys: the escape is its first byte or it is none */
bool console_is_escape(const char *bytes, size_t size);
/* "websocket: close 1006 (abnormal closure): unexpected EOF" and the like, as virtctl prints it. */
void console_close_words(int code, struct str *out);
/* What a refusal says: the message of the Status in it, otherwise its HTTP status. Safe for a terminal. */
void console_refusal_words(int status, const char *content_type, const struct str *body, struct str *out);

struct console_end {
	bool is_fine;      /* left by the escape, at the end of the keys, or closed in order */
	bool was_cut;      /* the session stood and was torn: virtctl explains why that may be */
	const char *words; /* why, when not fine; borrowed for the callback */
};
struct console_options {
	const struct route *route; /* borrowed for the session */
	const char *ns, *name;
	int64_t timeout_ms; /* of waiting for the VMI; 0: not at all, negative: for ever */
	int64_t retry_ms;   /* 0: 1,000 */
	int in, out;        /* the caller's; both may be blocking, a non-blocking `out` is better */
	void (*on_connected)(void *user);
	void (*on_end)(const struct console_end *end,
	               void *user); /* once, never from inside a call; destroy it there or later */
	void *user;
};
struct console;
struct console *console_create(struct loop *loop, const struct console_options *options); /* never NULL */
void console_destroy(struct console *console);

#endif
