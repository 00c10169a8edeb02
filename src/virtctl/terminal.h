/* terminal: the terminal that virtctl runs in: raw while a console is open, as it was before on every way out — the end, a
 * signal that kills, one that stops (raw again when it goes on), a crash.
 */
#ifndef VIRTCTL_TERMINAL_H
#define VIRTCTL_TERMINAL_H

#include "onesdn/loop.h"

/* Nothing to do where standard input is no terminal. False: it cannot be made raw. */
bool terminal_make_raw(struct err *err);
void terminal_restore(void); /* async-signal-safe; as often as wanted */
/* A descriptor for standard output that never blocks, without making the terminal that others share so: a new opening of it where
 * that is possible, else standard output itself. */
int terminal_open_output(void);

/* Signals that ask the program to end restore the terminal, then on_signal is called; SIGTSTP restores it and stops, and what
 * was raw is raw again when the program goes on. */
struct terminal_signals;
struct terminal_signals *terminal_watch_signals(struct loop *loop, void (*on_signal)(int signum, void *user),
                                                void *user);
void terminal_unwatch_signals(struct terminal_signals *signals);
void terminal_die_of(int signum); /* as the system would have ended us */

#endif
