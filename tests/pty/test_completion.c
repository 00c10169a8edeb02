/* test_completion: Tab in real shells, as a person presses it, with the completion that onesdn makes of its own tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "onesdn/loop.h"
#include "onesdn/term.h"
#include "pty.h"

enum { SOON = 20000 };
static struct pty pty;

/* The shell, with the build on PATH, a HOME of its own and a kubeconfig that names contexts and nothing else. */
static void start_shell(const char *const *argv)
{
	struct err err;
	pty_make_dirs();
	char *program = pty_program("onesdn");
	*strrchr(program, '/') = '\0';
	char *kubeconfig = mem_printf("%s/kubeconfig", pty_dir());
	static const char config[] =
	        "apiVersion: v1\nkind: Config\nclusters: [{name: c, cluster: {server: 'http://127.0.0.1:1'}}]\n"
	        "users: [{name: u, user: {}}]\n"
	        "contexts: [{name: a-stage, context: {cluster: c, user: u}}]\n";
	assert_true(file_write(kubeconfig, config, strlen(config), 0600, &err));
	char *env[] = {mem_printf("PATH=%s:%s", program, getenv("PATH")), mem_printf("HOME=%s", pty_dir()),
	               mem_printf("KUBECONFIG=%s", kubeconfig), mem_strdup("PS1=$ "), NULL};
	pty_start(&pty, 100, 40, argv, (const char *const *)env);
	for (size_t i = 0; env[i]; i++)
		free(env[i]);
	free(kubeconfig);
	free(program);
}

static int tear_down(void **state)
{
	(void)state;
	pty_type(&pty, "\025exit\r");
	pty_expect_end(&pty, SOON);
	pty_end(&pty);
	pty_finish_dirs();
	return 0;
}

static int start_bash(void **state)
{
	static const char *const argv[] = {"bash", "--norc", "--noprofile", NULL};
	(void)state;
	start_shell(argv);
	pty_type(&pty, "cd $HOME; . <(onesdn help --completion bash) && echo rea''dy\r");
	pty_expect(&pty, SOON, "ready");
	return 0;
}

static int start_zsh(void **state)
{
	static const char *const argv[] = {"zsh", "-f", "-i", NULL};
	(void)state;
	start_shell(argv);
	pty_type(&pty, "cd $HOME; mkdir f; onesdn help --completion zsh > f/_onesdn; fpath=($HOME/f $fpath); autoload "
	               "-Uz compinit; "
	               "compinit -D -u && echo rea''dy\r");
	pty_expect(&pty, SOON, "ready");
	return 0;
}

static int start_fish(void **state)
{
	static const char *const argv[] = {"fish", "--no-config", NULL};
	(void)state;
	start_shell(argv);
	pty_type(&pty, "cd $HOME; onesdn help --completion fish | source; and echo rea''dy\r");
	pty_expect(&pty, SOON, "ready");
	return 0;
}

/* Types, presses Tab, and the line goes on by itself. */
static void expect_completed(const char *typed, const char *wanted)
{
	pty_type(&pty, typed);
	pty_expect(&pty, SOON, typed);
	pty_type(&pty, "\t");
	pty_expect(&pty, SOON, wanted);
	pty_type(&pty, "\025"); /* Ctrl-U: the next one begins anew */
	pty_expect_gone(&pty, SOON, wanted);
}

static void test_shell(void **state)
{
	(void)state;
	expect_completed("onesdn rehea", "onesdn rehearse");
	expect_completed("onesdn diagram --asc", "onesdn diagram --ascii");
	expect_completed("onesdn --read", "onesdn --read-only");
	expect_completed("onesdn rehearse loca", "onesdn rehearse localnet");
	expect_completed("onesdn local", "onesdn localnet");
	expect_completed("onesdn doctor --context a-", "onesdn doctor --context a-stage");
	expect_completed("onesdn show --theme=colour", "onesdn show --theme=colour-blind");
	expect_completed("onesdn lab kube", "onesdn lab kubeconfig");
	expect_completed("onesdn help verd", "onesdn help verdict");
	expect_completed("onesdn diagram --group na", "onesdn diagram --group namespace");
	expect_completed("onesdn doctor --kubeconfig kube", "onesdn doctor --kubeconfig kubeconfig");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        {"test_bash", test_shell, start_bash, tear_down, NULL},
	        {"test_zsh", test_shell, start_zsh, tear_down, NULL},
	        {"test_fish", test_shell, start_fish, tear_down, NULL},
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
