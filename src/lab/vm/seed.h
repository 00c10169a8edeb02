/* seed: a VM's cloud-init data (NoCloud) made into the plain lines that the guest's init executes. Pure.
 *
 * The subset is what the talk's manifests use and what surrounds it; everything else is named as ignored, so that the VMI's
 * events can say so. Formats: cloud-init's "#cloud-config" user-data, and its network config version 2 (netplan's
 * `ethernets`). The lines are documented in src/guest/guest.h.
 */
#ifndef LAB_VM_SEED_H
#define LAB_VM_SEED_H

#include "onesdn/base.h"

#define SEED_SIZE_MAX ((size_t)64 << 10) /* of each of the two documents, as KubeVirt's own volume limits go */
#define SEED_ITEMS_MAX 32

struct seed_lease {
	const char *address, *gateway; /* "192.168.200.4/24"; "" where DHCP is asked for real or there is none */
};
struct seed_input {
	const char *hostname;            /* the VMI's name */
	const char *user_data;           /* "" when there is none */
	const char *network_data;        /* "" likewise: every interface then asks DHCP */
	const char *const *present;      /* packages that the guest has, NULL-terminated */
	const struct seed_lease *leases; /* of eth0, eth1, ...: what DHCP would give there, put in its place */
	size_t n_leases;
};
struct seed {
	struct str text;     /* one item a line */
	VEC(char *) ignored; /* "user-data: write_files", each once */
};
/* Errors name the document and the line. */
bool seed_build(const struct seed_input *input, struct seed *out, struct err *err);
void seed_finish(struct seed *seed);

#endif
