/* Names and labels as Kubernetes allows them. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "onesdn/base.h"

static bool is_small(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool label_is_fine(const char *label, size_t len)
{
	if (len == 0 || !is_small(label[0]) || !is_small(label[len - 1]))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_small(label[i]) && label[i] != '-')
			return false;
	return true;
}

bool name_is_label(const char *name)
{
	size_t len = strlen(name);
	return len <= 63 && label_is_fine(name, len);
}

bool name_is_subdomain(const char *name)
{
	if (strlen(name) > 253)
		return false;
	for (;; name++) {
		size_t len = strcspn(name, ".");
		if (!label_is_fine(name, len))
			return false;
		name += len;
		if (!*name)
			return true;
	}
}

/* The part after the slash of a qualified name, or a label's value that is not empty. */
static bool is_part(const char *text)
{
	size_t len = strlen(text);
	if (len == 0 || len > 63 || !isalnum((unsigned char)text[0]) || !isalnum((unsigned char)text[len - 1]))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr("-_.", text[i]))
			return false;
	return true;
}

bool name_is_qualified(const char *name)
{
	const char *slash = strchr(name, '/');
	if (!slash)
		return is_part(name);
	char *prefix = mem_strndup(name, (size_t)(slash - name));
	bool is_fine = name_is_subdomain(prefix) && is_part(slash + 1);
	free(prefix);
	return is_fine;
}

bool name_is_label_value(const char *text)
{
	return !*text || is_part(text);
}
