/* `onesdn-lab guest-image CACHE`: assembles the guest of virtual machines, for machines.c, in a process of its own. */
#include <stdio.h>
#include <stdlib.h>

#include "lab/commands.h"
#include "lab/vm/image.h"

int command_guest_image(int argc, char **argv)
{
	struct vm_image image;
	struct err err = {0};
	if (argc != 2) {
		fprintf(stderr, "usage: onesdn-lab guest-image FOLDER\n");
		return 2;
	}
	char *guest = path_self("onesdn-guest");
	bool is_done = file_make_dirs(argv[1], 0700, &err) && vm_image_prepare(argv[1], guest, &image, &err);
	free(guest);
	if (!is_done) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	json_t *paths = json_pack("{s:s, s:s}", "kernel", image.kernel, "initramfs", image.initramfs);
	struct str text = {0};
	str_append_json(&text, paths, JSON_COMPACT);
	puts(str_text(&text));
	str_finish(&text);
	json_decref(paths);
	vm_image_finish(&image);
	return 0;
}
