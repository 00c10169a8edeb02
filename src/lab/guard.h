/* guard: the lab's process tree. The guard stays outside the namespaces, waits for the lab's init and removes what is left
 * when that ends, however it ends. Init is PID 1 of the new user, network, mount, PID, UTS and IPC namespaces and only
 * reaps; its child, the supervisor, is the lab. When the supervisor ends, init ends, and the kernel ends the rest.
 */
#ifndef LAB_GUARD_H
#define LAB_GUARD_H

#include "lab/runtime.h"

#define LAB_USERS 2
struct guard_plan {
	struct runtime *rt;
	struct runtime_sockets sockets;
	struct api_user users[LAB_USERS];
	int progress; /* write end: "wait WORDS\n", then "ready\n" or "fail WORDS\n" */
	bool is_foreground;
};
/* Runs as the guard until the lab has ended; the result is the exit status. Call it in a process of its own. */
int guard_run(struct guard_plan *plan);
void guard_report(int progress, const char *word, const char *text); /* one line of progress */

#endif
