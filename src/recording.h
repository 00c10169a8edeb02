/* recording: what the commands that take a recording (play, export) ask of it. */
#ifndef ONESDN_RECORDING_H
#define ONESDN_RECORDING_H

#include "onesdn/cast.h"

/* A number of an option. */
bool recording_number(const char *option, const char *word, double low, double high, double *out, struct err *err);
/* The recording with its pauses cut: to what --idle-limit says (0: as they were), or, NULL, to what its header says. All times
 * that are told and taken are those. */
struct cast *recording_read(const char *path, const char *idle_limit, struct err *err);
/* The time of a marker: its number ("3", "#3") or its title; err lists what there is. */
bool recording_marker(const struct cast *cast, const char *word, int64_t *at_us, struct err *err);

#endif
