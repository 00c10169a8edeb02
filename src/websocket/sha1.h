/* sha1: the digest of handshake.c. Private. */
#ifndef WEBSOCKET_SHA1_H
#define WEBSOCKET_SHA1_H

#include <stddef.h>
#include <stdint.h>

#define SHA1_SIZE 20
#define SHA1_TEXT_MAX 119 /* two blocks */
void sha1_short(const char *text, size_t len, uint8_t out[SHA1_SIZE]);

#endif
