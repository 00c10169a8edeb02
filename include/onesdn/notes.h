/* notes: what the speaker's second terminal is told by the running show, over a Unix socket in the user's runtime directory.
 *
 * Floor 2. A show serves; any number of `onesdn notes` (up to NOTES_CLIENTS_MAX) follow. One line of JSON says all that there is
 * to know, so a client that is slow or comes late misses nothing but what is over: the show never waits for one and keeps one
 * line a client. Only the user's own processes are talked to, and what either side says is taken for hostile.
 */
#ifndef ONESDN_NOTES_H
#define ONESDN_NOTES_H

#include "onesdn/loop.h"

enum {
	NOTES_CLIENTS_MAX = 16,
	NOTES_LINE_MAX = 512 * 1024, /* bytes, without the end */
	NOTES_TEXT_MAX = 16 * 1024,  /* of one text; longer ones are cut, so that a line always fits */
};

struct notes { /* texts are never NULL; safe to print once they were decoded, `say` and `command` with line ends */
	char *act, *title, *persona;    /* the act's title, the stage's */
	char *say;                      /* what to say at this stage */
	char *command;                  /* what runs next; "" */
	char *next;                     /* title of the stage after this one; "" after the last */
	char *state, *message;          /* of the stage: "waits", "runs", ...; the result line of the show */
	char *context, *cluster;        /* which cluster; "LIVE", or what is the matter with it */
	int64_t stage, n_stages;        /* counted from 1 */
	bool is_problem;                /* the message is one */
	bool is_cluster_problem;
	bool is_blank;                  /* the audience sees a blank screen */
	int64_t status;                 /* exit status of the last command; -1: none yet */
	int64_t elapsed_ms;             /* when it was told, since the first stage began; -1: not yet */
	int64_t plan_from_ms, plan_to_ms; /* when this stage begins and ends by the plan */
	int64_t act_plan_ms;            /* when the act ends by the plan; 0: the scenario has none */
};
void notes_finish(struct notes *notes);
/* How far the show is from its plan after so many ms: > 0 behind, < 0 ahead; 0 within this stage's time. */
int64_t notes_behind(const struct notes *notes, int64_t elapsed_ms);

/* ---- the line ---- */
void notes_encode(const struct notes *notes, struct str *out); /* appends it, with its end */
/* From a line without its end. False: it is no such line; `out` is untouched. */
bool notes_decode(const char *line, size_t len, struct notes *out, struct err *err);

/* ---- the show's side ---- */
struct notes_server;
struct notes_server *notes_serve(struct loop *loop, struct err *err);
/* Tells all clients, and whoever comes later; the same as before is not told again. NULL is fine. */
void notes_tell(struct notes_server *server, const struct notes *notes);
void notes_server_destroy(struct notes_server *server); /* NULL is fine */

/* ---- the second terminal's side ---- */
struct notes_link;
/* `notes` NULL: there is no show (any more), and the next one is waited for. What is in it moves to the callee. */
typedef void notes_link_fn(struct notes *notes, void *user);
struct notes_link *notes_follow(struct loop *loop, notes_link_fn *fn, void *user, struct err *err);
void notes_link_destroy(struct notes_link *link); /* NULL is fine */

#endif
