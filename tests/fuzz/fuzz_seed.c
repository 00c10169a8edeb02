/* Cloud-init data as somebody else wrote it, the two documents divided by a NUL, and a guest's report: whatever comes, the
 * seed is lines of known words without control characters.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lab/vm/machine_state.h"
#include "lab/vm/seed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libfyaml 0.7 loses a token on some broken inputs; everything else that leaks is ours. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libfyaml.so\n";
}

static void check_lines(const struct str *text)
{
	static const char *const words[] = {"hostname ", "user ",       "password ", "command ",
	                                    "note ",     "nameserver ", "interface "};
	for (const char *line = str_text(text); *line;) {
		size_t len = strcspn(line, "\n"), i = 0;
		while (i < sizeof words / sizeof *words && strncmp(line, words[i], strlen(words[i])) != 0)
			i++;
		if (i == sizeof words / sizeof *words || line[len] != '\n' || !text_is_safe(line, len))
			abort();
		line += len + 1;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const present[] = {"jq", NULL};
	const char *half = memchr(data, 0, size);
	size_t first = half ? (size_t)(half - (const char *)data) : size;
	char *user = mem_strndup((const char *)data, first),
	     *network = mem_strndup(half ? half + 1 : "", half ? size - first - 1 : 0);
	const struct seed_input input = {
	        .hostname = "vm", .user_data = user, .network_data = network, .present = present};
	struct seed seed;
	struct err err;
	if (seed_build(&input, &seed, &err)) {
		check_lines(&seed.text);
		seed_finish(&seed);
	}
	json_decref(machine_report_parse((const char *)data, size));
	free(user);
	free(network);
	return 0;
}
