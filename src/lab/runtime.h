/* runtime: the lab's place on the host: runtime directory, lock, state file, kubeconfig, log. Outside the namespaces; the
 * guard makes and removes what is here, commands read it.
 *
 * RUNTIME/lab: lock (flock held by guard and init as long as either lives), api.sock, control.sock, kubeconfig, state.json.
 * CACHE/lab.log: what the last lab had to say; the only thing that stays.
 */
#ifndef LAB_RUNTIME_H
#define LAB_RUNTIME_H

#include "lab/api/api.h"
#include "onesdn/base.h"

struct runtime {
	char *dir, *log;
	int dir_fd, lock_fd; /* lock_fd: open, held or not; -1: there is no runtime directory */
	bool is_held;        /* by us */
};
struct runtime_sockets {
	int tcp, api, control; /* listening */
	int port;
};
/* make: the directory is made when it is not there. Then tries the lock once: is_held says whether we got it, that is,
 * whether no lab is running. What a killed lab left is cleared on the way. */
bool runtime_open(struct runtime *rt, bool make, struct err *err);
void runtime_close(struct runtime *rt);                          /* what we made and nobody uses goes */
bool runtime_wait_lock(struct runtime *rt, int64_t deadline_ms); /* until the running lab is gone */
char *runtime_path(const struct runtime *rt, const char *name);
/* Removes all files and, where nothing else is in them, the directories; by descriptor, for inside the lab the path may be
 * out of sight. */
void runtime_clear(const struct runtime *rt);

bool runtime_listen(struct runtime *rt, struct runtime_sockets *out, struct err *err);
bool runtime_write_kubeconfig(const struct runtime *rt, int port, const struct api_user *users, size_t n_users,
                              struct err *err);
bool runtime_make_secret(char out[API_SECRET_HEX + 1], struct err *err);

struct runtime_state {
	pid_t guard, init; /* as the host sees them */
	int port;
};
bool runtime_write_state(const struct runtime *rt, const struct runtime_state *state, struct err *err);
bool runtime_read_state(const struct runtime *rt,
                        struct runtime_state *out); /* false: none, or not those processes any more */

#endif
