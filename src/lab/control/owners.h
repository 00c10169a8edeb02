/* owners: what belongs to an object that is gone goes too (metadata.ownerReferences): the garbage collector. */
#ifndef LAB_CONTROL_OWNERS_H
#define LAB_CONTROL_OWNERS_H

#include "lab/store.h"

struct owners;
struct owners *owners_create(struct loop *loop, struct store *store);
void owners_destroy(struct owners *owners);

#endif
