/* SHA-256 (FIPS 180-4), for OVN-Kubernetes' rule that makes MAC addresses from IPv6 addresses. Private to cni. */
#ifndef CNI_SHA256_H
#define CNI_SHA256_H

#include <stddef.h>
#include <stdint.h>

void cni_sha256(const void *data, size_t size, uint8_t out[32]);

#endif
