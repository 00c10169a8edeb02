/* ask: one connection, one verdict, its reason in words. */
#include "policy/world.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const proto_names[] = {"TCP", "UDP", "SCTP", "ICMP"};
static const char *const direction_names[] = {"ingress", "egress"};

const char *policy_proto_name(enum policy_proto proto)
{
	return proto_names[proto];
}

bool policy_proto_find(const char *name, enum policy_proto *proto)
{
	for (size_t i = 0; i < sizeof proto_names / sizeof *proto_names; i++)
		if (strcasecmp(name, proto_names[i]) == 0)
			return *proto = (enum policy_proto)i, true;
	return false;
}

const char *policy_profile_name(enum policy_profile profile)
{
	return profile == POLICY_SPEC ? "spec" : "ovnk";
}

/* ---- one side of a connection ---- */
struct side {
	const struct endpoint *endpoint; /* NULL: a host outside the cluster */
	size_t at;                       /* its index */
	struct cni_address address;      /* family 0: unknown */
	bool is_first;                   /* the endpoint's first of its family: rules know beforehand about it */
	const char *name;
};
struct contact { /* a connection as it is checked: who, to whom, what, by which rules */
	const struct policy_world *world;
	const struct side *from, *to;
	enum policy_proto proto;
	int port;
	enum policy_profile profile;
};

static bool named_port_matches(const struct contact *contact, const struct port_rule *rule)
{
	const struct endpoint *target = contact->to->endpoint;
	size_t i, j;
	const json_t *container, *port;
	if (!target)
		return false;
	json_array_foreach (target->containers, i, container) {
		json_array_foreach (json_object_get(container, "ports"), j, port) {
			enum policy_proto proto;
			if (!policy_protocol_read(json_walk_str(port, "protocol", NULL), &proto))
				continue;
			if (proto == contact->proto && strcmp(json_walk_str(port, "name", NULL), rule->name) == 0 &&
			    json_walk_int(port, 0, "containerPort", NULL) == contact->port)
				return true;
		}
	}
	return false;
}

/* OVN-Kubernetes does not resolve names: one alone, or no port at all, means any of the protocol; beside numbers it means
 * nothing. A number that is none voids all of the protocol: OVN cannot read the match. */
static bool written_ports_match(const struct contact *contact, const struct rule *rule)
{
	bool is_there = false, has_bounds = false, is_within = false;
	for (size_t i = 0; i < rule->ports.len; i++) {
		const struct port_rule *port = &rule->ports.data[i];
		if (!port->is_named || port->proto != contact->proto)
			continue;
		is_there = true;
		if (port->written[0] == 0 && port->written[1] == 0)
			continue;
		for (int k = 0; k < 2; k++)
			if (port->written[k] < 0 || port->written[k] > 65535)
				return false;
		has_bounds = true;
		is_within |= contact->port >= port->written[0] && contact->port <= port->written[1];
	}
	return is_there && (!has_bounds || is_within);
}

static bool ports_match(const struct contact *contact, const struct rule *rule)
{
	if (rule->ports.len == 0)
		return true;
	if (contact->proto == POLICY_ICMP)
		return false;
	if (contact->profile == POLICY_OVNK)
		return written_ports_match(contact, rule);
	for (size_t i = 0; i < rule->ports.len; i++) {
		const struct port_rule *port = &rule->ports.data[i];
		if (!port->is_valid || port->proto != contact->proto)
			continue;
		if (port->name ? named_port_matches(contact, port)
		               : port->first == 0 || (contact->port >= port->first && contact->port <= port->last))
			return true;
	}
	return false;
}

