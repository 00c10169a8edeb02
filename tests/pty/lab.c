/* lab: see lab.h. */
#include "lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *onesdn, *kubeconfig;
static struct pty beside; /* a loop for commands beside the program */

char *lab_do(const char *verb)
{
	struct str out = {0};
	const char *const argv[] = {onesdn, "lab", verb, NULL};
	int status = pty_run(&beside, LAB, &out, argv);
	if (status != 0)
		print_error("onesdn lab %s: status %d\n%s\n", verb, status, str_text(&out));
	assert_int_equal(status, 0);
	return str_take(&out);
}

const char *lab_onesdn(void)
{
	return onesdn;
}

const char *lab_kubeconfig(void)
{
	if (!kubeconfig) {
		kubeconfig = lab_do("kubeconfig");
		kubeconfig[strcspn(kubeconfig, "\n")] = '\0';
	}
	return kubeconfig;
}

int lab_shell(const char *words)
{
	struct str out = {0};
	char *command = mem_printf("export KUBECONFIG=%s ONESDN=%s; %s", lab_kubeconfig(), onesdn, words);
	const char *const argv[] = {"sh", "-c", command, NULL};
	int status = pty_run(&beside, LAB, &out, argv);
	if (status != 0)
		print_error("%s: status %d\n%s\n", command, status, str_text(&out));
	free(command);
	str_finish(&out);
	return status;
}

void lab_make(bool is_up)
{
	struct err err;
	pty_make_dirs();
	onesdn = pty_program("onesdn");
	beside.loop = loop_create(&err);
	if (is_up)
		free(lab_do("up"));
	if (is_up)
		lab_kubeconfig();
}

void lab_drop(void)
{
	free(lab_do("down"));
	loop_destroy(beside.loop);
	free(onesdn);
	free(kubeconfig);
	kubeconfig = NULL;
	pty_finish_dirs();
}

int lab_set_up(void **state)
{
	(void)state;
	lab_make(true);
	return 0;
}

int lab_tear_down(void **state)
{
	(void)state;
	lab_drop();
	return 0;
}
