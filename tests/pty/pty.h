/* pty: the real program in a pty, as a person has it: keys in, its screen read back through our own `term`. Every wait has a
 * deadline and ends as soon as what is waited for is there; nothing sleeps. What fails prints the screen. */
#ifndef TESTS_PTY_H
#define TESTS_PTY_H

#include "onesdn/loop.h"
#include "onesdn/term.h"

struct pty {
	struct loop *loop;
	struct term *term;
	char *dir; /* a private one for runtime, config, state */
	bool has_ended;
	int status;     /* as waitpid */
	size_t n_bytes; /* that the program has printed */
	long pid;
};

/* Directories of their own for everything started from here on (XDG_RUNTIME_DIR and the like); removed by pty_finish_dirs. */
void pty_make_dirs(void);
void pty_finish_dirs(void);
void pty_tour_offered(bool is_offered); /* whether the first-run tour has been; in new directories it has */
const char *pty_dir(void);
char *pty_program(const char *name); /* of the build: "onesdn"; the caller frees */

/* Runs argv in a terminal of that size. */
void pty_start(struct pty *pty, int cols, int rows, const char *const *argv, const char *const *env);
void pty_end(struct pty *pty); /* TERM, then KILL if need be; frees */
void pty_type(struct pty *pty, const char *bytes);
void pty_resize(struct pty *pty, int cols, int rows);
char *pty_screen(struct pty *pty); /* the caller frees */
bool pty_has(struct pty *pty, const char *text);

/* Until every text (NULL-terminated) is on the screen; fails the test with the screen after so many ms. */
void pty_expect_all(struct pty *pty, int ms, const char *const *texts);
#define pty_expect(pty, ms, ...) pty_expect_all((pty), (ms), (const char *const[]){__VA_ARGS__, NULL})
void pty_expect_gone(struct pty *pty, int ms, const char *text);
int pty_expect_end(struct pty *pty, int ms);            /* until it has ended; gives its status as waitpid does */
void pty_settle(struct pty *pty, int quiet_ms, int ms); /* until it has printed nothing for quiet_ms */
/* Until for window_ms nothing was printed and nothing woke it up. Longer than what polls, shorter than the time between two of the
 * watches' renewals, each of which is a wake-up. */
void pty_expect_idle(struct pty *pty, int window_ms, int ms);
/* ... and wakes up that often at the most. */
void pty_expect_calm(struct pty *pty, int window_ms, long sleeps_max, int ms);
typedef bool pty_holds_fn(struct pty *pty, void *user);
bool pty_wait(struct pty *pty, int ms, pty_holds_fn *holds, void *user); /* false: the deadline came first */

/* A command beside the program, to its end; its output goes to `out` (may be NULL). Gives the exit status, -1 after ms. */
int pty_run(struct pty *pty, int ms, struct str *out, const char *const *argv);

#endif
