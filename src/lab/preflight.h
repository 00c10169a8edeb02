/* preflight: what the lab needs of this machine, checked before anything is started; each lack is one sentence with its cure.
 * The same rows are `onesdn lab preflight`, which `onesdn doctor` asks. */
#ifndef LAB_PREFLIGHT_H
#define LAB_PREFLIGHT_H

#include "onesdn/base.h"

enum preflight_state { PREFLIGHT_OK, PREFLIGHT_WARN, PREFLIGHT_FAIL };
struct preflight_row {
	const char *part; /* that is not possible without it: "lab", "machines", "database", "capture", "images" */
	enum preflight_state state;
	const char *what, *cure; /* cure "": there is nothing to be done */
	enum err_code code;      /* unless OK */
};
typedef void preflight_fn(const struct preflight_row *row, void *user);
void preflight_walk(preflight_fn *fn, void *user);
/* Whether the built-in images have this one, in the same words. */
void preflight_image(const char *reference, preflight_fn *fn, void *user);

bool preflight_check(struct err *err); /* the part "lab" alone: the first lack */
/* Words for a failed clone() of the namespaces or a failed first mount in them. */
bool preflight_namespace_failure(int errnum, const char *step, struct err *err);

#endif
