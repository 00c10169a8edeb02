/* internal: what loop.c gives its neighbours child.c, command.c and http.c beside the face. */
#ifndef ONESDN_LOOP_INTERNAL_H
#define ONESDN_LOOP_INTERNAL_H

#include "onesdn/loop.h"

/* Frees `memory` when this turn is over: an object may go while one of its own callbacks is on the stack. */
void loop_free_later(struct loop *loop, void *memory);

/* What a neighbour keeps once for each loop. loop_destroy calls `destroy` with `state`, the highest kind first, while
 * sources can still be destroyed. */
enum loop_part_kind { LOOP_PART_CHILDREN, LOOP_PART_HTTP, LOOP_N_PARTS };
struct loop_part {
	void *state;
	void (*destroy)(void *state);
};
struct loop_part *loop_part(struct loop *loop, enum loop_part_kind kind);

#endif
