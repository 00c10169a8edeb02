/* namespaces: a namespace brings its `default` service account, and takes everything in it along when it goes. */
#ifndef LAB_CONTROL_NAMESPACES_H
#define LAB_CONTROL_NAMESPACES_H

#include "lab/store.h"

struct namespaces;
struct namespaces *namespaces_create(struct loop *loop, struct store *store);
void namespaces_destroy(struct namespaces *namespaces);

#endif
