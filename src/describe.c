/* describe: see describe.h. One table of formats; each has a beginning, a part for each command and an end. What a value or an
 * operand may be is read from the words that the help has for it: FILE, ACT, dark|light. */
#include "describe.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onesdn/base.h"
#include "onesdn/scenario.h"
#include "onesdn/ui.h"

/* ---- what stands for a value ---- */
static const struct {
	const char *option, *value; /* NULL: any */
	const char *kind;
} kinds[] = {
        {"--context", NULL, "context"}, {"--theme", NULL, "theme"}, {"--layout", NULL, "layout"},
        {"--act", NULL, "act"},         {NULL, "ID", "stage"},      {NULL, "STAGE", "stage"},
        {NULL, "FILE", "file"},
};

/* "node|namespace": words to choose from, which are small; "NS/NAME|IP" is none. */
static bool is_choice(const char *value)
{
	return strchr(value, '|') && strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789-|") == strlen(value);
}

/* A kind for the shells' functions, "" when nothing can be offered. */
static const char *kind_of(const struct cmd_option *option)
{
	if (!option->value || is_choice(option->value))
		return "";
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		const char *value = kinds[i].value;
		bool is_it = value ? text_has_prefix(option->value, value) &&
		                             !isalpha((unsigned char)option->value[strlen(value)])
		                   : text_equal(kinds[i].option, option->name);
		if (is_it)
			return kinds[i].kind;
	}
	return "";
}

/* What the words behind the options are, by the command's synopsis. */
static const char *operand_of(const struct cmd_usage *usage)
{
	const char *words = usage->synopsis;
	if (strstr(words, "COMMAND"))
		return "command";
	if (strstr(words, "ACT"))
		return "act";
	return usage->max_operands > 0 && strstr(words, "FILE") ? "file" : "";
}

/* ---- quoting ---- */
/* `text` with a backslash before each of `special`. */
static void put_escaped(const char *text, const char *special)
{
	for (; *text; text++)
		printf(strchr(special, *text) ? "\\%c" : "%c", *text);
}

/* Between the quotes of a POSIX shell. */
static void put_quoted(const char *text)
{
	for (; *text; text++)
		fputs(*text == '\'' ? "'\\''" : (const char[]){*text, '\0'}, stdout);
}

/* For roff: nothing is a request, an escape or a hyphen by accident. A line breaks after a sentence, as roff wants it. */
static void put_roff(const char *text)
{
	bool is_start = true;
	for (; *text; text++) {
		if (is_start && (*text == '.' || *text == '\''))
			fputs("\\&", stdout);
		if (*text == '\\')
			fputs("\\e", stdout);
		else if (*text == '-')
			fputs("\\-", stdout);
		else
			putchar(*text);
		is_start = *text == '\n';
	}
}

/* ---- list: for tests ---- */
static void list_usage(const struct cmd_usage *usage, const char *command)
{
	for (size_t i = 0; i < usage->n_options; i++)
		printf("%s\t%s\t%s\n", command, usage->options[i].name,
		       usage->options[i].value ? usage->options[i].value : "");
}

static void nothing(const struct describe_command *commands, size_t n)
{
	(void)commands, (void)n;
}

/* ---- man ---- */
static void man_usage(const struct cmd_usage *usage, const char *command)
{
	(void)command;
	printf(".SS ");
	put_roff(usage->synopsis);
	putchar('\n');
	put_roff(usage->about);
	putchar('\n');
	for (size_t i = 0; i < usage->n_options; i++) {
		const struct cmd_option *option = &usage->options[i];
		printf(".TP\n\\fB");
		put_roff(option->name);
		printf("\\fR%s", option->value ? " \\fI" : "\n");
		if (option->value) {
			put_roff(option->value);
			printf("\\fR\n");
		}
		put_roff(option->help);
		putchar('\n');
	}
}

