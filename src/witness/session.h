/* session: one `kubectl exec -i POD -c CONTAINER -- sh` that is kept open; shell scripts go in one after another, each one's output
 * and exit status come back. What a script prints cannot be taken for the end of it: that is a random word.
 */
#ifndef WITNESS_SESSION_H
#define WITNESS_SESSION_H

#include "onesdn/loop.h"

#define SESSION_OUTPUT_MAX ((size_t)16 << 20)

struct session;
struct session_options {
	struct loop *loop;
	const char *const *argv; /* NULL-terminated: what runs the shell */
	/* It has ended (words say why, safe; "" when it was idle): destroy it, here or later. Pending scripts were answered before. */
	void (*on_end)(struct session *session, const char *words, void *user);
	void *user;
};
/* NULL and err: the program could not be started. */
struct session *session_create(const struct session_options *options, struct err *err);
void session_destroy(struct session *session); /* no callback any more, to nobody */

struct session_reply {
	const char *text; /* both outputs, terminated; borrowed */
	size_t len;
	int status;          /* the shell's $? */
	const char *failure; /* it was not run, or not to its end: why, safe; NULL */
};
typedef void session_fn(const struct session_reply *reply, void *user);
bool session_is_over(const struct session *session); /* on_end is on its way: nothing can be run any more */
/* Runs `script`: POSIX shell, complete, without input. Never calls back from inside. Not once it is over. */
void session_run(struct session *session, const char *script, session_fn *fn, void *user);
void session_forget(struct session *session, void *user); /* no callback for `user`; what runs, runs */

#endif
