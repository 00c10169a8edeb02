/* lab: a real lab of a test's own, beside the program in its pty: brought up and down, its kubectl and shells. */
#ifndef TESTS_PTY_LAB_H
#define TESTS_PTY_LAB_H

#include "pty.h"

enum { SOON = 20000, LAB = 60000, STAGE = 120000 }; /* deadlines, not waits */

/* Directories, programs and, if `is_up`, a lab that runs; else the program under test brings it up. */
void lab_make(bool is_up);
void lab_drop(void);              /* down, whoever brought it up */
int lab_set_up(void **state);     /* of a group of tests: a lab that runs */
int lab_tear_down(void **state);
const char *lab_onesdn(void);     /* the program */
const char *lab_kubeconfig(void); /* of the lab; it must run */
char *lab_do(const char *verb);   /* `onesdn lab VERB`, which must succeed; what it prints, the caller frees */
/* Shell text with the lab's KUBECONFIG; `onesdn` in it is $ONESDN. The status; what went wrong is printed. */
int lab_shell(const char *words);

#endif
