/* deployments: Deployment -> ReplicaSet -> Pods. Level-triggered: each plan is pure, from what is wanted and what is there
 * to what has to be done; deployments.c does it.
 */
#ifndef LAB_CONTROL_DEPLOYMENTS_H
#define LAB_CONTROL_DEPLOYMENTS_H

#include "lab/store.h"

struct deployments;
struct deployments *deployments_create(struct loop *loop, struct store *store);
void deployments_destroy(struct deployments *deployments);

/* ---- deployments_plan.c. Both give a new object:
 * {"create": [objects], "scale": [{"name", "replicas"}], "delete": [names], "status": {...}, "revision": text} ---- */
/* `replicasets`: an array of those that the deployment owns. now: for the times of conditions. */
json_t *deployment_plan(const json_t *deployment, const json_t *replicasets, int64_t now_ms);
/* `pods`: an array of those that the replica set owns. */
json_t *replicaset_plan(const json_t *replicaset, const json_t *pods);
/* A number or a percentage of `total`. */
int64_t deployment_share(const json_t *value, int64_t total, bool round_up);

#endif
