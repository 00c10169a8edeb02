/* rescue: gives the terminal back when the program crashes: writes the bytes that switch every mode off, sets the line as it
 * was found, then lets the signal do what it does. Also runs before base_abort's words. Private to screen. */
#ifndef SCREEN_RESCUE_H
#define SCREEN_RESCUE_H

#include <stddef.h>

void rescue_note(int fd);                                  /* how the line is set now, before curses */
void rescue_arm(int fd, const char *off, size_t size);     /* copies `off`; at most 1024 bytes */
void rescue_disarm(void);                                  /* the terminal has been given back */

#endif
