/* base64: for secrets and the WebSocket handshake. See base64.h. */
#include "lab/api/base64.h"

void base64_append(struct str *out, const void *bytes, size_t size)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const uint8_t *at = bytes;
	for (size_t i = 0; i < size; i += 3) {
		size_t n = size - i < 3 ? size - i : 3;
		uint32_t bits = 0;
		for (size_t k = 0; k < 3; k++)
			bits = bits << 8 | (k < n ? at[i + k] : 0U);
		for (size_t k = 0; k < 4; k++)
			str_append_c(out, k <= n ? letters[bits >> (18 - 6 * k) & 63] : '=');
	}
}
