/* lab: the embedded lab's own program, found beside this one; it does all the work and says all the words. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "onesdn/base.h"

int cmd_lab(int argc, char **argv)
{
	char *program = path_self("onesdn-lab"), **args = mem_alloc(((size_t)argc + 1) * sizeof *args);
	args[0] = program;
	for (int i = 1; i < argc; i++)
		args[i] = argv[i];
	execvp(program, args);
	fprintf(stderr, "onesdn lab: %s: %s; build or install onesdn again\n", program, strerror(errno));
	free(program);
	free((void *)args);
	return 1;
}
