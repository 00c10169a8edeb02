/* image: the guest of the lab's virtual machines — a kernel of the machine's own and an initramfs assembled from the
 * machine's packages, without root, once, kept in the cache folder. The disk images that people name (containerDisk) all
 * stand for this one guest; lab/image.h lists which names there are.
 *
 * Blocking (it reads and writes some 40 MB, 0.3 s): `onesdn-lab guest-image` runs it as a process of its own, machines.c
 * waits for that on its loop. The archive is cpio "newc" (kernel documentation, early-userspace/buffer-format), not
 * compressed: an emulated CPU unpacks slower than the disk reads.
 */
#ifndef LAB_VM_IMAGE_H
#define LAB_VM_IMAGE_H

#include "onesdn/base.h"

struct vm_image {
	char *kernel;    /* /boot/vmlinuz-... */
	char *initramfs; /* in the cache folder */
};
/* Builds it if the cached one is missing or older than what it is made of. `guest_init` is the program onesdn-guest.
 * Errors name what is missing and the Debian package that brings it. */
bool vm_image_prepare(const char *cache_dir, const char *guest_init, struct vm_image *out, struct err *err);
/* What it is made of, without building it: the kernel that would be taken (the caller frees), and its programs, row by row
 * until false. */
bool vm_image_find_kernel(char **kernel, struct err *err);
bool vm_image_program(size_t at, const char **name, const char **package, bool *is_optional);
void vm_image_finish(struct vm_image *image);
extern const char *const vm_image_packages[]; /* names of packages whose programs are in the guest, NULL-terminated */

#endif
