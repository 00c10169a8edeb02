/* gather: objects for a command that looks once — from files, or from the cluster. Shared by diagram, frame and verdict. */
#ifndef ONESDN_GATHER_H
#define ONESDN_GATHER_H

#include "connect.h"
#include "onesdn/base.h"

#define GATHER_FILE_MAX ((size_t)64 << 20)
/* Appends the objects of a file ("-": standard input) to an array: a Kubernetes List, a list of a kind or single objects, as
 * JSON or as a stream of YAML documents. */
bool gather_file(const char *path, json_t *into, struct err *err);
/* Appends what the cluster has of every watched kind in `namespaces` (NULL-terminated; NULL: all) now. Waits for it, at most
 * 20 s; ERR_TIMEOUT says what was missing. */
bool gather_cluster(const struct connect_options *options, const char *const *namespaces, json_t *into,
                    struct err *err);

#endif