/* ---- bash ---- */
static void bash_begin(const struct describe_command *commands, size_t n)
{
	printf("# bash completion for onesdn; made by: onesdn help --completion bash\n"
	       "# shellcheck shell=bash disable=SC2207\n_onesdn_commands='");
	for (size_t i = 0; i < n; i++)
		printf("%s ", commands[i].name);
	printf("help'\n\n_onesdn_takes() { # COMMAND: sets options, values (OPTION:KIND or OPTION:=A|B) and operand\n"
	       "\toptions='' values='' operand=''\n\tcase $1 in\n");
}

static void bash_usage(const struct cmd_usage *usage, const char *command)
{
	printf("\t%s)\n\t\toptions='", command);
	for (size_t i = 0; i < usage->n_options; i++)
		printf("%s ", usage->options[i].name);
	printf("--help'\n\t\tvalues='");
	for (size_t i = 0; i < usage->n_options; i++) {
		const struct cmd_option *option = &usage->options[i];
		if (option->value)
			printf("%s:%s%s ", option->name, is_choice(option->value) ? "=" : "",
			       is_choice(option->value) ? option->value : kind_of(option));
	}
	printf("'\n\t\toperand='%s'\n\t\t;;\n", operand_of(usage));
}

static void bash_end(const struct describe_command *commands, size_t n)
{
	(void)commands, (void)n;
	fputs("\tlab) operand=lab ;;\n\thelp) operand=help ;;\n\tesac\n}\n\n"
	      "_onesdn_offer() { # KIND WORD: what may stand there\n"
	      "\tcase $1 in\n"
	      "\t=*) COMPREPLY=($(compgen -W \"${1//[=|]/ }\" -- \"$2\")) ;;\n"
	      "\tact) COMPREPLY=($(compgen -W \"$(\"$onesdn\" help --list acts 2>/dev/null)\" -- \"$2\") $(compgen -f "
	      "-X '!*.yaml' -- \"$2\")) ;;\n"
	      "\ttheme | layout) COMPREPLY=($(compgen -W \"$(\"$onesdn\" help --list \"$1s\" 2>/dev/null)\" -- "
	      "\"$2\")) ;;\n"
	      "\tstage) COMPREPLY=($(compgen -W \"$(\"$onesdn\" help --list stages \"$act\" 2>/dev/null)\" -- \"$2\")) "
	      ";;\n"
	      "\tcontext) COMPREPLY=($(compgen -W \"$(kubectl config get-contexts -o name 2>/dev/null)\" -- \"$2\")) "
	      ";;\n"
	      "\tlab) COMPREPLY=($(compgen -W \"$(\"$onesdn\" lab help --list 2>/dev/null)\" -- \"$2\")) ;;\n"
	      "\thelp) COMPREPLY=($(compgen -W \"$_onesdn_commands\" -- \"$2\")) ;;\n"
	      "\tcommand) COMPREPLY=($(compgen -c -- \"$2\")) ;;\n"
	      "\tfile) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- \"$2\")) ;;\n"
	      "\tesac\n}\n\n"
	      "_onesdn() {\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} onesdn=${COMP_WORDS[0]}\n"
	      "\tlocal command=show act='' options values operand value i\n"
	      "\tCOMPREPLY=()\n"
	      "\tif [[ $cur == = ]]; then # bash makes three words of --option=value\n"
	      "\t\tcur=''\n"
	      "\telif [[ $prev == = ]]; then\n"
	      "\t\tprev=${COMP_WORDS[COMP_CWORD - 2]}\n"
	      "\tfi\n"
	      "\tif ((COMP_CWORD > 1)) && [[ \" $_onesdn_commands \" == *\" ${COMP_WORDS[1]} \"* ]]; then "
	      "command=${COMP_WORDS[1]}; fi\n"
	      "\t_onesdn_takes \"$command\"\n"
	      "\tfor ((i = COMP_CWORD - 1; i > 0; i--)); do # the act, for its stages\n"
	      "\t\tif [[ ${COMP_WORDS[i]} != -* && ${COMP_WORDS[i]} != \"$command\" && ${COMP_WORDS[i - 1]} != [-=]* "
	      "]]; then act=${COMP_WORDS[i]}; fi\n"
	      "\tdone\n"
	      "\tfor value in $values; do\n"
	      "\t\tif [[ $prev == \"${value%%:*}\" ]]; then\n"
	      "\t\t\t_onesdn_offer \"${value#*:}\" \"$cur\"\n"
	      "\t\t\treturn\n"
	      "\t\tfi\n"
	      "\tdone\n"
	      "\tif [[ $cur == -* ]]; then\n"
	      "\t\tif ((COMP_CWORD == 1)); then options+=' --version'; fi\n"
	      "\t\tCOMPREPLY=($(compgen -W \"$options\" -- \"$cur\"))\n"
	      "\t\treturn\n"
	      "\tfi\n"
	      "\t_onesdn_offer \"$operand\" \"$cur\"\n"
	      "\tif ((COMP_CWORD == 1)); then COMPREPLY+=($(compgen -W \"$_onesdn_commands\" -- \"$cur\")); fi\n"
	      "}\ncomplete -F _onesdn onesdn\n",
	      stdout);
}

