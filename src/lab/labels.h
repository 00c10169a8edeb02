/* labels: label selectors as objects (matchLabels, matchExpressions) against labels, for the controllers. Pure. */
#ifndef LAB_LABELS_H
#define LAB_LABELS_H

#include "onesdn/base.h"

/* labels may be NULL. A selector with something wrong in it matches nothing; {} matches everything. */
bool labels_match(const json_t *selector, const json_t *labels);
const char *labels_problem(const json_t *selector); /* what is wrong with a selector, in words; NULL: nothing */

#endif
