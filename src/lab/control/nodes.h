/* nodes: the Node objects of the lab's nodes, kept as the stack says they are. */
#ifndef LAB_CONTROL_NODES_H
#define LAB_CONTROL_NODES_H

#include "lab/stack.h"
#include "lab/store.h"

#define NODES_KUBELET_VERSION "v1.30.0" /* also what /version says */

void nodes_add_all(struct store *store, struct stack *stack);          /* the objects, not ready yet */
void nodes_update(struct store *store, const struct stack_node *node); /* its readiness has changed */

#endif
