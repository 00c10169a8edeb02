/* From a container's spec to what is really run: argv, environment, working directory, user. Kubelet's rules. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/control/pods_state.h"

#define DEFAULT_UID 1000
#define PATH_VALUE "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct texts {
	VEC(char *) list;
};

static void free_texts(char **texts)
{
	for (size_t i = 0; texts != NULL && texts[i] != NULL; i++)
		free(texts[i]);
	free((void *)texts);
}

void pod_launch_finish(struct pod_container *c)
{
	free_texts(c->argv);
	free_texts(c->env);
	free(c->cwd);
	c->argv = c->env = NULL;
	c->cwd = NULL;
}

static const char *env_find(char *const *env, const char *name, size_t len)
{
	for (; env != NULL && *env != NULL; env++)
		if (strncmp(*env, name, len) == 0 && (*env)[len] == '=')
			return *env + len + 1;
	return NULL;
}

/* $(NAME) of what is known, $$ for $; an unknown name stays as it is. */
char *pod_launch_expand(const char *text, char *const *env)
{
	struct str out = {0};
	while (*text != '\0') {
		const char *end = text[0] == '$' && text[1] == '(' ? strchr(text, ')') : NULL;
		const char *value = end != NULL ? env_find(env, text + 2, (size_t)(end - text - 2)) : NULL;
		if (text[0] == '$' && text[1] == '$') {
			str_append_c(&out, '$');
			text += 2;
		} else if (value != NULL) {
			str_append(&out, value);
			text = end + 1;
		} else {
			str_append_c(&out, *text++);
		}
	}
	return str_take(&out);
}

/* ---- environment ---- */

static const char *field_value(const struct pod *pod, const char *path)
{
	static const char *const labels = "metadata.labels['", *const annotations = "metadata.annotations['";
	const char *key = text_has_prefix(path, labels)        ? path + strlen(labels)
	                  : text_has_prefix(path, annotations) ? path + strlen(annotations)
	                                                       : NULL;
	if (key != NULL) {
		char name[512];
		snprintf(name, sizeof name, "%.*s", (int)strcspn(key, "'"), key);
		return json_walk_str(pod->object, "metadata", text_has_prefix(path, labels) ? "labels" : "annotations",
		                     name, NULL);
	}
	static char address[64];
	if (strcmp(path, "status.podIP") == 0 || strcmp(path, "status.podIPs") == 0) {
		cni_address_format(&pod->attachments.items.data[0].addresses.data[0], false, address);
		return address;
	}
	const struct {
		const char *path, *value;
	} fields[] = {
	        {"metadata.name", pod->name},
	        {"metadata.namespace", pod->ns},
	        {"metadata.uid", pod->uid},
	        {"spec.nodeName", pod->node->config->name},
	        {"status.hostIP", pod->node->config->address},
	        {"spec.serviceAccountName", "default"},
	};
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
		if (strcmp(fields[i].path, path) == 0)
			return fields[i].value;
	return NULL;
}

/* A key of a ConfigMap or Secret; a Secret's values are base64, and admission has made text of stringData. */
static const char *config_value(const struct pod *pod, const json_t *reference, struct err *err)
{
	const char *name = json_walk_str(reference, "name", NULL), *key = json_walk_str(reference, "key", NULL);
	const json_t *object = store_get(pod->pods->store, lab_resource_kind("ConfigMap"), pod->ns, name);
	if (object == NULL) {
		err_set(err, ERR_NOT_FOUND, "configmap \"%s\" not found", name);
		return NULL;
	}
	const json_t *value = json_walk(object, "data", key, NULL);
	if (!json_is_string(value)) {
		err_set(err, ERR_NOT_FOUND, "couldn't find key %s in ConfigMap %s/%s", key, pod->ns, name);
		return NULL;
	}
	return json_string_value(value);
}

static bool env_value(const struct pod *pod, const json_t *item, char *const *so_far, char **out, struct err *err)
{
	const json_t *from = json_object_get(item, "valueFrom");
	if (from == NULL) {
		*out = pod_launch_expand(json_walk_str(item, "value", NULL), so_far);
		return true;
	}
	const json_t *config = json_object_get(from, "configMapKeyRef");
	const char *path = json_walk_str(from, "fieldRef", "fieldPath", NULL);
	const char *value = config != NULL    ? config_value(pod, config, err)
	                    : path[0] != '\0' ? field_value(pod, path)
	                                      : NULL;
	if (value == NULL && config != NULL && json_is_true(json_object_get(config, "optional")))
		value = "";
	if (value == NULL && config != NULL)
		return false;
	if (value == NULL)
		return err_set(err, ERR_INVALID,
		               "environment variable %s: the lab knows fieldRef and configMapKeyRef only",
		               json_walk_str(item, "name", NULL));
	*out = mem_strdup(value);
	return true;
}

