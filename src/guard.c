/* guard: what stands in front of kubectl, oc and virtctl in the shells of a read-only show: this program under their names. What
 * only looks goes through to the real one; anything else is refused with words. It is a belt for fingers, not for an attacker:
 * whoever names the real program by its path, or another client, gets through. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "onesdn/scenario.h"

bool guard_is_name(const char *argv0)
{
	const char *slash = strrchr(argv0, '/'), *name = slash ? slash + 1 : argv0;
	static const char *const names[] = {"kubectl", "oc", "virtctl"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* The first on PATH that is not ourselves. The caller frees. */
static char *real_program(const char *name)
{
	char self[PATH_MAX] = "", other[PATH_MAX];
	const char *path = getenv("PATH");
	if (!realpath("/proc/self/exe", self))
		return NULL;
	for (const char *p = path ? path : ""; *p; p += *p == ':') {
		size_t len = strcspn(p, ":");
		char *candidate = mem_printf("%.*s/%s", (int)len, p, name);
		p += len;
		if (access(candidate, X_OK) == 0 && realpath(candidate, other) && strcmp(other, self) != 0)
			return candidate;
		free(candidate);
	}
	return NULL;
}

int guard_main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/'), *name = slash ? slash + 1 : argv[0];
	if (!scenario_command_looks((const char *const *)argv + 1, (size_t)argc - 1)) {
		fprintf(stderr, "onesdn: this is a read-only show: \"%s", name);
		for (int i = 1; i < argc && i < 6; i++) {
			struct str safe = {0};
			str_append_safe(&safe, argv[i], strlen(argv[i]));
			fprintf(stderr, " %s", str_text(&safe));
			str_finish(&safe);
		}
		fprintf(stderr, "%s\" may change the cluster and was not run; start it without --read-only\n",
		        argc > 6 ? " ..." : "");
		return 1;
	}
	char *real = real_program(name);
	if (!real) {
		fprintf(stderr, "onesdn: there is no %s on PATH\n", name);
		return 127;
	}
	argv[0] = real;
	execv(real, argv);
	perror(real);
	return 126;
}
