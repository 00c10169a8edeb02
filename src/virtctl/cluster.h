/* cluster: where the API server is and which namespace is meant, both asked of kubectl, so that every kubeconfig and every way
 * of logging in that the user's kubectl knows works. A plain http server on an address (the lab's) is reached directly,
 * everything else through a kubectl proxy on a Unix socket.
 */
#ifndef VIRTCTL_CLUSTER_H
#define VIRTCTL_CLUSTER_H

#include "virtctl/link.h"

struct cluster_options {
	const char *kubeconfig, *context, *ns; /* NULL: kubectl's own choice; borrowed for the call */
	const char *kubectl;                   /* the program; NULL: "kubectl" */
};
struct cluster;
typedef void cluster_ready_fn(struct cluster *cluster, const struct err *err,
                              void *user); /* err NULL: the route is there */
/* The callback comes once, never from inside; it may destroy the cluster. Never NULL. */
struct cluster *cluster_create(struct loop *loop, const struct cluster_options *options, cluster_ready_fn *fn,
                               void *user);
void cluster_destroy(struct cluster *cluster); /* ends the proxy: the route leads nowhere then */
const struct route *cluster_route(const struct cluster *cluster);
const char *cluster_ns(const struct cluster *cluster);

/* From what `kubectl config view --minify -o json` prints: false and err if it is none. `server` and `ns` are the caller's to
 * free; ns is "default" where the context names none. is_direct: nothing but the server's URL is needed to reach it. */
struct cluster_facts {
	char *server, *ns;
	bool is_direct;
};
bool cluster_read_facts(const char *json, struct cluster_facts *out, struct err *err);

#endif
