/* cpio: see cpio.h. */
#include "lab/vm/cpio.h"

#include <string.h>

static void pad(struct str *out, size_t to)
{
	static const char zeros[512];
	str_append_n(out, zeros, (to - out->len % to) % to);
}

void cpio_put(struct str *out, const char *path, unsigned mode, const void *data, size_t size)
{
	static unsigned inode;
	/* magic ino mode uid gid nlink mtime filesize devmajor devminor rdevmajor rdevminor namesize check */
	str_append_f(out, "070701%08X%08X%08X%08X%08X%08X%08zX%08X%08X%08X%08X%08zX%08X", ++inode, mode, 0, 0, 1, 0,
	             size, 0, 0, 0, 0, strlen(path) + 1, 0);
	str_append_n(out, path, strlen(path) + 1);
	pad(out, 4);
	str_append_n(out, data, size);
	pad(out, 4);
}

void cpio_end(struct str *out)
{
	cpio_put(out, "TRAILER!!!", 0, "", 0);
	pad(out, 512);
}