static bool peer_matches(const struct contact *contact, const struct rule *rule, const struct side *peer)
{
	if (rule->any_peer[contact->profile]) {
		if (contact->profile == POLICY_SPEC || peer->address.family == 0)
			return true;
		/* the ACL names the families that the network has; without IPAM it says ip4 alone */
		const struct endpoint *own = contact->from == peer ? contact->to->endpoint : contact->from->endpoint;
		const struct network *network = &contact->world->networks.data[own->network];
		return network->has_ipam ? network->families[peer->address.family == 6] : peer->address.family == 4;
	}
	if (peer->endpoint && (rule->peers[peer->at / 64] >> (peer->at % 64) & 1))
		return true;
	if (!peer->address.family || rule->blocks.len == 0)
		return false;
	if (peer->is_first)
		return rule->in_blocks[contact->profile][peer->address.family == 6][peer->at / 64] >> (peer->at % 64) & 1;
	return policy_blocks_have(rule, &peer->address, contact->profile);
}

struct finding { /* what one end's policies say */
	bool is_isolated, is_allowed;
	const struct policy *policy; /* that allows */
	const struct rule *rule;
};

static struct finding check_end(const struct contact *contact, enum policy_direction direction)
{
	const struct side *own = direction == POLICY_EGRESS ? contact->from : contact->to;
	const struct side *peer = direction == POLICY_EGRESS ? contact->to : contact->from;
	struct finding finding = {.is_allowed = true};
	if (!own->endpoint)
		return finding;
	for (size_t i = 0; i < own->endpoint->policies.len; i++) {
		const struct selection *selection = &own->endpoint->policies.data[i];
		const struct policy *policy = &contact->world->policies.data[selection->policy];
		if (!selection->holds[contact->profile])
			continue;
		finding.is_isolated |= policy->isolates[contact->profile][direction];
		for (size_t r = 0;
		     !finding.rule && policy->counts[contact->profile][direction] && r < policy->rules.len; r++) {
			const struct rule *rule = &policy->rules.data[r];
			if (rule->direction == direction && ports_match(contact, rule) &&
			    peer_matches(contact, rule, peer)) {
				finding.policy = policy;
				finding.rule = rule;
			}
		}
	}
	finding.is_allowed = !finding.is_isolated || finding.rule;
	return finding;
}

static bool is_isolated(const struct contact *contact, const struct side *side, enum policy_direction direction)
{
	for (size_t i = 0; side->endpoint && i < side->endpoint->policies.len; i++) {
		const struct selection *selection = &side->endpoint->policies.data[i];
		if (selection->holds[contact->profile] &&
		    contact->world->policies.data[selection->policy].isolates[contact->profile][direction])
			return true;
	}
	return false;
}

/* Without one allow-related ACL on the switch OVN tracks no connections: the drops see the answers as strangers. */
static bool loses_reply(const struct contact *contact)
{
	const struct endpoint *any = contact->from->endpoint ? contact->from->endpoint : contact->to->endpoint;
	if (!any || contact->world->networks.data[any->network].is_stateful[contact->profile])
		return false;
	return is_isolated(contact, contact->to, POLICY_EGRESS) || is_isolated(contact, contact->from, POLICY_INGRESS);
}

/* ---- words ---- */
static void say_policies(const struct contact *contact, const struct side *own, enum policy_direction direction,
                         struct str *out)
{
	size_t n = 0;
	for (size_t i = 0; i < own->endpoint->policies.len; i++) {
		const struct selection *selection = &own->endpoint->policies.data[i];
		const struct policy *policy = &contact->world->policies.data[selection->policy];
		if (!selection->holds[contact->profile] || !policy->isolates[contact->profile][direction])
			continue;
		str_append_f(out, "%s%s", n ? ", " : "", policy->id);
		n++;
	}
}

