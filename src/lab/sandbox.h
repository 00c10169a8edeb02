/* sandbox: a pod's network namespace with its interfaces, plugged into its node's switch, and the files in /etc that its
 * containers see. control/pods.c makes one a pod.
 */
#ifndef LAB_SANDBOX_H
#define LAB_SANDBOX_H

#include "lab/control/networks.h"

#define SANDBOX_ID_HEX 64
#define SANDBOX_DIR "/run/pods" /* UID below: etc/, logs, volumes */

struct sandbox {
	char id[SANDBOX_ID_HEX + 1];
	int netns; /* -1: none */
	char *netns_name, *dir;
	struct stack_node *node;
	VEC(char *) links; /* the node's ends, as the attachments */
};
struct sandbox_options {
	const char *ns, *name, *uid;
	struct stack_node *node;
	const struct attachments *attachments;
};
/* On failure nothing is left of it. */
bool sandbox_create(struct sandbox *sandbox, const struct sandbox_options *options, struct err *err);
void sandbox_remove(struct sandbox *sandbox);
bool sandbox_owns(const struct sandbox *sandbox, const char *link);
bool sandbox_is_wired(const struct sandbox *sandbox); /* ovn-controller has installed all its ports */
void sandbox_waits_for(const struct sandbox *sandbox, struct str *out);
void random_hex(char *out, size_t digits); /* terminated: digits + 1 bytes */

#endif
