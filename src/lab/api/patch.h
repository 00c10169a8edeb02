/* patch: the three kinds of patch that kubectl sends, as functions from values to values. Pure. Private to api/. */
#ifndef LAB_API_PATCH_H
#define LAB_API_PATCH_H

#include "lab/api/schema.h"

#define PATCH_OPERATIONS_MAX 10000
#define PATCH_COPIED_MAX ((size_t)4 << 20) /* bytes as JSON that the copies of one JSON patch may add */

/* All give a new value and leave their arguments alone. */
json_t *patch_merge(const json_t *target, const json_t *patch);                      /* RFC 7386 */
json_t *patch_json(const json_t *target, const json_t *operations, struct err *err); /* RFC 6902; NULL and err */
/* Strategic merge: lists by the keys that the schema, or a "$setElementOrder/..." beside them, names. */
json_t *patch_strategic(const json_t *target, const json_t *patch, const struct lab_schema *schema, struct err *err);

#endif