/* ---- zsh ---- */
static void zsh_begin(const struct describe_command *commands, size_t n)
{
	printf("#compdef onesdn\n# zsh completion for onesdn; made by: onesdn help --completion zsh\n\n"
	       "_onesdn_list() { local -a words; words=(${(f)\"$($_onesdn_program help --list $@ 2>/dev/null)\"}); "
	       "compadd -a words }\n"
	       "_onesdn_act() { _onesdn_list acts; _files -g '*.yaml' }\n"
	       "_onesdn_theme() { _onesdn_list themes }\n"
	       "_onesdn_layout() { _onesdn_list layouts }\n"
	       "_onesdn_stage() { _onesdn_list stages $line[1] }\n"
	       "_onesdn_file() { _files }\n"
	       "_onesdn_context() { local -a words; words=(${(f)\"$(kubectl config get-contexts -o name "
	       "2>/dev/null)\"}); compadd -a words }\n"
	       "_onesdn_lab() { local -a words; words=(${(f)\"$($_onesdn_program lab help --list 2>/dev/null)\"}); "
	       "compadd -a words }\n"
	       "_onesdn_command() { _normal }\n"
	       "_onesdn_commands() {\n\tlocal -a commands\n\tcommands=(\n");
	for (size_t i = 0; i < n; i++) {
		printf("\t\t'%s:", commands[i].name);
		put_quoted(commands[i].help);
		printf("'\n");
	}
	printf("\t\t'help:what the commands and their options are'\n\t)\n\t_describe command commands\n}\n\n"
	       "_onesdn() {\n\tlocal command=show line state\n\ttypeset -g _onesdn_program=$words[1]\n"
	       "\tif (( CURRENT == 2 )) && [[ $words[2] != -* ]]; "
	       "then\n\t\t_onesdn_commands\n\t\t_onesdn_act\n\t\treturn\n\tfi\n"
	       "\tcase $words[2] in\n\t");
	for (size_t i = 0; i < n; i++)
		printf("%s|", commands[i].name);
	printf("help) command=$words[2]; shift words; (( CURRENT-- )) ;;\n\tesac\n\tcase $command in\n");
}

static void zsh_option(const struct cmd_option *option)
{
	printf(" \\\n\t\t\t'%s%s%s[", strstr(option->help, "several times") ? "*" : "", option->name,
	       option->value ? "=" : "");
	for (const char *c = option->help; *c; c++)
		fputs(*c == '\''               ? "'\\''"
		      : *c == '[' || *c == ']' ? (const char[]){'\\', *c, '\0'}
		                               : (const char[]){*c, '\0'},
		      stdout);
	putchar(']');
	if (option->value) {
		putchar(':');
		put_escaped(option->value, ":");
		putchar(':');
		if (is_choice(option->value)) {
			putchar('(');
			for (const char *c = option->value; *c; c++)
				putchar(*c == '|' ? ' ' : *c);
			putchar(')');
		} else {
			printf("%s%s", *kind_of(option) ? "_onesdn_" : " ", kind_of(option));
		}
	}
	putchar('\'');
}

