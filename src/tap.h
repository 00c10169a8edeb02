/* tap: what a rehearsal prints beside its lines: comments, and texts in which a '#' must not begin a directive. */
#ifndef TAP_H
#define TAP_H

void tap_comment(const char *text); /* each line of it */
void tap_description(const char *text);
void tap_output(const char *text); /* what a command has printed, made safe, as comments */

#endif
