/* crilog: a container's log file in the CRI format: "RFC3339NANO stdout|stderr F|P text". Bounded: a full file becomes
 * FILE.1 (the one before goes) and a new one begins.
 */
#ifndef LAB_CRILOG_H
#define LAB_CRILOG_H

#include "onesdn/base.h"

#define CRILOG_FILE_MAX ((size_t)10 << 20) /* bytes of one file: kubelet's default containerLogMaxSize */
#define CRILOG_LINE_MAX 16384              /* a longer line is written in parts, tag P */

struct crilog;
struct crilog *crilog_create(const char *path, size_t max_size, struct err *err);
void crilog_write(struct crilog *log, int fd, const char *bytes, size_t size); /* fd 1 or 2 */
void crilog_destroy(struct crilog *log);                                       /* an unfinished line is written */

#endif
