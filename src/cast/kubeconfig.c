/* kubeconfig: rules from what a kubeconfig holds: where its servers are, and what lets one in. */
#include "rules.h"

#include <stdlib.h>
#include <string.h>

static bool add_literal(struct cast_rules *rules, const char *name, const char *literal, const char *replacement)
{
	enum { LITERAL_MIN = 6, LITERAL_MAX = 960 };
	struct cast_rule rule = {.name = name,
	                         .replacement = replacement,
	                         .fit = text_equal(replacement, "*") ? CAST_FIT_FILL : CAST_FIT_SHORT};
	if (strlen(literal) < LITERAL_MIN)
		return true;
	char *beginning =
	        mem_strndup(literal, LITERAL_MAX); /* more is not to be seen at once, and the beginning tells it */
	rule.literal = beginning;
	bool is_good = cast_rules_add(rules, &rule, NULL);
	free(beginning);
	return is_good;
}

static bool is_loopback(const char *host)
{
	return text_has_prefix(host, "127.") || text_has_prefix(host, "localhost") || text_has_prefix(host, "[::1]");
}

/* Its host is told by nothing else; a path may hold a secret: the lab's and a proxy's do. */
static void add_server(struct cast_rules *rules, const char *url)
{
	const char *scheme = strstr(url, "://"), *host = scheme ? scheme + 3 : url;
	size_t len = strcspn(host, "/");
	char *with_port = mem_strndup(host, len);
	char *colon = strrchr(with_port, ':');
	if (!is_loopback(with_port)) {
		add_literal(rules, "server", with_port, "server");
		if (colon && !strchr(colon, ']')) {
			*colon = '\0';
			add_literal(rules, "server", with_port, "server");
		}
	}
	add_literal(rules, "server path", host + len + (host[len] == '/'), "*");
	free(with_port);
}

static void add_user(struct cast_rules *rules, const json_t *user)
{
	static const char *const secrets[] = {"token", "password", "client-key-data", "client-certificate-data"};
	for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
		add_literal(rules, secrets[i], json_walk_str(user, "user", secrets[i], NULL), "*");
	add_literal(rules, "token", json_walk_str(user, "user", "auth-provider", "config", "id-token", NULL), "*");
}

bool cast_rules_add_kubeconfig(struct cast_rules *rules, const char *text, size_t len, const char *name,
                               struct err *err)
{
	struct yaml *yaml = yaml_parse(text, len, name, err);
	if (!yaml)
		return false;
	size_t d, i;
	const json_t *document, *entry;
	json_array_foreach (yaml_documents(yaml), d, document) {
		json_array_foreach (json_object_get(document, "clusters"), i, entry)
			add_server(rules, json_walk_str(entry, "cluster", "server", NULL));
		json_array_foreach (json_object_get(document, "users"), i, entry)
			add_user(rules, entry);
	}
	yaml_destroy(yaml);
	return true;
}
