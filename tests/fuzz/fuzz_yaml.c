/* fuzz_yaml: any bytes as YAML. What is accepted must also be writable as JSON, read back equal, and have lines in range. */
#include <stdlib.h>
#include <string.h>

#include "onesdn/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libfyaml 0.7.12 loses a buffer of 4 KiB when a long quoted text has no end. That we lose nothing of it ourselves is
 * held by the unit tests, which run without this. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libfyaml.so\n";
}

static void check_lines(const struct yaml *yaml, int last_line)
{
	static const char *const pointers[] = {"", "/0", "/0/a", "/0/0/a/1", "/1/stages/0", "/0/~0/~1", "x"};
	for (size_t i = 0; i < sizeof pointers / sizeof pointers[0]; i++) {
		int line = yaml_line(yaml, pointers[i]);
		if (line < 1 || line > last_line)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = {0};
	struct yaml *yaml = yaml_parse((const char *)data, size, "fuzz", &err);
	if (!yaml) {
		if (err.code == ERR_NONE || !text_is_safe(err.text, strlen(err.text)))
			abort();
		return 0;
	}
	int last_line = 1;
	for (size_t i = 0; i < size; i++)
		last_line += data[i] == '\n' || data[i] == '\r';
	check_lines(yaml, last_line);
	struct str json = {0};
	str_append_json(&json, yaml_documents(yaml), JSON_COMPACT);
	json_t *back = json_parse(json.data, json.len, "fuzz", &err);
	if (!back || !json_equal(back, yaml_documents(yaml)))
		abort();
	json_decref(back);
	str_finish(&json);
	yaml_destroy(yaml);
	return 0;
}
