/* fuzz_doctor: any bytes as what the doctor is answered: by kubectl, by onesdn-lab, by a cluster; the first byte says which. Whatever they
 * say, the report is lines that are safe to print, what is hidden is not in it, and as many findings are counted as there are. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "doctor/private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What acts may need: every kind that a controller is looked for. */
static void need_all(struct needs *needs)
{
	static const char *const kinds[][3] = {{"", "v1", "Pod"},
	                                       {"k8s.cni.cncf.io", "v1", "NetworkAttachmentDefinition"},
	                                       {"k8s.cni.cncf.io", "v1beta1", "MultiNetworkPolicy"},
	                                       {"nmstate.io", "v1", "NodeNetworkConfigurationPolicy"},
	                                       {"kubevirt.io", "v1", "VirtualMachine"}};
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		vec_push(&needs->kinds, ((struct need_kind){.group = mem_strdup(kinds[i][0]),
		                                            .version = mem_strdup(kinds[i][1]),
		                                            .kind = mem_strdup(kinds[i][2])}));
	vec_push(&needs->images, ((struct need_image){.name = mem_strdup("agnhost:2.45")}));
}

static void check_report(const struct doctor *doctor)
{
	struct str text = {0};
	size_t n = 0;
	for (int state = 0; state < DOCTOR_N_STATES; state++)
		n += doctor_count(doctor, (enum doctor_state)state);
	if (n != doctor->findings.len)
		base_abort("%zu findings are counted, there are %zu", n, doctor->findings.len);
	for (size_t i = 0; i < n; i++) {
		const struct finding *finding = &doctor->findings.data[i];
		if (!text_is_safe(finding->what, strlen(finding->what)) ||
		    !text_is_safe(finding->cure, strlen(finding->cure)))
			base_abort("a finding that is not safe to print");
	}
	doctor_text(doctor, &text);
	json_t *all = doctor_json(doctor);
	char *words = json_dumps(all, 0);
	if (!words || json_array_size(json_object_get(all, "findings")) != n)
		base_abort("the report as JSON is another one");
	free(words);
	json_decref(all);
	str_finish(&text);
}

/* A server that kubectl's configuration names is in no report, also where a message spells it out. */
static void check_hidden(struct doctor *doctor, const char *config)
{
	json_t *each, *all = json_parse(config, strlen(config), "config", NULL);
	size_t i;
	json_array_foreach (json_object_get(all, "clusters"), i, each) {
		const char *server = json_walk_str(each, "cluster", "server", NULL), *host = strstr(server, "://");
		char *name = mem_strndup(host ? host + 3 : "", host ? strcspn(host + 3, ":/") : 0);
		if (strchr(name, '.') && text_is_safe(name, strlen(name)) && !strpbrk(name, "[]~")) {
			doctor_add(doctor, DOCTOR_FAIL, "hidden", NULL, "dial tcp: lookup %s: no such host", name);
			if (strstr(doctor->findings.data[doctor->findings.len - 1].what, name))
				base_abort("the server %s is in the report", name);
		}
		free(name);
	}
	json_decref(all);
}

/* Of the cluster: one JSON text with an answer a question; what is not in it was not answered. */
static void tell_cluster(struct doctor *doctor, struct needs *needs, const char *text)
{
	static char failure[] = "forbidden: \033[31mno";
	static const char *const names[] = {"daemonsets", "deployments", "kubevirts"};
	json_t *all = json_parse(text, strlen(text), "answers", NULL);
	struct question version = {.answer = json_object_get(all, "version"), .failure = failure},
	                nodes = {.answer = json_object_get(all, "nodes"), .failure = failure}, lists[N_WORKLOADS],
	                *groups = mem_alloc(needs->kinds.len * sizeof *groups);
	for (size_t i = 0; i < N_WORKLOADS; i++)
		lists[i] = (struct question){.answer = json_object_get(all, names[i]), .failure = failure};
	for (size_t i = 0; i < needs->kinds.len; i++)
		groups[i].answer = json_object_get(all, "resources");
	doctor->client_minor = 30;
	tell_version(doctor, &version, NULL);
	tell_nodes(doctor, &nodes);
	tell_kinds(doctor, needs, groups);
	tell_controllers(doctor, needs, lists);
	tell_images(doctor, &nodes, needs);
	free(groups);
	json_decref(all);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char none[] = "";
	char *text = mem_strndup((const char *)data + (size > 0), size - (size > 0));
	struct reply reply = {.out = text, .errors = text, .failure = none};
	struct needs needs = {.database = true};
	setenv("HOME", "/home/leonardo", 1);
	struct doctor *doctor = doctor_create(&(struct doctor_options){.setup = "make setup"});
	need_all(&needs);
	switch (size > 0 ? data[0] : 0) {
	case 'k':
		tell_kubectl(doctor, "/usr/bin/kubectl", &reply);
		break;
	case 'm':
		tell_machine(doctor, &needs, "/usr/bin/onesdn-lab", &reply);
		break;
	case 'c':
		take_config(doctor, &reply);
		check_hidden(doctor, text);
		break;
	case 'a':
		tell_cluster(doctor, &needs, text);
		break;
	default: /* words of any program */
		doctor_hide(doctor, "api.corp.example", "[server]");
		doctor_add(doctor, DOCTOR_WARN, "words", text, "%s", text);
		if (strstr(doctor->findings.data[0].what, "api.corp.example"))
			base_abort("what is hidden is in the report");
	}
	check_report(doctor);
	doctor_destroy(doctor);
	needs_finish(&needs);
	free(text);
	return 0;
}
