/* cpio: a writer of cpio "newc" archives (kernel documentation, early-userspace/buffer-format). Pure: bytes into a str. */
#ifndef LAB_VM_CPIO_H
#define LAB_VM_CPIO_H

#include "onesdn/base.h"

void cpio_put(struct str *out, const char *path, unsigned mode, const void *data,
              size_t size);     /* mode with its S_IF bits; path without a leading slash */
void cpio_end(struct str *out); /* the trailer, padded to 512 bytes */

#endif
