/* remote: a shell script to the databases or the switch of a node, wherever they are: looks the pods up, keeps a session to each pod that is
 * asked, says in words why nobody could be. */
#ifndef WITNESS_REMOTE_H
#define WITNESS_REMOTE_H

#include "onesdn/witness.h"
#include "witness/place.h"

struct remote;
struct remote *remote_create(const struct witness_options *options);
void remote_destroy(struct remote *remote);

struct remote_reply {
	const char *text; /* borrowed */
	size_t len;
	int status;
	const char *failure; /* nobody answered: why and what to do, safe; NULL */
};
typedef void remote_fn(const struct remote_reply *reply, void *user);
struct remote_request;
/* Never NULL, never answered from inside. The request is over, and gone, with its answer. */
struct remote_request *remote_ask(struct remote *remote, const char *node, enum place_role role, const char *script,
                                  remote_fn *fn, void *user);
void remote_request_destroy(struct remote_request *request); /* unanswered; NULL is fine */

#endif
