/* check_policy: what a check of the policies' verdict says beside the verdict: what is wrong with the policies that are there, as
 * the policies' own lint finds it. See check.c. */
#include "play/check.h"

#define FINDINGS_MAX 2 /* that are told; the others follow once these are mended */

struct telling {
	struct str *out;
	size_t n;
};

static void tell(const struct policy_finding *finding, void *user)
{
	struct telling *t = user;
	if (finding->severity == POLICY_NOTE || t->n++ >= FINDINGS_MAX)
		return;
	str_append_f(t->out, "; %s: %s%s%s", finding->object, finding->path, finding->path[0] ? ": " : "",
	             finding->text);
}

void check_append_lint(const struct asking *a, struct str *out)
{
	struct telling telling = {.out = out};
	if (a->facts->policies)
		policy_lint(a->facts->policies, tell, &telling);
}
