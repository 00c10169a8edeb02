/* ipam: pools of addresses and of small numbers, handed out round robin as OVN-Kubernetes does: the next free one after
 * the last that was handed out, wrapping at the end, so that what was given back is not used again until then. Pure.
 */
#ifndef LAB_IPAM_H
#define LAB_IPAM_H

#include "onesdn/base.h"
#include "onesdn/cni.h"

#define IPAM_POOL_MAX                                                                                                  \
	((uint32_t)1 << 20) /* addresses of one IPv4 subnet that are used; of an IPv6 subnet the first 65,536 */

/* ---- numbers low..high ---- */
struct ipam_ids {
	uint32_t low, high, last;
	uint8_t *bits;
	uint32_t n_taken;
};
void ipam_ids_init(struct ipam_ids *ids, uint32_t low, uint32_t high); /* high < low: an empty pool */
void ipam_ids_finish(struct ipam_ids *ids);
bool ipam_ids_take(struct ipam_ids *ids, uint32_t *out); /* false: none is left */
bool ipam_ids_mark(struct ipam_ids *ids, uint32_t id);   /* takes that one; false: taken already or outside */
void ipam_ids_give(struct ipam_ids *ids, uint32_t id);   /* one that was never taken is fine */

/* ---- one network's subnets ---- */
struct ipam;
/* Network and broadcast address are never used; the first `n_reserved` addresses (gateway, management) and `excludes`
 * neither. */
struct ipam *ipam_create(const struct cni_address *subnets, size_t n_subnets, const struct cni_address *excludes,
                         size_t n_excludes, int n_reserved);
void ipam_destroy(struct ipam *ipam);
size_t ipam_n_subnets(const struct ipam *ipam);
/* One address of each subnet into out[n_subnets], with the subnet's prefix; all or none. ERR_LIMIT names the subnet. */
bool ipam_take(struct ipam *ipam, struct cni_address *out, struct err *err);
void ipam_give(struct ipam *ipam, const struct cni_address *address);

#endif
