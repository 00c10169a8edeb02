/* daemon: one long-running helper program (ovsdb-server, ovs-vswitchd, northd, ovn-controller): started, watched, started
 * again with growing pauses when it ends. Knows nothing of what they do; stack.c does.
 */
#ifndef LAB_DAEMON_H
#define LAB_DAEMON_H

#include "onesdn/base.h"
#include "onesdn/loop.h"

#define DAEMON_LOG_DIR "/run/log"

struct daemon_options {
	const char *name;        /* for the log: "ovs-vswitchd of ovn-worker" */
	const char *log;         /* file in DAEMON_LOG_DIR for what it prints */
	const char *const *argv; /* copied */
	const char *const *env;  /* copied; NULL-terminated; may be NULL */
	int netns;               /* it runs in there; -1: where we are */
	/* is_running false: it has just ended (words says how); it is started again by itself. */
	void (*on_change)(bool is_running, const char *words, void *user);
	void *user;
};
struct daemon;
struct daemon *daemon_create(struct loop *loop, const struct daemon_options *options); /* starts at once */
void daemon_destroy(struct daemon *daemon);
bool daemon_is_running(const struct daemon *daemon);

#endif
