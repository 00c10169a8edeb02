/* preflight: what the lab needs of this machine, checked before anything is started; each lack is one sentence with its cure. */
#ifndef LAB_PREFLIGHT_H
#define LAB_PREFLIGHT_H

#include "onesdn/base.h"

bool preflight_check(struct err *err);
/* Words for a failed clone() of the namespaces or a failed first mount in them. */
bool preflight_namespace_failure(int errnum, const char *step, struct err *err);

#endif