static char *say_end(const struct contact *contact, enum policy_direction direction, const struct finding *finding)
{
	const struct side *own = direction == POLICY_EGRESS ? contact->from : contact->to;
	struct str text = {0};
	if (!own->endpoint) {
		str_append_f(&text, "%s is outside the cluster: no policy is about it", own->name);
	} else if (!finding->is_isolated) {
		str_append_f(&text, "no policy selects %s for %s", own->name, direction_names[direction]);
	} else if (finding->rule) {
		str_append_f(&text, "%s %s[%d] allows it", finding->policy->id, direction_names[direction],
		             finding->rule->index);
	} else {
		size_t before = text.len;
		say_policies(contact, own, direction, &text);
		bool several = strchr(str_text(&text) + before, ',') != NULL;
		str_append_f(&text, " %s %s for %s; none allows it", several ? "select" : "selects", own->name,
		             direction_names[direction]);
	}
	return str_take(&text);
}

/* ---- questions ---- */
static bool find_network(const struct policy_world *world, const char *name, size_t *out, struct err *err)
{
	for (size_t i = 1; i < world->networks.len; i++)
		if (strcmp(world->networks.data[i].name, name) == 0)
			return *out = i, true;
	return err_set(
	        err, ERR_NOT_FOUND,
	        "there is no secondary network '%s'; networks are named by 'name' in the attachment's config, not by the attachment",
	        name);
}

static bool has_address(const struct endpoint *endpoint, const struct cni_address *address)
{
	for (size_t i = 0; i < endpoint->addresses.len; i++) {
		const struct cni_address *own = &endpoint->addresses.data[i];
		if (own->family == address->family &&
		    memcmp(own->bytes, address->bytes, own->family == 6 ? 16 : 4) == 0)
			return true;
	}
	return false;
}

static bool is_named(const struct endpoint *endpoint, const char *name)
{
	const char *slash = strchr(name, '/');
	bool is_pod = slash && strncmp(endpoint->ns, name, (size_t)(slash - name)) == 0 &&
	              endpoint->ns[slash - name] == '\0' && strcmp(endpoint->pod, slash + 1) == 0;
	return is_pod || strcmp(endpoint->workload, name) == 0;
}

static void take_side(const struct policy_world *world, size_t at, const struct cni_address *address, struct side *out)
{
	out->endpoint = &world->endpoints.data[at];
	out->at = at;
	if (!address)
		return;
	const struct cni_address *first = policy_first_address(out->endpoint, address->family);
	out->address = *address;
	out->is_first = first && memcmp(first->bytes, address->bytes, address->family == 6 ? 16 : 4) == 0;
}

/* A workload's name, its pod's name, or an address; `family` 0: any. Of a workload with several attachments to the network
 * the first that has such an address, else its first. */
static bool find_side(const struct policy_world *world, const char *name, size_t network, int family, struct side *out,
                      struct err *err)
{
	struct cni_address wanted;
	bool is_address = cni_address_parse(name, &wanted);
	*out = (struct side){.name = name};
	for (size_t i = 0; i < world->endpoints.len && !out->address.family; i++) {
		const struct endpoint *endpoint = &world->endpoints.data[i];
		if (endpoint->network != network)
			continue;
		if (is_address ? has_address(endpoint, &wanted) : is_named(endpoint, name)) {
			const struct cni_address *address = is_address ? &wanted : policy_first_address(endpoint, family);
			if (address || !out->endpoint)
				take_side(world, i, address, out);
		}
	}
	if (is_address)
		out->address = wanted;
	if (is_address || out->endpoint)
		return true;
	return err_set(err, ERR_NOT_FOUND, "%s has no attachment to network '%s'", name,
	               world->networks.data[network].name);
}

static bool is_on(const struct policy_world *world, const char *name, size_t network)
{
	struct side ignored = {0};
	return find_side(world, name, network, 0, &ignored, NULL);
}

const char *policy_network(const struct policy_world *world, const char *from, const char *to)
{
	for (size_t i = 1; i < world->networks.len; i++)
		if (is_on(world, from, i) && is_on(world, to, i))
			return world->networks.data[i].name;
	return "";
}

static void answer_default(const struct policy_question *question, struct policy_verdict *out)
{
	(void)question;
	out->allowed = true;
	out->reason = mem_strdup("multi-network policies never touch the pod network");
	out->egress = mem_strdup("");
	out->ingress = mem_strdup("");
}

