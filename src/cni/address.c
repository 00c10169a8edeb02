/* IPv4 and IPv6 addresses with a prefix length, and the MAC addresses that OVN-Kubernetes makes of them. The configs
 * (config.c) and the annotations (networks.c, status.c) are checked with these. */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "cni/sha256.h"
#include "onesdn/cni.h"

bool cni_address_parse(const char *text, struct cni_address *out)
{
	char host[64];
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	if (len == 0 || len >= sizeof host)
		return false;
	memcpy(host, text, len);
	host[len] = 0;
	struct cni_address address = {.prefix = -1};
	address.family = strchr(host, ':') ? 6 : 4;
	if (inet_pton(address.family == 6 ? AF_INET6 : AF_INET, host, address.bytes) != 1)
		return false;
	if (slash) {
		int64_t prefix;
		if (!isdigit((unsigned char)slash[1]) ||
		    !text_to_int(slash + 1, 0, address.family == 6 ? 128 : 32, &prefix))
			return false;
		address.prefix = (int)prefix;
	}
	*out = address;
	return true;
}

void cni_address_format(const struct cni_address *address, bool with_prefix, char out[64])
{
	char host[INET6_ADDRSTRLEN] = "";
	inet_ntop(address->family == 6 ? AF_INET6 : AF_INET, address->bytes, host, sizeof host);
	if (with_prefix && address->prefix >= 0)
		snprintf(out, 64, "%s/%d", host, address->prefix);
	else
		snprintf(out, 64, "%s", host);
}

bool cni_address_is_in(const struct cni_address *address, const struct cni_address *network)
{
	if (address->family != network->family)
		return false;
	int bits = network->prefix < 0 ? (network->family == 6 ? 128 : 32) : network->prefix;
	for (int i = 0; bits > 0; i++, bits -= 8) {
		unsigned mask = bits >= 8 ? 0xffu : 0xffu << (8 - bits) & 0xffu;
		if ((address->bytes[i] ^ network->bytes[i]) & mask)
			return false;
	}
	return true;
}

void cni_mac_from_address(const struct cni_address *address, char out[18])
{
	uint8_t tail[32];
	if (address->family == 6) {
		char text[64];
		cni_address_format(address, false, text);
		cni_sha256(text, strlen(text), tail);
	} else {
		memcpy(tail, address->bytes, 4);
	}
	snprintf(out, 18, "0a:58:%02x:%02x:%02x:%02x", tail[0], tail[1], tail[2], tail[3]);
}

bool cni_mac_is_valid(const char *text)
{
	for (int i = 0; i < 17; i++) {
		unsigned char c =
		        (unsigned char)text[i]; /* a terminator fits neither place, so nothing is read behind it */
		if (i % 3 == 2 ? c != ':' : !isxdigit(c))
			return false;
	}
	return text[17] == 0;
}
