/* api: the part of the Kubernetes API that the talk uses, over HTTP, for unmodified kubectl. libmicrohttpd is in http.c only.
 *
 * Listens on sockets that were opened outside the lab's namespaces: TCP on 127.0.0.1 for kubectl, where the first path
 * segment is the credential (a secret a user), and a Unix socket for onesdn itself, where no secret is needed because only
 * its owner reaches it (0600 in a 0700 directory; it acts as cluster-admin unless the path starts with another user's secret).
 */
#ifndef LAB_API_H
#define LAB_API_H

#include "lab/pod.h"
#include "lab/store.h"
#include "lab/vm/machine.h"

#define API_SECRET_HEX 32 /* 128 random bits */
struct api_user {
	const char *name;   /* "cluster-admin", "workload-owner" */
	const char *groups; /* blank-separated, for auth whoami */
	char secret[API_SECRET_HEX + 1];
	bool is_admin; /* everything; otherwise api_user_may's table */
};
struct api_options {
	struct store *store;
	struct pods *pods;
	struct machines *machines;      /* of virtual machines; NULL: there are none */
	int tcp_fd, unix_fd;          /* listening, non-blocking; -1: none. The api's from now on */
	const struct api_user *users; /* stay the caller's */
	size_t n_users;
	const char *version;   /* "v1.30.0": /version's gitVersion */
	const char *host_port; /* "127.0.0.1:PORT" */
};
struct api;
struct api *api_create(struct loop *loop, const struct api_options *options, struct err *err);
void api_destroy(struct api *api);

/* May this user do that? Also what `auth can-i` answers. ns "" : cluster scope or all. */
bool api_user_may(const struct api_user *user, const char *verb, const char *group, const char *resource,
                  const char *ns);

#endif
