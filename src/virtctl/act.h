/* act: the commands that are one or two requests: start, stop, restart, pause, unpause, version. What they print, and how they
 * fail, is virtctl's.
 */
#ifndef VIRTCTL_ACT_H
#define VIRTCTL_ACT_H

#include "virtctl/link.h"
#include "virtctl/options.h"

struct act;
/* `printed` goes to standard output; err NULL: all went well. Both borrowed for the callback, which may destroy the act. */
typedef void act_done_fn(const char *printed, const struct err *err, void *user);
/* options, route and ns are borrowed until it is done. Never NULL. */
struct act *act_create(struct loop *loop, const struct options *options, const struct route *route, const char *ns,
                       act_done_fn *fn, void *user);
void act_destroy(struct act *act);
/* "Client Version: ...": of this program. */
void act_client_version(struct str *out);

#endif
