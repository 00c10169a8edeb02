/* config: what a person sets once, from $XDG_CONFIG_HOME/onesdn/config.yaml. Each key is a row; docs/CONFIG.md tells of them. */
#include "ui/config.h"

#include <string.h>

#include "onesdn/cast.h"
#include "onesdn/theme.h"
#include "onesdn/ui.h"
#include "ui/keymap.h"
#include "ui/scene.h"
#include "ui/state.h"

enum { CONFIG_SIZE_MAX = 64 << 10 };

static bool take_theme(struct ui_config *config, const json_t *value, char *why, size_t size)
{
	if (!json_is_string(value) || !*json_string_value(value)) {
		snprintf(why, size, "theme is the name of a theme: dark, light, colour-blind or one of your own");
		return false;
	}
	free(config->theme);
	config->theme = mem_strdup(json_string_value(value));
	return true;
}

static bool take_layout(struct ui_config *config, const json_t *value, char *why, size_t size)
{
	for (int i = 0; i < N_LAYOUTS; i++)
		if (json_is_string(value) && text_equal(json_string_value(value), layout_names[i])) {
			free(config->layout);
			config->layout = mem_strdup(layout_names[i]);
			return true;
		}
	snprintf(why, size, "layout is " LAYOUT_WORDS);
	return false;
}

static bool take_escape_key(struct ui_config *config, const json_t *value, char *why, size_t size)
{
	struct term_key key;
	if (!json_is_string(value) || !input_key_parse(json_string_value(value), &key)) {
		snprintf(why, size, "escape-key is the name of a key, such as f12 or ctrl-g");
		return false;
	}
	free(config->escape_key);
	config->escape_key = mem_strdup(json_string_value(value));
	return true;
}

static bool take_mouse(struct ui_config *config, const json_t *value, char *why, size_t size)
{
	config->no_mouse = json_is_false(value);
	snprintf(why, size, "mouse is true or false");
	return json_is_boolean(value);
}

static bool take_ascii(struct ui_config *config, const json_t *value, char *why, size_t size)
{
	config->ascii = json_is_true(value);
	snprintf(why, size, "ascii is true or false");
	return json_is_boolean(value);
}

static bool take_type_ms(struct ui_config *config, const json_t *value, char *why, size_t size)
{
	config->type_ms = json_is_integer(value) ? (int)json_integer_value(value) : -1;
	snprintf(why, size, "type-ms is a number of milliseconds from 0 to 1000");
	return json_is_integer(value) && json_integer_value(value) >= 0 && json_integer_value(value) <= 1000;
}

static bool take_redact(struct ui_config *config, const json_t *value, char *why, size_t size)
{
	struct cast_rules *rules = cast_rules_create();
	struct err err;
	bool is_good = json_is_array(value);
	snprintf(why, size, "redact is a list of what no recording may show");
	for (size_t i = 0; is_good && i < json_array_size(value); i++) {
		is_good = cast_rules_add_json(rules, json_array_get(value, i), &err);
		if (!is_good)
			snprintf(why, size, "%s", err.text);
	}
	cast_rules_destroy(rules);
	json_decref(config->redact);
	config->redact = json_incref((json_t *)(uintptr_t)value);
	return is_good;
}

static const struct config_row {
	const char *key;
	bool (*take)(struct ui_config *config, const json_t *value, char *why, size_t size);
} rows[] = {
        {"theme", take_theme}, {"layout", take_layout},   {"escape-key", take_escape_key}, {"mouse", take_mouse},
        {"ascii", take_ascii}, {"type-ms", take_type_ms}, {"redact", take_redact},
};

static bool take(struct ui_config *config, const char *key, const json_t *value, char *why, size_t size)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strcmp(rows[i].key, key) == 0)
			return rows[i].take(config, value, why, size);
	size_t len = (size_t)snprintf(why, size, "there is no setting \"%.60s\"; the settings are", key);
	for (size_t i = 0; i < sizeof rows / sizeof *rows && len < size; i++)
		len += (size_t)snprintf(why + len, size - len, "%s %s", i ? "," : "", rows[i].key);
	return false;
}

bool config_parse(const char *text, size_t len, const char *name, struct ui_config *config, struct err *err)
{
	struct yaml *yaml = yaml_parse(text, len, name, err);
	if (!yaml)
		return false;
	bool is_good = true;
	const json_t *top = json_array_get(yaml_documents(yaml), 0);
	if (top && !json_is_object(top))
		is_good = err_set(err, ERR_INVALID, "%s:1: a config file is \"key: value\" lines", name);
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)(uintptr_t)top, key, value) {
		char why[300], pointer[100];
		snprintf(pointer, sizeof pointer, "/0/%.80s", key);
		if (is_good && !take(config, key, value, why, sizeof why))
			is_good = err_set(err, ERR_INVALID, "%s:%d: %s", name, yaml_line(yaml, pointer), why);
	}
	yaml_destroy(yaml);
	return is_good;
}

bool ui_config_load(struct ui_config *config, struct err *err)
{
	*config = (struct ui_config){.type_ms = -1};
	char *dir = path_user(PATH_CONFIG, NULL);
	if (!dir) /* a user without a home has no settings */
		return true;
	char *path = mem_printf("%s/config.yaml", dir);
	struct str text = {0};
	struct err why = {.code = ERR_NONE};
	bool is_good = true;
	if (file_read(path, CONFIG_SIZE_MAX, &text, &why))
		is_good = config_parse(str_text(&text), text.len, path, config, err);
	else if (why.code != ERR_NOT_FOUND)
		is_good = err_set(err, why.code, "%s", why.text);
	if (!is_good)
		ui_config_finish(config);
	str_finish(&text);
	free(path);
	free(dir);
	return is_good;
}

void ui_config_finish(struct ui_config *config)
{
	free(config->theme);
	free(config->layout);
	free(config->escape_key);
	json_decref(config->redact);
	*config = (struct ui_config){.type_ms = -1};
}

char *ui_choices(const char *setting)
{
	struct str out = {0};
	if (text_equal(setting, "themes"))
		return theme_names();
	if (!text_equal(setting, "layouts"))
		return NULL;
	for (int i = 0; i < N_LAYOUTS; i++)
		str_append_f(&out, "%s%s", i ? " " : "", layout_names[i]);
	return str_take(&out);
}
