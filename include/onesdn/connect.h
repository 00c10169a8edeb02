/* connect: from options on the command line to a cluster: the lab (brought up when it is not running) or a kube context; and to
 * objects, for a command that looks once.
 *
 * Floor 6. Shared by the commands that need one.
 */
#ifndef ONESDN_CONNECT_H
#define ONESDN_CONNECT_H

#include "onesdn/base.h"
#include "onesdn/kube.h"
#include "onesdn/play.h"

struct connect_options {
	const char *context;    /* --context NAME: this kube context; NULL and no kubeconfig: the lab */
	const char *kubeconfig; /* --kubeconfig FILE */
	bool no_start;          /* do not bring the lab up: fail with words when it is not running */
};
struct connection {
	bool is_lab, was_started;                                               /* was_started: we brought the lab up */
	char *socket;                                                           /* the lab's; NULL for a context */
	char *kubeconfigs[SCENARIO_N_PERSONAS], *contexts[SCENARIO_N_PERSONAS]; /* may be NULL */
	const char *environment;                                                /* "lab" or "kind" */
};
typedef void connect_done_fn(struct connection *connection, const struct err *err,
                             void *user);                       /* connection NULL on failure; moves to the callee */
typedef void connect_progress_fn(const char *line, void *user); /* what the lab says while it comes up; may be NULL */
/* "lab" or "kind": which of the commands that differ the acts are to use. Known before anything is connected. */
const char *connect_environment(const struct connect_options *options);
struct connecting;
/* Asynchronous, so that the screen is there while the lab comes up. The texts of `options` are copied; on_done comes in a later
 * turn, once, and ends the `connecting`. */
struct connecting *connect_start(struct loop *loop, const struct connect_options *options,
                                 connect_progress_fn *on_progress, connect_done_fn *on_done, void *user);
void connect_cancel(struct connecting *connecting); /* before on_done; NULL is fine */
/* It is a lab that another build of onesdn has started. What cannot be told is none. Reads both programs whole. */
bool connection_is_other_build(const struct connection *connection);
void connection_destroy(struct connection *connection);

/* ---- gather.c: objects for a command that looks once — from files, or from the cluster. Shared by diagram, frame and verdict. ---- */
#define GATHER_FILE_MAX ((size_t)64 << 20)
/* Appends the objects of a file ("-": standard input) to an array: a Kubernetes List, a list of a kind or single objects, as
 * JSON or as a stream of YAML documents. */
bool gather_file(const char *path, json_t *into, struct err *err);
/* Appends what the cluster has of every watched kind in `namespaces` (NULL-terminated; NULL: all) now. Waits for it, at most
 * 20 s; ERR_TIMEOUT says what was missing. */
bool gather_cluster(const struct connect_options *options, const char *const *namespaces, json_t *into,
                    struct err *err);

#endif
