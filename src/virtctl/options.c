/* options: see options.h. What is printed for a wrong command line is what cobra prints, for scripts compare it. */
#include "virtctl/options.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ALL_COMMANDS (~0u)
#define BIT(command) (1u << (command))
#define OPERANDS_MAX 3

static const struct row {
	const char *name;
	int n_operands;
	const char *usage, *about, *details, *examples;
} rows[] = {
        [COMMAND_CONSOLE] = {"console", 1, "console (VMI)", "Connect to a console of a virtual machine instance.", NULL,
                             "  # Connect to the console on VirtualMachineInstance 'myvmi':\n"
                             "  virtctl console myvmi\n"
                             "  # Configure one minute timeout (default 5 minutes)\n"
                             "  virtctl console --timeout=1 myvmi\n"},
        [COMMAND_START] = {"start", 1, "start (VM)", "Start a virtual machine.", NULL,
                           "  # Start a virtual machine called 'myvm':\n  virtctl start myvm\n"},
        [COMMAND_STOP] = {"stop", 1, "stop (VM)", "Stop a virtual machine.", NULL,
                          "  # Stop a virtual machine called 'myvm':\n  virtctl stop myvm\n"},
        [COMMAND_RESTART] = {"restart", 1, "restart (VM)", "Restart a virtual machine.", NULL,
                             "  # Restart a virtual machine called 'myvm':\n  virtctl restart myvm\n"},
        [COMMAND_PAUSE] =
                {"pause", 2, "pause vm|vmi (VM)|(VMI)", "Pause a virtual machine",
                 "Pauses a virtual machine by freezing it. Machine state is kept in memory.\n"
                 "First argument is the resource type, vm or vmi; second argument is the name of the resource.",
                 "  # Pause a virtualmachine called 'myvm':\n  virtctl pause vm myvm\n"},
        [COMMAND_UNPAUSE] =
                {"unpause", 2, "unpause vm|vmi (VM)|(VMI)", "Unpause a virtual machine",
                 "Unpauses a virtual machine.\n"
                 "First argument is the resource type, vm or vmi; second argument is the name of the resource.",
                 "  # Unpause a virtualmachine called 'myvm':\n  virtctl unpause vm myvm\n"},
        [COMMAND_VERSION] = {"version", 0, "version", "Print the client and server version information.", NULL,
                             "  # Print the client and server versions for the current context:\n  virtctl version\n"},
};
enum { N_ROWS = sizeof rows / sizeof *rows };

enum flag_kind { FLAG_BOOL, FLAG_TEXT, FLAG_INT };
static const struct flag {
	const char *name;
	char letter;
	enum flag_kind kind;
	unsigned commands;
	size_t offset;
	const char *value, *help;
} flags[] = {
#define AT(field) offsetof(struct options, field)
        {"timeout", 0, FLAG_INT, BIT(COMMAND_CONSOLE), AT(timeout), "int",
         "The number of minutes to wait for the virtual machine instance to be ready. (default 5)"},
        {"paused", 0, FLAG_BOOL, BIT(COMMAND_START), AT(paused), NULL,
         "If set to true, start virtual machine in paused state"},
        {"force", 0, FLAG_BOOL, BIT(COMMAND_STOP) | BIT(COMMAND_RESTART), AT(force), NULL,
         "Only used when grace-period=0. If true, immediately remove VMI pod from API and bypass graceful deletion."},
        {"grace-period", 0, FLAG_INT, BIT(COMMAND_STOP) | BIT(COMMAND_RESTART), AT(grace), "int",
         "Period of time in seconds given to the VMI to terminate gracefully. Can only be set to 0 when --force is "
         "true (default -1)"},
        {"dry-run", 0, FLAG_BOOL,
         BIT(COMMAND_START) | BIT(COMMAND_STOP) | BIT(COMMAND_RESTART) | BIT(COMMAND_PAUSE) | BIT(COMMAND_UNPAUSE),
         AT(dry_run), NULL, "If true the command will be executed without performing any changes."},
        {"client", 'c', FLAG_BOOL, BIT(COMMAND_VERSION), AT(client), NULL, "Client version only (no server required)."},
        {"help", 'h', FLAG_BOOL, ALL_COMMANDS, AT(wants_help), NULL, "help for the command"},
        {"kubeconfig", 0, FLAG_TEXT, ALL_COMMANDS, AT(kubeconfig), "string",
         "Path to the kubeconfig file to use for CLI requests."},
        {"context", 0, FLAG_TEXT, ALL_COMMANDS, AT(context), "string", "The name of the kubeconfig context to use"},
        {"namespace", 'n', FLAG_TEXT, ALL_COMMANDS, AT(ns), "string",
         "If present, the namespace scope for this CLI request"},
};
enum { N_FLAGS = sizeof flags / sizeof *flags };

struct reading {
	int argc;
	char *const *argv;
	int at;
	struct options *options;
	unsigned used;                       /* flags seen, as bits of their index */
	const char *words[OPERANDS_MAX + 1]; /* the command, then the operands */
	size_t n_words;                      /* may be more than fit */
};

