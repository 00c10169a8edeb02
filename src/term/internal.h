/* What the files of term share. */
#ifndef TERM_INTERNAL_H
#define TERM_INTERNAL_H

#include "onesdn/term.h"

#include "emulator.h"

struct term {
	struct loop *loop; /* NULL: fed by hand */
	struct term_events events;
	void *user;
	struct emulator emulator;
	struct str record; /* the filter's output, when somebody listens */

	struct loop_child *child;
	struct loop_fd *source;        /* the child's terminal; NULL once it has ended */
	struct loop_timer *hold_timer; /* the end of a synchronized update that is never closed */
	struct loop_timer *end_timer;  /* after the program has ended: what its terminal still holds */
	bool has_exited;
	int status;
	struct str out; /* waiting to be written, from out_at on */
	size_t out_at;
	bool awaits_room; /* the source waits for LOOP_WRITE too */

	bool dirty_told, more;
	size_t fed;
};

void term_tell_dirty(struct term *term);

#endif
