/* yaml_scalar: what the text of a YAML scalar means, by the core schema of YAML 1.2 (chapter 10.3). Serves yaml.c. */
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "yaml.h"

/* [-+]?[0-9]+ | 0o[0-7]+ | 0x[0-9a-fA-F]+; NULL if the text is none of them or does not fit into 64 bits. */
static json_t *as_int(const char *text)
{
	static const struct {
		const char *prefix, *digits;
		int base;
	} kinds[] = {{"0o", "01234567", 8}, {"0x", "0123456789abcdefABCDEF", 16}, {"", "0123456789", 10}};
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (!text_has_prefix(text, kinds[i].prefix))
			continue;
		const char *digits = text + strlen(kinds[i].prefix);
		if (kinds[i].base == 10 && (*digits == '-' || *digits == '+'))
			digits++;
		if (*digits == '\0' || digits[strspn(digits, kinds[i].digits)] != '\0')
			continue;
		errno = 0;
		long long value = strtoll(kinds[i].base == 10 ? text : digits, NULL, kinds[i].base);
		return errno == 0 ? json_integer(value) : NULL;
	}
	return NULL;
}

/* [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? */
static bool is_float(const char *text)
{
	static const char digits[] = "0123456789";
	text += *text == '-' || *text == '+';
	size_t whole = strspn(text, digits), fraction = 0;
	text += whole;
	if (*text == '.') {
		text++;
		fraction = strspn(text, digits);
		text += fraction;
	}
	if (whole + fraction == 0)
		return false;
	if (*text == 'e' || *text == 'E') {
		text++;
		text += *text == '-' || *text == '+';
		size_t exponent = strspn(text, digits);
		if (exponent == 0)
			return false;
		text += exponent;
	}
	return *text == '\0';
}

/* NULL also for one that is too large. */
static json_t *as_float(const char *text)
{
	static locale_t c_locale; /* where a decimal point is a point, whatever the user's language has */
	if (!is_float(text))
		return NULL;
	if (!c_locale && !(c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0)))
		base_abort("the C locale cannot be had: %s", strerror(errno));
	return json_real(strtod_l(text, NULL, c_locale));
}

static bool is_one_of(const char *text, const char *const *words)
{
	while (*words && !text_equal(text, *words))
		words++;
	return *words != NULL;
}

static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
static const char *const trues[] = {"true", "True", "TRUE", NULL};
static const char *const falses[] = {"false", "False", "FALSE", NULL};
static const char *const unbounded[] = {".inf",  ".Inf",  ".INF", "+.inf", "+.Inf", "+.INF", "-.inf",
                                        "-.Inf", "-.INF", ".nan", ".NaN",  ".NAN",  NULL};

static json_t *as_null(const char *text)
{
	return is_one_of(text, nulls) ? json_null() : NULL;
}

static json_t *as_bool(const char *text)
{
	return is_one_of(text, trues) ? json_true() : is_one_of(text, falses) ? json_false() : NULL;
}

/* The core schema's tags, in the order in which a plain scalar is tried. Strings are what is left. */
static const struct {
	const char *tag;
	json_t *(*resolve)(const char *text);
} scalars[] = {
        {"tag:yaml.org,2002:null", as_null},
        {"tag:yaml.org,2002:bool", as_bool},
        {"tag:yaml.org,2002:int", as_int},
        {"tag:yaml.org,2002:float", as_float},
};

static json_t *plain_value(const char *text, struct err *err)
{
	for (size_t i = 0; i < sizeof scalars / sizeof scalars[0]; i++) {
		json_t *value = scalars[i].resolve(text);
		if (value)
			return value;
	}
	if (is_one_of(text, unbounded) || is_float(text)) {
		err_set(err, ERR_INVALID, "the number %.40s has no place in JSON: quote it if it is meant as a text",
		        text);
		return NULL;
	}
	return json_string(text);
}

static json_t *tagged_value(const char *text, const char *tag, struct err *err)
{
	if (text_equal(tag, "!") || text_equal(tag, "tag:yaml.org,2002:str"))
		return json_string(text);
	for (size_t i = 0; i < sizeof scalars / sizeof scalars[0]; i++) {
		if (!text_equal(tag, scalars[i].tag))
			continue;
		json_t *value = scalars[i].resolve(text);
		if (!value)
			err_set(err, ERR_INVALID, "\"%.40s\" is no value of its tag %.60s", text, tag);
		return value;
	}
	err_set(err, ERR_INVALID, "the tag %.60s is not known: only those of YAML's core schema are", tag);
	return NULL;
}

json_t *yaml_scalar(const char *text, const char *tag, struct err *err)
{
	return tag ? tagged_value(text, tag, err) : plain_value(text, err);
}
