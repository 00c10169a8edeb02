/* Bitmaps with a moving start. Order and reserved addresses follow OVN-Kubernetes (see ipam.h); control/networks.c asks. */
#include "lab/ipam.h"

#include <stdlib.h>
#include <string.h>

#define IPV6_POOL 65536

/* ---- numbers ---- */

void ipam_ids_init(struct ipam_ids *ids, uint32_t low, uint32_t high)
{
	*ids = (struct ipam_ids){.low = low, .high = high, .last = high};
	if (high >= low)
		ids->bits = mem_alloc((high - low) / 8 + 1);
}

void ipam_ids_finish(struct ipam_ids *ids)
{
	free(ids->bits);
	ids->bits = NULL;
}

static bool is_taken(const struct ipam_ids *ids, uint32_t id)
{
	uint32_t at = id - ids->low;
	return (ids->bits[at / 8] >> (at % 8)) & 1;
}

static bool is_inside(const struct ipam_ids *ids, uint32_t id)
{
	return ids->bits != NULL && id >= ids->low && id <= ids->high;
}

bool ipam_ids_mark(struct ipam_ids *ids, uint32_t id)
{
	if (!is_inside(ids, id) || is_taken(ids, id))
		return false;
	ids->bits[(id - ids->low) / 8] |= (uint8_t)(1U << ((id - ids->low) % 8));
	ids->n_taken++;
	return true;
}

bool ipam_ids_take(struct ipam_ids *ids, uint32_t *out)
{
	if (ids->bits == NULL || ids->n_taken > ids->high - ids->low)
		return false;
	uint32_t id = ids->last;
	do {
		id = id >= ids->high ? ids->low : id + 1;
	} while (!ipam_ids_mark(ids, id));
	ids->last = id;
	*out = id;
	return true;
}

void ipam_ids_give(struct ipam_ids *ids, uint32_t id)
{
	if (!is_inside(ids, id) || !is_taken(ids, id))
		return;
	ids->bits[(id - ids->low) / 8] &= (uint8_t) ~(1U << ((id - ids->low) % 8));
	ids->n_taken--;
}

/* ---- subnets ---- */

struct pool {
	struct cni_address subnet; /* its first address */
	struct ipam_ids ids;       /* offsets from it */
};
struct ipam {
	VEC(struct pool) pools;
};

static int address_bits(const struct cni_address *address)
{
	return address->family == 4 ? 32 : 128;
}

static void mask_host(struct cni_address *address)
{
	for (int bit = address->prefix; bit < address_bits(address); bit++)
		address->bytes[bit / 8] &= (uint8_t) ~(0x80U >> (bit % 8));
}

static uint32_t subnet_size(const struct cni_address *subnet)
{
	int host = address_bits(subnet) - subnet->prefix;
	if (subnet->family == 6)
		return host >= 16 ? IPV6_POOL : (uint32_t)1 << host;
	return host >= 20 ? IPAM_POOL_MAX : (uint32_t)1 << host;
}

static struct cni_address at_offset(const struct cni_address *subnet, uint32_t offset)
{
	struct cni_address out = *subnet;
	uint32_t carry = offset;
	for (int i = address_bits(subnet) / 8 - 1; i >= 0 && carry > 0; i--) {
		carry += out.bytes[i];
		out.bytes[i] = (uint8_t)carry;
		carry >>= 8;
	}
	return out;
}

/* The offset of an address in its subnet; UINT32_MAX where it is beyond what is used. */
static uint32_t offset_of(const struct cni_address *subnet, const struct cni_address *address)
{
	uint64_t offset = 0;
	for (int i = 0; i < address_bits(subnet) / 8; i++) {
		int64_t difference = (int64_t)address->bytes[i] - subnet->bytes[i];
		offset = offset * 256 + (uint64_t)difference;
		if (offset >= IPAM_POOL_MAX * 256ULL)
			return UINT32_MAX;
	}
	return offset >= UINT32_MAX ? UINT32_MAX : (uint32_t)offset;
}

static void mark_excluded(struct pool *pool, const struct cni_address *exclude)
{
	struct cni_address first = *exclude;
	if (exclude->family != pool->subnet.family || !cni_address_is_in(exclude, &pool->subnet))
		return;
	mask_host(&first);
	uint32_t from = offset_of(&pool->subnet, &first), size = subnet_size(exclude);
	for (uint32_t i = 0; i < size && from != UINT32_MAX; i++)
		ipam_ids_mark(&pool->ids, from + i);
}

static void init_pool(struct pool *pool, const struct cni_address *subnet, int n_reserved)
{
	pool->subnet = *subnet;
	mask_host(&pool->subnet);
	uint32_t size = subnet_size(subnet);
	uint32_t last = subnet->family == 4 && size >= 2 ? size - 2 : size - 1;
	if (subnet->family == 4 && size < 2)
		last = 0;
	ipam_ids_init(&pool->ids, 1, last);
	for (int i = 1; i <= n_reserved; i++)
		ipam_ids_mark(&pool->ids, (uint32_t)i);
}

struct ipam *ipam_create(const struct cni_address *subnets, size_t n_subnets, const struct cni_address *excludes,
                         size_t n_excludes, int n_reserved)
{
	struct ipam *ipam = mem_alloc(sizeof *ipam);
	for (size_t i = 0; i < n_subnets; i++) {
		struct pool pool;
		init_pool(&pool, &subnets[i], n_reserved);
		for (size_t k = 0; k < n_excludes; k++)
			mark_excluded(&pool, &excludes[k]);
		vec_push(&ipam->pools, pool);
	}
	return ipam;
}

void ipam_destroy(struct ipam *ipam)
{
	if (ipam == NULL)
		return;
	for (size_t i = 0; i < ipam->pools.len; i++)
		ipam_ids_finish(&ipam->pools.data[i].ids);
	vec_finish(&ipam->pools);
	free(ipam);
}

size_t ipam_n_subnets(const struct ipam *ipam)
{
	return ipam->pools.len;
}

bool ipam_take(struct ipam *ipam, struct cni_address *out, struct err *err)
{
	for (size_t i = 0; i < ipam->pools.len; i++) {
		struct pool *pool = &ipam->pools.data[i];
		uint32_t offset;
		if (!ipam_ids_take(&pool->ids, &offset)) {
			char text[64];
			cni_address_format(&pool->subnet, true, text);
			while (i-- > 0)
				ipam_give(ipam, &out[i]);
			return err_set(err, ERR_LIMIT, "subnet %s has no free address left: all %u are in use", text,
			               pool->ids.n_taken);
		}
		out[i] = at_offset(&pool->subnet, offset);
	}
	return true;
}

void ipam_give(struct ipam *ipam, const struct cni_address *address)
{
	for (size_t i = 0; i < ipam->pools.len; i++) {
		struct pool *pool = &ipam->pools.data[i];
		if (address->family == pool->subnet.family && cni_address_is_in(address, &pool->subnet))
			ipam_ids_give(&pool->ids, offset_of(&pool->subnet, address));
	}
}
