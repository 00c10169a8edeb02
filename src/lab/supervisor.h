/* supervisor: the lab itself, one process with one loop inside the namespaces: stack, store, controllers, API. */
#ifndef LAB_SUPERVISOR_H
#define LAB_SUPERVISOR_H

#include "lab/guard.h"

#define SUPERVISOR_BIN "/run/bin"                      /* on the PATH of whoever comes into the lab by enter.c */
#define SUPERVISOR_WORKLOAD "/run/bin/onesdn-workload" /* the pods' program in the lab's mount namespace */
#define SUPERVISOR_DATABASE "/run/bin/turtle-db"       /* onesdn-lab under the name by which it is db.h */

/* Until it is asked to stop, or the guard is gone (end of file on `guard_alive`). The result is the exit status. */
int supervisor_run(const struct guard_plan *plan, int guard_alive);

#endif
