/* objects: steps of a write that objects.c and change.c share. Private to them. */
#ifndef LAB_API_OBJECTS_H
#define LAB_API_OBJECTS_H

#include "lab/api/private.h"

const json_t *object_find(struct call *call);         /* or NULL after a 404 */
struct selector *selector_of_call(struct call *call); /* or NULL after a 400 */
bool call_is_dry(const struct call *call);
char *call_manager(const struct call *call); /* fieldManager, or from the User-Agent; the caller frees */
bool object_place_is_fine(struct call *call, json_t *object, bool is_create); /* false after a reply */
void object_store_new(struct call *call, json_t *object);                     /* replies */
void object_store_changed(struct call *call, json_t *object,
                          const json_t *live); /* replies; with scale, object is one */

#endif