static void zsh_usage(const struct cmd_usage *usage, const char *command)
{
	printf("\t%s)\n\t\t_arguments -S", command);
	for (size_t i = 0; i < usage->n_options; i++)
		zsh_option(&usage->options[i]);
	printf(" \\\n\t\t\t'--help[what its options are]'");
	if (*operand_of(usage))
		printf(" \\\n\t\t\t'*:%s:_onesdn_%s'", operand_of(usage), operand_of(usage));
	printf("\n\t\t;;\n");
}

static void zsh_end(const struct describe_command *commands, size_t n)
{
	(void)commands, (void)n;
	fputs("\tlab) _arguments '1:command:_onesdn_lab' ;;\n\thelp) _arguments '1:command:_onesdn_commands' "
	      ";;\n\tesac\n}\n\n"
	      "if [[ $funcstack[1] == _onesdn ]]; then _onesdn \"$@\"; else compdef _onesdn onesdn; fi\n",
	      stdout);
}

/* ---- fish ---- */
static void fish_begin(const struct describe_command *commands, size_t n)
{
	printf("# fish completion for onesdn; made by: onesdn help --completion fish\n\nset -g __onesdn_commands");
	for (size_t i = 0; i < n; i++)
		printf(" %s", commands[i].name);
	fputs(" help\n\n"
	      "function __onesdn_is # COMMAND: is it the one on the line? Without one it is show\n"
	      "\tset -l words (commandline -opc)\n\tset -l command show\n"
	      "\tif set -q words[2]; and contains -- $words[2] $__onesdn_commands\n\t\tset command $words[2]\n\tend\n"
	      "\ttest $command = $argv[1]\nend\n"
	      "function __onesdn_is_first\n\ttest (count (commandline -opc)) -eq 1\nend\n"
	      "function __onesdn_list\n\tset -l words (commandline -opc)\n\t$words[1] help --list $argv "
	      "2>/dev/null\nend\n"
	      "function __onesdn_stages\n\tset -l words (commandline -opc)\n"
	      "\tset -l acts (__onesdn_list acts)\n\tfor word in $words\n\t\tcontains -- $word $acts; and "
	      "__onesdn_list stages $word\n\tend\nend\n"
	      "function __onesdn_lab\n\tset -l words (commandline -opc)\n\t$words[1] lab help --list 2>/dev/null\nend\n"
	      "function __onesdn_contexts\n\tkubectl config get-contexts -o name 2>/dev/null\nend\n\n"
	      "complete -c onesdn -f\n"
	      "complete -c onesdn -n __onesdn_is_first -l version -d 'the version'\n",
	      stdout);
	for (size_t i = 0; i < n; i++) {
		printf("complete -c onesdn -n __onesdn_is_first -a %s -d '", commands[i].name);
		put_escaped(commands[i].help, "\\'");
		printf("'\n");
	}
	printf("complete -c onesdn -n __onesdn_is_first -a help -d 'what the commands and their options are'\n");
}

static const struct {
	const char *kind, *words; /* behind -c onesdn -n CONDITION */
} fish_kinds[] = {
        {"act", "-k -a '(__onesdn_list acts; __fish_complete_suffix .yaml)'"},
        {"theme", "-a '(__onesdn_list themes)'"},
        {"layout", "-a '(__onesdn_list layouts)'"},
        {"stage", "-a '(__onesdn_stages)'"},
        {"context", "-a '(__onesdn_contexts)'"},
        {"file", "-F"},
        {"command", "-a '(__fish_complete_subcommand)'"},
};

static void fish_kind(const char *kind)
{
	for (size_t i = 0; i < sizeof fish_kinds / sizeof *fish_kinds; i++)
		if (strcmp(fish_kinds[i].kind, kind) == 0)
			printf(" %s", fish_kinds[i].words);
}

