/* pod: the running side of pods, as the API and the controllers see it. Processes, their logs, commands run in them.
 *
 * The pod controller (control/pods.c) starts and stops them; the API (api/exec.c, api/log.c) reaches into them by
 * namespace and name. Everything a pod runs is in its own network namespace under bubblewrap.
 */
#ifndef LAB_POD_H
#define LAB_POD_H

#include "onesdn/base.h"
#include "onesdn/loop.h"

struct pods; /* all of them */

struct pod_exec;
struct pod_exec_events {
	void (*on_output)(struct pod_exec *exec, int fd, const char *bytes, size_t size, void *user); /* fd 1 or 2; with tty only 1 */
	/* status as waitpid; called once, after all output. failure: it never ran ("executable file not found in $PATH"). */
	void (*on_exit)(struct pod_exec *exec, int status, const char *failure, void *user);
};
struct pod_exec_spec {
	const char *ns, *name, *container;          /* container "" : the default one */
	const char *const *argv;
	bool has_stdin, tty;
	struct pod_exec_events events;
	void *user;
};
/* NULL and err (ERR_NOT_FOUND: no such pod or container; ERR_UNAVAILABLE: it does not run). */
struct pod_exec *pod_exec_start(struct pods *pods, const struct pod_exec_spec *spec, struct err *err);
void pod_exec_write(struct pod_exec *exec, const char *bytes, size_t size);
size_t pod_exec_pending(const struct pod_exec *exec);       /* bytes written but not yet taken by the process */
void pod_exec_close_stdin(struct pod_exec *exec);           /* after what is pending */
void pod_exec_resize(struct pod_exec *exec, int rows, int cols);
void pod_exec_pause(struct pod_exec *exec, bool paused);    /* back-pressure: stop reading its output */
void pod_exec_destroy(struct pod_exec *exec);               /* ends what still runs; no callback any more */

/* The log file of a container: lines "RFC3339NANO stdout|stderr F text" (the CRI log format). NULL and err as above.
 * `is_final`: nothing will be added any more. The caller frees. */
char *pod_log_path(struct pods *pods, const char *ns, const char *name, const char *container, bool previous, bool *is_final, struct err *err);

#endif
