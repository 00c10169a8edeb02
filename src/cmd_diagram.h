/* cmd_diagram: the one thing that `onesdn diagram` leaves to the file that knows clusters. */
#ifndef ONESDN_CMD_DIAGRAM_H
#define ONESDN_CMD_DIAGRAM_H

#include "onesdn/play.h"

struct cmd_diagram_source {
	const char *context, *kubeconfig; /* NULL: the lab, or the current context */
};
/* Appends the objects of the act's namespaces, and the nodes and network objects that belong to them, as the cluster has them
 * now, to `objects`. May be left out of a build: then --objects must name them. */
bool cmd_diagram_cluster(const struct cmd_diagram_source *source, const struct play_act *act, json_t *objects,
                         struct err *err);

#endif