/* What a workload says to itself stays in its own network namespace, whichever of its addresses it takes. */
static bool is_same_pod(const struct endpoint *a, const struct endpoint *b)
{
	return strcmp(a->ns, b->ns) == 0 && strcmp(a->pod, b->pod) == 0;
}

static void answer_itself(const struct side *own, struct policy_verdict *out)
{
	*out = (struct policy_verdict){
	        .allowed = true,
	        .reason = mem_printf("%s talks to itself: that never leaves it, and no policy is about it",
	                             own->endpoint->workload),
	        .egress = mem_strdup(""),
	        .ingress = mem_strdup("")};
}

bool policy_ask(const struct policy_world *world, const struct policy_question *question, struct policy_verdict *out,
                struct err *err)
{
	struct policy_verdict verdict = {0};
	size_t network = 0;
	struct side from, to;
	if (!*question->network || strcmp(question->network, "default") == 0)
		return answer_default(question, out), true;
	if (question->proto != POLICY_ICMP && (question->port < 1 || question->port > 65535))
		return err_set(err, ERR_INVALID, "port %d is not in 1..65535", question->port);
	if (!find_network(world, question->network, &network, err) ||
	    !find_side(world, question->to, network, 0, &to, err) ||
	    !find_side(world, question->from, network, to.address.family, &from, err))
		return false;
	if (from.endpoint && to.endpoint && is_same_pod(from.endpoint, to.endpoint))
		return answer_itself(&from, out), true;
	struct contact contact = {world, &from, &to, question->proto, question->port, question->profile};
	struct finding egress = check_end(&contact, POLICY_EGRESS), ingress = check_end(&contact, POLICY_INGRESS);
	verdict.egress = say_end(&contact, POLICY_EGRESS, &egress);
	verdict.ingress = say_end(&contact, POLICY_INGRESS, &ingress);
	verdict.allowed = egress.is_allowed && ingress.is_allowed;
	if (verdict.allowed && loses_reply(&contact)) {
		verdict.allowed = false;
		verdict.lost_reply = true;
		verdict.reason = mem_printf(
		        "the request passes, its answer is dropped: the policies on network %s only deny, and without a "
		        "rule that allows something OVN tracks no connections there",
		        question->network);
	} else if (!egress.is_allowed && !ingress.is_allowed) {
		verdict.reason = mem_printf("%s; and %s", verdict.egress, verdict.ingress);
	} else if (!egress.is_allowed || (ingress.is_allowed && egress.rule && !ingress.rule)) {
		verdict.reason = mem_strdup(verdict.egress);
	} else if (!ingress.is_allowed || (ingress.rule && !egress.rule)) {
		verdict.reason = mem_strdup(verdict.ingress);
	} else {
		verdict.reason = mem_printf("%s; %s", verdict.egress, verdict.ingress);
	}
	*out = verdict;
	return true;
}

void policy_verdict_finish(struct policy_verdict *verdict)
{
	free(verdict->reason);
	free(verdict->egress);
	free(verdict->ingress);
	*verdict = (struct policy_verdict){0};
}

bool policy_allows(const struct policy_world *world, size_t from, size_t to, enum policy_proto proto, int port,
                   enum policy_profile profile)
{
	if (is_same_pod(&world->endpoints.data[from], &world->endpoints.data[to]))
		return true;
	struct side sides[2] = {{0}};
	take_side(world, to, policy_first_address(&world->endpoints.data[to], 0), &sides[1]);
	take_side(world, from, policy_first_address(&world->endpoints.data[from], sides[1].address.family), &sides[0]);
	struct contact contact = {world, &sides[0], &sides[1], proto, port, profile};
	return check_end(&contact, POLICY_EGRESS).is_allowed && check_end(&contact, POLICY_INGRESS).is_allowed &&
	       !loses_reply(&contact);
}
