/* control: what the commands `onesdn lab up|down|status` ask the running lab, over control.sock: one JSON line each way.
 * {"op":"status"} -> what lab_status says; {"op":"ready"} -> {"ready":true} as soon as it is; {"op":"down"} -> {"ok":true}.
 */
#ifndef LAB_CONTROL_H
#define LAB_CONTROL_H

#include "onesdn/base.h"
#include "onesdn/loop.h"

#define CONTROL_LINE_MAX 4096 /* bytes of a request */

struct control_events {
	json_t *(*status)(void *user); /* new reference */
	void (*down)(void *user);
	void *user;
};
struct control;
struct control *control_create(struct loop *loop, int listening_fd,
                               const struct control_events *events); /* the fd is taken */
void control_destroy(struct control *control);
void control_set_ready(struct control *control); /* answers all who wait for it, now and later */

/* For commands, without a loop: asks and waits for the answer. NULL and err (ERR_UNAVAILABLE: nobody there or it went
 * away; ERR_TIMEOUT). */
json_t *control_ask(const char *socket, const char *op, int64_t deadline_ms, struct err *err);

#endif
