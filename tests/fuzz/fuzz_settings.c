/* What a person sets: "T" and a theme; anything else is a config file. What is wrong is told in words that are safe to print, with
 * the file's name; a theme that fails changes nothing. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "onesdn/theme.h"
#include "ui/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_words(const struct err *err)
{
	bool is_safe = true;
	for (const char *at = err->text; *at; at += strcspn(at, "\n\t"), at += strspn(at, "\n\t"))
		is_safe &= text_is_safe(at, strcspn(at, "\n\t"));
	if (err->code == ERR_NONE || !strstr(err->text, "fuzz") || !is_safe)
		base_abort("the words of an error: %s", err->text);
}

static void try_theme(const char *text, size_t len)
{
	for (int depth = THEME_MONO; depth <= THEME_RGB; depth++) {
		struct canvas_look looks[ROLE_COUNT], before[ROLE_COUNT];
		struct err err = {.code = ERR_NONE};
		memset(looks, 0x55, sizeof looks);
		memcpy(before, looks, sizeof looks);
		if (theme_parse(text, len, "fuzz", (enum theme_depth)depth, looks, &err))
			continue;
		check_words(&err);
		if (memcmp(looks, before, sizeof looks) != 0)
			base_abort("a theme that fails has changed something");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 0 && data[0] == 'T') {
		try_theme((const char *)data + 1, size - 1);
		return 0;
	}
	struct ui_config config = {.type_ms = -1};
	struct err err = {.code = ERR_NONE};
	if (!config_parse((const char *)data, size, "fuzz", &config, &err))
		check_words(&err);
	ui_config_finish(&config);
	return 0;
}
