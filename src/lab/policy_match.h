/* policy_match: what a MultiNetworkPolicy's peers and ports match, in OVN's language of matches, and what is wrong with
 * them. Pure; for policy_rows.c only.
 */
#ifndef LAB_POLICY_MATCH_H
#define LAB_POLICY_MATCH_H

#include "lab/policy_rows.h"

struct policy_protocol {
	const char *name; /* "tcp"; "None": any traffic; "": one that is unknown */
	char *match;      /* "tcp && tcp.dst==9000"; "" any; "0" where OVN could not read what the original writes */
};
struct policy_ports {
	VEC(struct policy_protocol) items;
};
void policy_ports_read(const json_t *ports, struct policy_ports *out);
void policy_ports_finish(struct policy_ports *ports);

struct policy_peers {
	size_t n_blocks, n_selectors; /* peers that are neither do not count */
};
struct policy_peers policy_peers_of(const json_t *peers);
bool policy_peer_is_selector(const json_t *peer); /* ipBlock wins where both are given */
/* "ip4.src == 10.0.0.0/8 && ip4.src != {10.1.0.0/16}", several joined by ||; "0" if OVN could not read one of them. Appends. */
void policy_match_blocks(const json_t *peers, const char *end, struct str *out);

char *policy_for_of(const json_t *policy); /* what policy-for names: "ns/nad,ns/nad"; the caller frees */
/* Is the policy refused as a whole on this network? Then why (appends). */
bool policy_refusal(const json_t *policy, const struct policy_rows_network *network, struct str *words);
void policy_troubles(const json_t *policy, struct str *words); /* parts that have no effect; appends */

#endif
