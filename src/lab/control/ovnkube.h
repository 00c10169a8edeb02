/* ovnkube: the pods in which a cluster's OVN and Open vSwitch run, so that what is asked of them there can be asked here:
 * `kubectl -n ovn-kubernetes exec ovnkube-node-x -c nb-ovsdb -- ovn-nbctl show`. Objects only: nothing runs for them, the daemons are
 * the stack's. A command in one is run beside those, in the node's network namespace (exec.c).
 */
#ifndef LAB_CONTROL_OVNKUBE_H
#define LAB_CONTROL_OVNKUBE_H

#include "lab/stack.h"
#include "lab/store.h"

#define OVNKUBE_NS "ovn-kubernetes"

struct ovnkube;
struct ovnkube *ovnkube_create(struct loop *loop, struct store *store, struct stack *stack);
void ovnkube_destroy(struct ovnkube *ovnkube);
void ovnkube_node_changed(struct ovnkube *ovnkube, const struct stack_node *node); /* its readiness */

/* Whether this pod is one of ours (then it is not the kubelet's); `ovnkube` may be NULL. */
bool ovnkube_has(const struct ovnkube *ovnkube, const char *ns, const char *name);
struct ovnkube_place { /* where a command in one of its containers runs */
	int netns;     /* the node's; stays its owner's */
	char **env;    /* NULL-terminated, with the sockets; the caller frees with ovnkube_place_finish */
};
/* container "": the first one. ERR_NOT_FOUND: no such pod or container. */
bool ovnkube_place(const struct ovnkube *ovnkube, const char *name, const char *container, struct ovnkube_place *out,
                   struct err *err);
void ovnkube_place_finish(struct ovnkube_place *place);

#endif