static bool build_env(struct pod_container *c, const json_t *spec, struct err *err)
{
	struct texts env = {0};
	size_t i;
	json_t *item;
	bool is_done = true;
	vec_push(&env.list, mem_strdup(PATH_VALUE));
	vec_push(&env.list, mem_printf("HOSTNAME=%s", c->pod->name));
	vec_push(&env.list, mem_strdup("HOME=/"));
	json_array_foreach (json_object_get(spec, "env"), i, item) {
		char *value = NULL;
		vec_push(&env.list,
		         NULL); /* so that it ends for those who look into it; the next one takes its place */
		env.list.len--;
		is_done = env_value(c->pod, item, env.list.data, &value, err);
		if (!is_done)
			break;
		vec_push(&env.list, mem_printf("%s=%s", json_walk_str(item, "name", NULL), value));
		free(value);
	}
	vec_push(&env.list, NULL);
	c->env = env.list.data;
	return is_done;
}

/* ---- argv ---- */

static void add_texts(struct texts *to, const json_t *list, char *const *env)
{
	size_t i;
	json_t *text;
	json_array_foreach (list, i, text) {
		char *expanded = pod_launch_expand(json_is_string(text) ? json_string_value(text) : "", env);
		vec_push(&to->list, expanded);
	}
}

static void add_defaults(struct texts *to, const char *const *texts)
{
	for (; *texts != NULL; texts++)
		vec_push(&to->list, mem_strdup(*texts));
}

static void build_argv(struct pod_container *c, const json_t *spec)
{
	const json_t *command = json_object_get(spec, "command"), *arguments = json_object_get(spec, "args");
	struct texts argv = {0};
	if (json_array_size(command) > 0)
		add_texts(&argv, command, c->env);
	else
		add_defaults(&argv, c->image->entry);
	if (json_array_size(arguments) > 0)
		add_texts(&argv, arguments, c->env);
	else if (json_array_size(command) == 0)
		add_defaults(&argv, c->image->arguments);
	vec_push(&argv.list, NULL);
	c->argv = argv.list.data;
}

/* ---- user ---- */

static int64_t context_int(const struct pod_container *c, const json_t *spec, const char *key, int64_t otherwise)
{
	int64_t of_pod = json_walk_int(c->pod->object, otherwise, "spec", "securityContext", key, NULL);
	return json_walk_int(spec, of_pod, "securityContext", key, NULL);
}

static bool is_asked(const struct pod_container *c, const json_t *spec, const char *key)
{
	const json_t *own = json_walk(spec, "securityContext", key, NULL);
	return json_is_true(own != NULL ? own : json_walk(c->pod->object, "spec", "securityContext", key, NULL));
}

static bool build_user(struct pod_container *c, const json_t *spec, struct err *err)
{
	int64_t uid = context_int(c, spec, "runAsUser", DEFAULT_UID), gid = context_int(c, spec, "runAsGroup", 0);
	if (uid < 0 || uid > 65534 || gid < 0 || gid > 65534)
		return err_set(err, ERR_INVALID, "runAsUser and runAsGroup must be between 0 and 65534 in the lab");
	if (uid == 0 && is_asked(c, spec, "runAsNonRoot"))
		return err_set(err, ERR_INVALID,
		               "container's runAsUser breaks non-root policy (pod: \"%s_%s(%s)\", container: %s)",
		               c->pod->name, c->pod->ns, c->pod->uid, c->name);
	c->uid = (uid_t)uid;
	c->gid = (gid_t)gid;
	return true;
}

bool pod_launch_prepare(struct pod_container *c, const json_t *spec, struct err *err)
{
	pod_launch_finish(c);
	if (!build_env(c, spec, err) || !build_user(c, spec, err))
		return false;
	build_argv(c, spec);
	c->cwd = mem_strdup(json_walk_str(spec, "workingDir", NULL));
	return true;
}
