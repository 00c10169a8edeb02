/* container: one process tree under bubblewrap, in its pod's network namespace. Knows nothing of Kubernetes objects:
 * control/pods.c says what runs and what its end means; exec.c runs further commands beside it.
 */
#ifndef LAB_CONTAINER_H
#define LAB_CONTAINER_H

#include <sys/types.h>

#include "onesdn/base.h"
#include "onesdn/loop.h"

struct container_bind {
	const char *from, *to;
	bool is_writable, is_device; /* a device may be opened, too */
};
struct container_spec {
	const char *const *argv; /* NULL-terminated */
	const char *const *env;  /* NULL-terminated "NAME=VALUE": all that it sees */
	const char *cwd;         /* "" : / */
	const char *hostname;
	const char *etc; /* directory with passwd, group, hosts, hostname, resolv.conf, nsswitch.conf */
	const char *log; /* file */
	uid_t uid;
	gid_t gid;
	int netns;                          /* stays the caller's */
	const struct container_bind *binds; /* further ones */
	size_t n_binds;
	const int *fds;             /* further descriptors that the program inherits, under the same numbers, over 16; */
	size_t n_fds;               /* they stay the caller's */
};
struct container_events {
	void (*on_started)(void *user); /* the program runs */
	/* It is over; nothing comes after. status as an exit status (128 + signal); failure: it never ran, in kubelet's words. */
	void (*on_ended)(int status, const char *failure, void *user);
	void *user;
};
struct container;
/* NULL and err when nothing could be started. The spec is read at once. */
struct container *container_start(struct loop *loop, const struct container_spec *spec,
                                  const struct container_events *events, struct err *err);
pid_t container_pid(const struct container *container); /* of its PID 1, as the lab sees it; 0 while there is none */
void container_kill(struct container *container, int signum); /* to its PID 1 */
void container_destroy(struct container *container);          /* kills what runs; no callback any more */

#endif