static void fish_usage(const struct cmd_usage *usage, const char *command)
{
	for (size_t i = 0; i < usage->n_options; i++) {
		const struct cmd_option *option = &usage->options[i];
		printf("complete -c onesdn -n '__onesdn_is %s' -l %s%s -d '", command, option->name + 2,
		       option->value ? " -r" : "");
		put_escaped(option->help, "\\'");
		putchar('\'');
		if (option->value && is_choice(option->value)) {
			printf(" -a '");
			for (const char *c = option->value; *c; c++)
				putchar(*c == '|' ? ' ' : *c);
			putchar('\'');
		} else if (option->value) {
			fish_kind(kind_of(option));
		}
		putchar('\n');
	}
	printf("complete -c onesdn -n '__onesdn_is %s' -l help -d 'what its options are'\n", command);
	if (*operand_of(usage)) {
		printf("complete -c onesdn -n '__onesdn_is %s'", command);
		fish_kind(operand_of(usage));
		putchar('\n');
	}
}

static void fish_end(const struct describe_command *commands, size_t n)
{
	(void)commands, (void)n;
	fputs("complete -c onesdn -n '__onesdn_is lab' -a '(__onesdn_lab)'\n"
	      "complete -c onesdn -n '__onesdn_is help' -a '$__onesdn_commands'\n",
	      stdout);
}

/* ---- all ---- */
static const struct format {
	const char *name;
	void (*begin)(const struct describe_command *commands, size_t n);
	void (*usage)(const struct cmd_usage *usage, const char *command);
	void (*end)(const struct describe_command *commands, size_t n);
} formats[] = {
        {"bash", bash_begin, bash_usage, bash_end}, {"zsh", zsh_begin, zsh_usage, zsh_end},
        {"fish", fish_begin, fish_usage, fish_end}, {"man", nothing, man_usage, nothing},
        {"list", nothing, list_usage, nothing},
};

static const struct format *find_format(const char *name)
{
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	fprintf(stderr, "onesdn: the commands can be described for bash, zsh, fish, man and list, not for \"%s\"\n",
	        name);
	return NULL;
}

bool describe_usage(const struct cmd_usage *usage, const char *command, const char *format)
{
	const struct format *row = find_format(format);
	if (row)
		row->usage(usage, command);
	return row != NULL;
}

int describe_all(const char *format, const struct describe_command *commands, size_t n_commands)
{
	const struct format *row = find_format(format);
	if (!row)
		return 2;
	row->begin(commands, n_commands);
	for (size_t i = 0; i < n_commands; i++) {
		char name[32], option[32];
		if (strcmp(commands[i].name, "lab") == 0)
			continue; /* another program; it is asked when it is needed */
		snprintf(name, sizeof name, "%s", commands[i].name);
		snprintf(option, sizeof option, "--help=%s", format);
		char *words[] = {name, option, NULL};
		int status = commands[i].run(2, words);
		if (status != 0)
			return status;
	}
	row->end(commands, n_commands);
	return 0;
}

static void print_words(char *words)
{
	for (char *rest = words, *word; rest && (word = strsep(&rest, " "));)
		if (*word)
			puts(word);
	free(words);
}

int describe_list(const char *what, const char *act)
{
	if (strcmp(what, "acts") == 0) {
		print_words(scenario_names(NULL));
		print_words(scenario_set_ups());
	} else if (strcmp(what, "themes") == 0 || strcmp(what, "layouts") == 0) {
		print_words(ui_choices(what));
	} else if (strcmp(what, "stages") == 0 && act) {
		struct scenario_act *read = scenario_load(act, "lab", NULL);
		for (size_t i = 0; read && i < read->stages.len; i++)
			puts(read->stages.data[i].id);
		scenario_destroy(read);
	} else {
		fprintf(stderr, "onesdn: acts, themes, layouts and stages ACT can be listed, not \"%s\"\n", what);
		return 2;
	}
	return 0;
}
