/* terminal: the terminal that virtctl runs in: raw while a console is open, as it was before on every way out — the end, a
 * signal that kills, one that stops (raw again when it goes on), a crash.
 */
#ifndef VIRTCTL_TERMINAL_H
#define VIRTCTL_TERMINAL_H

#include "onesdn/loop.h"

/* Nothing to do where standard input is no terminal. False: it cannot be made raw. */
bool terminal_make_raw(struct err *err);
void terminal_restore(void);               /* async-signal-safe; as often as wanted */
/* A descriptor for standard output that never blocks, without making the terminal that others share so: a new opening of it where
 * that is possible, else standard output itself. */
int terminal_open_output(void);

/* Signals that end the program restore the terminal and are then passed on to the system's own treatment; SIGTSTP stops. SIGINT
 * calls on_interrupt instead. */
struct terminal_signals;
struct terminal_signals *terminal_watch_signals(struct loop *loop, void (*on_interrupt)(void *user), void *user);
void terminal_unwatch_signals(struct terminal_signals *signals);

#endif
