/* programs: those that the stages type. kubectl may be a dispatcher, which asks the server for its version and runs the kubectl
 * that fits: then its own version says nothing. */
#include <stdlib.h>
#include <string.h>

#include "doctor/private.h"

#define AREA "programs"
enum { VERSION_MS = 10000, OLDEST_MINOR = 20 };

/* "v1.32.4-dispatcher": 32; 0 when it is none. */
static int minor_of(const char *version)
{
	int64_t minor = 0;
	if (!text_has_prefix(version, "v1."))
		return 0;
	char *digits = mem_strndup(version + 3, strspn(version + 3, "0123456789"));
	if (!text_to_int(digits, 0, 9999, &minor))
		minor = 0;
	free(digits);
	return (int)minor;
}

static void tell_kubectl_version(struct doctor *doctor, const char *path, const char *version)
{
	doctor->has_kubectl = true;
	doctor->client_minor = minor_of(version);
	doctor->has_dispatcher = strstr(version, "dispatcher") != NULL;
	if (doctor->has_dispatcher)
		doctor_add(doctor, DOCTOR_OK, AREA, NULL, "kubectl %s (%s): it picks the kubectl that fits the server",
		           version, path);
	else if (doctor->client_minor && doctor->client_minor < OLDEST_MINOR)
		doctor_add(doctor, DOCTOR_WARN, AREA, "install a newer kubectl",
		           "kubectl %s (%s) is older than those tried, 1.%d and later", version, path, OLDEST_MINOR);
	else
		doctor_add(doctor, DOCTOR_OK, AREA, NULL, "kubectl %s (%s)", version, path);
}

void tell_kubectl(struct doctor *doctor, const char *path, const struct reply *reply)
{
	json_t *answer = json_parse(reply->out, strlen(reply->out), "kubectl version", NULL);
	const char *version = json_walk_str(answer, "clientVersion", "gitVersion", NULL);
	if (*version)
		tell_kubectl_version(doctor, path, version);
	else
		doctor_add(doctor, DOCTOR_FAIL, AREA,
		           "try it by hand, and install it anew (Debian: apt install kubernetes-client)",
		           "%s does not tell its version: %s%s", path, reply->failure, reply->errors);
	json_decref(answer);
}

static void look_at_kubectl(struct doctor *doctor)
{
	static const char *const argv[] = {"kubectl", "version", "--client", "-o", "json", NULL};
	char *path = path_program("kubectl");
	if (!path) {
		doctor_add(doctor, DOCTOR_FAIL, AREA,
		           "install it (Debian: apt install kubernetes-client), or put the one you have on PATH",
		           "kubectl is not on PATH: the stages type it");
		return;
	}
	struct reply reply;
	ask_command(doctor->options.loop, argv, VERSION_MS, &reply);
	tell_kubectl(doctor, path, &reply);
	reply_finish(&reply);
	free(path);
}

static void look_at_virtctl(struct doctor *doctor)
{
	char *path = path_program("virtctl"), *own = path ? NULL : path_data("bin/virtctl", NULL);
	char *beside = own || path ? NULL : path_self("virtctl");
	char *self = beside ? path_program(beside) : NULL;
	if (path)
		doctor_add(doctor, DOCTOR_OK, AREA, NULL, "virtctl (%s)", path);
	else if (own || self)
		doctor_add(doctor, DOCTOR_OK, AREA, NULL, "virtctl: the one that comes with onesdn (%s)",
		           own ? own : self);
	else
		doctor_add(doctor, DOCTOR_FAIL, AREA, "install KubeVirt's, or build or install onesdn again",
		           "there is no virtctl, neither on PATH nor onesdn's own");
	free(path);
	free(own);
	free(beside);
	free(self);
}

void doctor_programs(struct doctor *doctor)
{
	char *bash = path_program("bash");
	if (bash)
		doctor_add(doctor, DOCTOR_OK, AREA, NULL, "bash (%s)", bash);
	else
		doctor_add(doctor, DOCTOR_FAIL, AREA, "install it (Debian: apt install bash)",
		           "bash is not on PATH: the stages run in it");
	free(bash);
	look_at_kubectl(doctor);
	look_at_virtctl(doctor);
}