const char *options_command_name(enum command command)
{
	return rows[command].name;
}

static bool bad_value(const struct flag *flag, const char *value, const char *parser, struct err *err)
{
	char letter[8] = "";
	if (flag->letter)
		memcpy(letter, (char[]){'-', flag->letter, ',', ' ', 0}, 5);
	return err_set(err, ERR_INVALID,
	               "invalid argument \"%s\" for \"%s--%s\" flag: strconv.%s: parsing \"%s\": invalid syntax", value,
	               letter, flag->name, parser, value);
}

static bool set_flag(struct reading *reading, const struct flag *flag, const char *value, struct err *err)
{
	static const char *const yes[] = {"1", "t", "T", "true", "TRUE", "True"}, *const no[] = {"0",     "f",
	                                                                                         "F",     "false",
	                                                                                         "FALSE", "False"};
	char *field = (char *)reading->options + flag->offset;
	reading->used |= 1u << (flag - flags);
	if (flag->kind == FLAG_TEXT) {
		*(const char **)(void *)field = value;
		return true;
	}
	if (flag->kind == FLAG_INT)
		return text_to_int(value, INT32_MIN, INT32_MAX, (int64_t *)(void *)field) ||
		       bad_value(flag, value, "ParseInt", err);
	for (size_t i = 0; i < 6; i++) {
		bool is_yes = strcmp(value, yes[i]) == 0;
		if (is_yes || strcmp(value, no[i]) == 0) {
			*(bool *)field = is_yes;
			return true;
		}
	}
	return bad_value(flag, value, "ParseBool", err);
}

/* The value of a flag that stands at argv[at]: behind "=", or the next word. */
static const char *take_value(struct reading *reading, const struct flag *flag, const char *attached)
{
	if (attached)
		return attached;
	if (flag->kind == FLAG_BOOL)
		return "true";
	return reading->at + 1 < reading->argc ? reading->argv[++reading->at] : NULL;
}

static bool read_long(struct reading *reading, const char *word, struct err *err)
{
	size_t len = strcspn(word + 2, "=");
	for (size_t i = 0; i < N_FLAGS; i++) {
		const struct flag *flag = &flags[i];
		if (strlen(flag->name) != len || strncmp(flag->name, word + 2, len) != 0)
			continue;
		const char *value = take_value(reading, flag, word[2 + len] == '=' ? word + 3 + len : NULL);
		if (!value)
			return err_set(err, ERR_INVALID, "flag needs an argument: --%s", flag->name);
		return set_flag(reading, flag, value, err);
	}
	return err_set(err, ERR_INVALID, "unknown flag: --%.*s", (int)len, word + 2);
}

/* "-n NS", "-nNS", "-n=NS", "-hc": letters, of which one with a value takes the rest. */
static bool read_short(struct reading *reading, const char *word, struct err *err)
{
	for (const char *at = word + 1; *at; at++) {
		const struct flag *flag = NULL;
		for (size_t i = 0; i < N_FLAGS && !flag; i++)
			if (flags[i].letter == *at)
				flag = &flags[i];
		if (!flag)
			return err_set(err, ERR_INVALID, "unknown shorthand flag: '%c' in %s", *at, word);
		const char *rest = at[1] == '=' ? at + 2 : flag->kind != FLAG_BOOL && at[1] ? at + 1 : NULL;
		const char *value = take_value(reading, flag, rest);
		if (!value)
			return err_set(err, ERR_INVALID, "flag needs an argument: '%c' in %s", *at, word);
		if (!set_flag(reading, flag, value, err))
			return false;
		if (rest)
			break;
	}
	return true;
}

static bool read_words(struct reading *reading, struct err *err)
{
	bool is_flag = true;
	for (reading->at = 1; reading->at < reading->argc; reading->at++) {
		const char *word = reading->argv[reading->at];
		if (is_flag && strcmp(word, "--") == 0) {
			is_flag = false;
		} else if (is_flag && word[0] == '-' && word[1]) {
			if (!(word[1] == '-' ? read_long(reading, word, err) : read_short(reading, word, err)))
				return false;
		} else {
			if (reading->n_words < sizeof reading->words / sizeof *reading->words)
				reading->words[reading->n_words] = word;
			reading->n_words++;
		}
	}
	return true;
}

static enum command find_command(const char *name)
{
	for (size_t i = 1; i < N_ROWS; i++)
		if (strcmp(rows[i].name, name) == 0)
			return (enum command)i;
	return COMMAND_NONE;
}

/* What goes into a URL: a DNS name of lower-case letters, digits, dashes and dots. */
static bool check_name(const char *what, const char *name, struct err *err)
{
	size_t len = strlen(name);
	if (len > 0 && len <= 253 && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-.") == len && name[0] != '-' &&
	    name[0] != '.')
		return true;
	return err_set(err, ERR_INVALID, "invalid %s \"%s\": lower-case letters, digits, '-' and '.' only", what, name);
}

