/* underlay: the nodes' network namespaces, their cables to the physical network's bridge, and the addresses on both ends. */
#ifndef LAB_UNDERLAY_H
#define LAB_UNDERLAY_H

#include "lab/stack.h"

#define UNDERLAY_BRIDGE "podman1"
extern const char *const underlay_ports[STACK_NODES + 1]; /* on the bridge; NULL at the end */

int underlay_make_node(const struct stack_node_config *config, const char *port,
                       struct err *err); /* the namespace, or -1 */
/* Once the switch has made its bridges: addresses and routes. */
bool underlay_address_node(int netns, const struct stack_node_config *config, struct err *err);
bool underlay_address_bridge(struct err *err);
/* Lets each switch learn where the other nodes are. It would learn by itself, but drops the first packet of a tunnel that
 * makes it ask, and a TCP connection then waits a second. What it learned it forgets after 15 minutes. */
void underlay_introduce(int netns, const struct stack_node_config *configs, size_t n_configs);

#endif
