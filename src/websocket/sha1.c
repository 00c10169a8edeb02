/* sha1: the digest that the opening handshake wants (FIPS 180-4), of short texts. It protects nothing here: it shows that the
 * other side has read the request.
 */
#include "websocket/sha1.h"

#include <string.h>

static uint32_t rotate(uint32_t value, int bits)
{
	return value << bits | value >> (32 - bits);
}

static void sha1_block(uint32_t state[5], const uint8_t *block)
{
	uint32_t w[80], a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
	for (size_t i = 0; i < 16; i++)
		w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
		       (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
	for (int i = 16; i < 80; i++)
		w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
	for (int i = 0; i < 80; i++) {
		static const uint32_t constants[] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
		uint32_t f = i < 20 ? (b & c) | (~b & d) : i >= 40 && i < 60 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d;
		uint32_t next = rotate(a, 5) + f + e + constants[i / 20] + w[i];
		e = d;
		d = c;
		c = rotate(b, 30);
		b = a;
		a = next;
	}
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
	state[4] += e;
}

void sha1_short(const char *text, size_t len, uint8_t out[20])
{
	uint32_t state[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
	uint8_t blocks[128] = {0};
	size_t n = len < 56 ? 1 : 2;
	memcpy(blocks, text, len);
	blocks[len] = 0x80;
	blocks[n * 64 - 2] = (uint8_t)(len * 8 >> 8);
	blocks[n * 64 - 1] = (uint8_t)(len * 8);
	for (size_t i = 0; i < n; i++)
		sha1_block(state, blocks + 64 * i);
	for (int i = 0; i < 20; i++)
		out[i] = (uint8_t)(state[i / 4] >> (24 - 8 * (i % 4)));
}
