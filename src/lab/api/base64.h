/* base64: RFC 4648. */
#ifndef LAB_API_BASE64_H
#define LAB_API_BASE64_H

#include "onesdn/base.h"

void base64_append(struct str *out, const void *bytes, size_t size);
bool base64_decode(const char *text, struct str *out); /* appends; line breaks are skipped. False: it is none */

#endif
