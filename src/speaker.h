/* speaker: tells the speaker's second terminal (module notes) how the show stands. */
#ifndef ONESDN_SPEAKER_H
#define ONESDN_SPEAKER_H

#include "show.h"

struct speaker;
struct speaker *speaker_create(struct show *show,
                               struct err *err); /* NULL: no socket could be had; the show goes on without */
void speaker_changed(struct speaker *speaker);   /* something has changed: told later in this turn; NULL is fine */
void speaker_destroy(struct speaker *speaker);

#endif
