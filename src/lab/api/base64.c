/* base64: for secrets and the WebSocket handshake. See base64.h. */
#include "lab/api/base64.h"

#include <string.h>

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_append(struct str *out, const void *bytes, size_t size)
{
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

bool base64_decode(const char *text, struct str *out)
{
	uint32_t bits = 0;
	size_t n = 0, n_pad = 0;
	for (; *text; text++) {
		const char *letter = *text == '=' ? NULL : strchr(letters, *text);
		if (*text == '\n' || *text == '\r')
			continue;
		if (*text != '=' && (!letter || n_pad > 0))
			return false;
		n_pad += *text == '=';
		bits = bits << 6 | (letter ? (uint32_t)(letter - letters) : 0U);
		if (++n % 4 != 0)
			continue;
		for (size_t k = 0; k + n_pad < 3; k++)
			str_append_c(out, (char)(bits >> (16 - 8 * k) & 0xff));
		bits = 0;
	}
	return n % 4 == 0 && n_pad <= 2;
}
