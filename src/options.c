/* options: reading what stands behind a subcommand, and its help, from a table of options (struct cmd_usage). */
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "describe.h"
#include "onesdn/base.h"

static void print_help(const struct cmd_usage *usage)
{
	printf("usage: %s\n\n%s\n", usage->synopsis, usage->about);
	if (usage->n_options)
		printf("\n");
	for (size_t i = 0; i < usage->n_options; i++) {
		const struct cmd_option *option = &usage->options[i];
		char left[80];
		snprintf(left, sizeof left, "%s%s%s", option->name, option->value ? " " : "",
		         option->value ? option->value : "");
		printf("  %-24s %s\n", left, option->help);
	}
}

static bool fail(const struct cmd_usage *usage, int *status, const char *what, const char *word)
{
	fprintf(stderr, "onesdn: %s%s\nusage: %s\n", what, word, usage->synopsis);
	*status = 2;
	return false;
}

static const struct cmd_option *find(const struct cmd_usage *usage, const char *word, size_t len)
{
	for (size_t i = 0; i < usage->n_options; i++)
		if (strlen(usage->options[i].name) == len && strncmp(usage->options[i].name, word, len) == 0)
			return &usage->options[i];
	return NULL;
}

/* One option at argv[*at]; moves *at to its last word. */
static bool take_option(const struct cmd_usage *usage, int argc, char **argv, int *at, int *status)
{
	const char *word = argv[*at];
	size_t len = strcspn(word, "=");
	const struct cmd_option *option = find(usage, word, len);
	if (!option)
		return fail(usage, status, "unknown option ", word);
	if (!option->value) {
		if (word[len] == '=')
			return fail(usage, status, "there is no value for ", option->name);
		*option->flag = true;
		return true;
	}
	if (word[len] == '=') {
		*option->text = word + len + 1;
		return true;
	}
	if (*at + 1 >= argc)
		return fail(usage, status, "a value is missing after ", option->name);
	*option->text = argv[++*at];
	return true;
}

bool cmd_read_options(const struct cmd_usage *usage, int argc, char **argv, const char **operands, size_t *n_operands,
                      int *status)
{
	size_t n = 0;
	bool is_option = true;
	for (int i = 1; i < argc; i++) {
		if (is_option && strcmp(argv[i], "--") == 0) {
			is_option = false;
		} else if (is_option && (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)) {
			print_help(usage);
			*status = 0;
			return false;
		} else if (is_option && strncmp(argv[i], "--help=", 7) == 0) {
			*status = describe_usage(usage, argv[0], argv[i] + 7) ? 0 : 2;
			return false;
		} else if (is_option && argv[i][0] == '-' && argv[i][1]) {
			if (!take_option(usage, argc, argv, &i, status))
				return false;
		} else if (n == usage->max_operands) {
			return fail(usage, status, "one word too many: ", argv[i]);
		} else {
			operands[n++] = argv[i];
		}
	}
	if (n_operands)
		*n_operands = n;
	return true;
}

bool cmd_read_size(const char *text, int *cols, int *rows)
{
	const char *times = strchr(text, 'x');
	char *left = times ? mem_strndup(text, (size_t)(times - text)) : NULL;
	int64_t c, r;
	bool is_good = times && text_to_int(left, 1, 1000, &c) && text_to_int(times + 1, 1, 1000, &r);
	free(left);
	if (is_good) {
		*cols = (int)c;
		*rows = (int)r;
	}
	return is_good;
}
