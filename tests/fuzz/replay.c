/* Replays kept fuzz inputs without a fuzzer: every file named (or in a folder named) goes through the target once, whole,
 * and cut in half, so that the corpora are tested in every test run with any compiler. Prints one TAP line a target. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t n_inputs;

static void replay_file(const char *path)
{
	FILE *file = fopen(path, "rbe");
	if (!file)
		return;
	static uint8_t bytes[1 << 20];
	size_t size = fread(bytes, 1, sizeof bytes, file);
	fclose(file);
	for (size_t part = size;; part /= 2) { /* an exact heap copy, so that the sanitizers see an overrun by one */
		uint8_t *copy = malloc(part ? part : 1);
		if (!copy)
			abort();
		memcpy(copy, bytes, part);
		LLVMFuzzerTestOneInput(copy, part);
		free(copy);
		n_inputs++;
		if (part != size || part == 0)
			return;
	}
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		DIR *dir = opendir(argv[i]);
		if (!dir) {
			replay_file(argv[i]);
			continue;
		}
		for (struct dirent *entry; (entry = readdir(dir));) {
			char path[4096];
			if (entry->d_name[0] == '.')
				continue;
			snprintf(path, sizeof path, "%s/%s", argv[i], entry->d_name);
			replay_file(path);
		}
		closedir(dir);
	}
	const char *name = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
	printf("%sok 1 - %s: %zu inputs replayed\n1..1\n", n_inputs ? "" : "not ", name, n_inputs);
	return n_inputs ? 0 : 1;
}