/* A kind as people write it, "" if it is none. */
static const char *read_kind(const char *word, size_t len)
{
	static const struct {
		const char *word, *kind;
	} kinds[] = {
	        {"vm", "vm"},   {"vms", "vm"},   {"virtualmachine", "vm"},          {"virtualmachines", "vm"},
	        {"vmi", "vmi"}, {"vmis", "vmi"}, {"virtualmachineinstance", "vmi"}, {"virtualmachineinstances", "vmi"}};
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strlen(kinds[i].word) == len && strncasecmp(kinds[i].word, word, len) == 0)
			return kinds[i].kind;
	return "";
}

/* "NAME", "vm/NAME", "vmi/NAME", and for pause "vm NAME". */
static bool read_target(struct reading *reading, struct err *err)
{
	struct options *options = reading->options;
	const struct row *row = &rows[options->command];
	size_t n = reading->n_words - 1;
	const char *first = n > 0 && reading->words[1] ? reading->words[1] : "", *slash = strchr(first, '/');
	const char *kind = slash ? read_kind(first, (size_t)(slash - first)) : "";
	size_t expected = (size_t)row->n_operands - (row->n_operands == 2 && kind[0] ? 1 : 0);
	if (n != expected)
		return err_set(err, ERR_INVALID, "accepts %d arg(s), received %zu", row->n_operands, n);
	if (n == 0)
		return true;
	options->kind = kind;
	options->name = kind[0] ? slash + 1 : first;
	if (n == 2) {
		options->kind = read_kind(first, strlen(first));
		options->name = reading->words[2];
		if (!options->kind[0])
			return err_set(err, ERR_INVALID, "unsupported resource type \"%s\": vm or vmi", first);
	}
	return check_name("resource name", options->name, err);
}

static bool check_flags(const struct reading *reading, struct err *err)
{
	const struct options *options = reading->options;
	for (size_t i = 0; i < N_FLAGS; i++)
		if (reading->used >> i & 1 && !(flags[i].commands & BIT(options->command)))
			return err_set(err, ERR_INVALID, "unknown flag: --%s", flags[i].name);
	if (options->ns && !check_name("namespace", options->ns, err))
		return false;
	if (options->has_grace != options->force)
		return err_set(err, ERR_INVALID, "Must both use --force=true and set --grace-period.");
	return true;
}

static bool has_flag(const struct reading *reading, const char *name)
{
	for (size_t i = 0; i < N_FLAGS; i++)
		if (strcmp(flags[i].name, name) == 0)
			return reading->used >> i & 1;
	return false;
}

bool options_read(int argc, char *const *argv, struct options *out, struct err *err)
{
	struct options options = {.timeout = 5, .grace = -1};
	struct reading reading = {.argc = argc, .argv = argv, .options = &options};
	if (!read_words(&reading, err))
		return false;
	const char *name = reading.n_words > 0 ? reading.words[0] : "";
	if (strcmp(name, "help") == 0) {
		options.wants_help = true;
		name = reading.n_words > 1 ? reading.words[1] : "";
	}
	options.command = find_command(name);
	if (!options.command && name[0])
		return err_set(err, ERR_INVALID, "unknown command \"%s\" for \"virtctl\"", name);
	options.wants_help = options.wants_help || !options.command;
	options.has_grace = has_flag(&reading, "grace-period");
	if (!options.wants_help && (!check_flags(&reading, err) || !read_target(&reading, err)))
		return false;
	*out = options;
	return true;
}

/* ---- help ---- */

static void append_flags(struct str *out, bool is_global, enum command command)
{
	for (size_t i = 0; i < N_FLAGS; i++) {
		const struct flag *flag = &flags[i];
		if (flag->kind == FLAG_TEXT ? !is_global : is_global || !(flag->commands & BIT(command)))
			continue;
		char *left = mem_printf("%s%s%s", flag->name, flag->value ? " " : "", flag->value ? flag->value : "");
		if (flag->letter)
			str_append_f(out, "  -%c, --%-18s %s\n", flag->letter, left, flag->help);
		else
			str_append_f(out, "      --%-18s %s\n", left, flag->help);
		free(left);
	}
}

void options_help(enum command command, struct str *out)
{
	const struct row *row = &rows[command];
	if (!command) {
		str_append(out, "virtctl controls virtual machine related operations on your kubernetes "
		                "cluster.\n\nAvailable Commands:\n");
		for (size_t i = 1; i < N_ROWS; i++)
			str_append_f(out, "  %-10s %s\n", rows[i].name, rows[i].about);
		str_append(out, "\nThe following options can be passed to any command:\n\n");
		append_flags(out, true, command);
		str_append(out, "\nUse \"virtctl <command> --help\" for more information about a given command.\n");
		return;
	}
	str_append_f(out, "%s\n\nUsage:\n  virtctl %s%s\n\nExamples:\n%s\nFlags:\n",
	             row->details ? row->details : row->about, row->usage, " [flags]", row->examples);
	append_flags(out, false, command);
	str_append(out, "\nOptions for any command:\n");
	append_flags(out, true, command);
}
