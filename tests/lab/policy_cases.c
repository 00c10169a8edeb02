/* policy_cases: every case of tests/data/policy-cases.jsonl in a running lab, with real packets.
 *
 * usage: policy_cases run CASES API-SOCKET ONESDN-LAB [ONLY]: makes each case's namespaces, networks and pods
 * through the API (kept while the next case has the same), tries its flows first without its policies, then with them, and
 * compares with what OVN-Kubernetes does (expect_ovnk, else expect). Prints TAP. Virtual machines are pods with the same
 * labels and address.
 *
 * policy_cases agent: started by it inside the lab; reads "serve NETNS" and "probe N NETNS PROTO ADDRESS PORT MS", a line
 * each, answers "N allow", "N deny", "N skip", or "N error": there is no such namespace, or no address.
 */
#include "onesdn/cni.h"
#include "policy_agent.h"

#define IN_FORCE_MS 200 /* after this long a policy must hold */
#define DENIED_MS 700   /* nothing came back for so long: denied */
#define ALLOWED_MS 5000
#define ANSWER_MS 120000 /* for an agent's answer; it gives one to every attempt, however slow the machine is */

/* ---- the API ---- */

static const char *api_socket;

static int request(const char *method, const char *path, const json_t *body, json_t **out)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	struct str text = {0}, payload = {0}, reply = {0};
	snprintf(at.sun_path, sizeof at.sun_path, "%s", api_socket);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(fd, (struct sockaddr *)&at, sizeof at) != 0)
		die(api_socket, strerror(errno));
	if (body != NULL)
		str_append_json(&payload, body, JSON_COMPACT);
	str_append_f(&text,
	             "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
	             "Content-Length: %zu\r\n\r\n%s",
	             method, path, payload.len, str_text(&payload));
	for (size_t sent = 0; sent < text.len;) {
		ssize_t n = send(fd, text.data + sent, text.len - sent, MSG_NOSIGNAL);
		if (n <= 0)
			die("sending", strerror(errno));
		sent += (size_t)n;
	}
	char bytes[16384];
	for (ssize_t n; (n = recv(fd, bytes, sizeof bytes, 0)) > 0;)
		str_append_n(&reply, bytes, (size_t)n);
	close(fd);
	const char *end = strstr(str_text(&reply), "\r\n\r\n"), *status = strchr(str_text(&reply), ' ');
	int code = status != NULL ? (int)strtol(status, NULL, 10) : 0;
	if (out != NULL)
		*out = end != NULL ? json_parse(end + 4, strlen(end + 4), "reply", NULL) : NULL;
	if (code >= 400 && code != 404 && code != 409)
		printf("# %s %s: %d %s\n", method, path, code, end != NULL ? end + 4 : "");
	str_finish(&text);
	str_finish(&payload);
	str_finish(&reply);
	return code;
}

static const struct kind {
	const char *kind, *folder, *plural;
	bool namespaced;
} kinds[] = {
        {"Namespace", "/api/v1", "namespaces", false},
        {"Pod", "/api/v1", "pods", true},
        {"NetworkAttachmentDefinition", "/apis/k8s.cni.cncf.io/v1", "network-attachment-definitions", true},
        {"MultiNetworkPolicy", "/apis/k8s.cni.cncf.io/v1beta1", "multi-networkpolicies", true},
        {"NodeNetworkConfigurationPolicy", "/apis/nmstate.io/v1", "nodenetworkconfigurationpolicies", false},
        {NULL, NULL, NULL, false},
};

/* Of the object's collection, or with its name. */
static char *path_of(const json_t *object, bool with_name)
{
	const struct kind *kind = kinds;
	while (kind->kind != NULL && strcmp(kind->kind, json_walk_str(object, "kind", NULL)) != 0)
		kind++;
	if (kind->kind == NULL)
		die("a kind that the test does not know", json_walk_str(object, "kind", NULL));
	return mem_printf("%s%s%s/%s%s%s", kind->folder, kind->namespaced ? "/namespaces/" : "",
	                  kind->namespaced ? json_walk_str(object, "metadata", "namespace", NULL) : "", kind->plural,
	                  with_name ? "/" : "", with_name ? json_walk_str(object, "metadata", "name", NULL) : "");
}

static bool create(const json_t *object)
{
	char *path = path_of(object, false);
	int code = request("POST", path, object, NULL);
	free(path);
	return code == 201 || code == 409;
}

static void delete_object(const json_t *object)
{
	char *path = path_of(object, true);
	request("DELETE", path, NULL, NULL);
	free(path);
}

static json_t *get(const json_t *object)
{
	json_t *found = NULL;
	char *path = path_of(object, true);
	if (request("GET", path, NULL, &found) != 200) {
		json_decref(found);
		found = NULL;
	}
	free(path);
	return found;
}

/* ---- a world: what stays while cases have the same networks ---- */

static FILE *to_agent;
static int from_agent;
static json_t *world_spaces;  /* the namespaces of now */
static struct map world_pods; /* "ns/name" -> json_t *: as the lab has it */
static char *world_sign;

static bool is_kind(const json_t *object, const char *kind)
{
	return text_equal(json_string_value(json_object_get(object, "kind")), kind);
}

static const char *name_of(const json_t *object)
{
	return json_walk_str(object, "metadata", "name", NULL);
}

static const char *ns_of(const json_t *object)
{
	return json_walk_str(object, "metadata", "namespace", NULL);
}

static char *sign_of(const json_t *objects)
{
	struct str out = {0};
	size_t i;
	json_t *object;
	json_array_foreach (objects, i, object) {
		if (is_kind(object, "Namespace") || is_kind(object, "NetworkAttachmentDefinition"))
			str_append_json(&out, object, JSON_COMPACT | JSON_SORT_KEYS);
	}
	return str_take(&out);
}

static void clear_world(void)
{
	size_t i;
	json_t *object;
	json_array_foreach (world_spaces, i, object) {
		delete_object(object);
	}
	json_array_foreach (world_spaces, i, object) {
		json_t *left;
		int64_t deadline = now_ms() + 20000;
		while ((left = get(object)) != NULL && now_ms() < deadline) {
			json_decref(left);
			pause_ms(30);
		}
		if (left != NULL)
			die("a namespace does not go", name_of(object));
	}
	for (i = 0; i < world_pods.len; i++)
		json_decref(world_pods.entries[i].value);
	map_finish(&world_pods);
	json_decref(world_spaces);
	world_spaces = json_array();
	free(world_sign);
	world_sign = NULL;
}

/* localnet: the nodes' bridge leads to the physical network. */
static void map_network(const json_t *nad)
{
	const char *text = json_walk_str(nad, "spec", "config", NULL);
	json_t *config = json_parse(text, strlen(text), "config", NULL);
	const char *network = json_walk_str(config, "name", NULL);
	if (strcmp(json_walk_str(config, "topology", NULL), "localnet") == 0) {
		json_t *policy =
		        json_pack("{s:s, s:s, s:{s:s}, s:{s:{s:{s:[{s:s, s:s}]}}}}", "apiVersion", "nmstate.io/v1",
		                  "kind", "NodeNetworkConfigurationPolicy", "metadata", "name", network, "spec",
		                  "desiredState", "ovn", "bridge-mappings", "localnet", network, "bridge", "breth0");
		if (!create(policy))
			die("no bridge mapping", network);
		json_decref(policy);
	}
	json_decref(config);
}

/* The address that the virtual machine has, which OVN does not know; a pod has to be told it. */
static const char *vm_address(const json_t *objects, const json_t *pod)
{
	const char *vm = json_walk_str(pod, "metadata", "labels", "vm.kubevirt.io/name", NULL);
	size_t i, k;
	json_t *object, *nic;
	json_array_foreach (objects, i, object) {
		if (!is_kind(object, "VirtualMachineInstance") || strcmp(name_of(object), vm) != 0)
			continue;
		json_array_foreach (json_walk(object, "status", "interfaces", NULL), k, nic) {
			if (strcmp(json_walk_str(nic, "name", NULL), "default") != 0)
				return json_walk_str(nic, "ipAddress", NULL);
		}
	}
	return NULL;
}

static char *networks_text(const json_t *objects, const json_t *pod)
{
	const char *text = json_walk_str(pod, "metadata", "annotations", CNI_NETWORKS_ANNOTATION, NULL);
	const char *address = vm_address(objects, pod);
	if (address == NULL)
		return mem_strdup(text);
	json_t *list = json_parse(text, strlen(text), "networks", NULL);
	char *with_prefix = mem_printf("%s/24", address);
	json_object_set_new(json_array_get(list, 0), "ips", json_pack("[s]", with_prefix));
	struct str out = {0};
	str_append_json(&out, list, JSON_COMPACT);
	json_decref(list);
	free(with_prefix);
	return str_take(&out);
}

static void create_pod(const json_t *objects, const json_t *pod)
{
	char *networks = networks_text(objects, pod);
	json_t *object =
	        json_pack("{s:s, s:s, s:{s:s, s:s, s:O, s:{s:s}}, s:{s:i, s:[{s:s, s:s}]}}", "apiVersion", "v1", "kind",
	                  "Pod", "metadata", "name", name_of(pod), "namespace", ns_of(pod), "labels",
	                  json_walk(pod, "metadata", "labels", NULL), "annotations", CNI_NETWORKS_ANNOTATION, networks,
	                  "spec", "terminationGracePeriodSeconds", 1, "containers", "name", "main", "image",
	                  "registry.k8s.io/e2e-test-images/agnhost:2.36");
	if (!create(object))
		die("no pod", name_of(pod));
	json_decref(object);
	free(networks);
}

static bool is_ready(const json_t *pod)
{
	size_t i;
	json_t *condition;
	json_array_foreach (json_walk(pod, "status", "conditions", NULL), i, condition) {
		if (strcmp(json_walk_str(condition, "type", NULL), "Ready") == 0)
			return strcmp(json_walk_str(condition, "status", NULL), "True") == 0;
	}
	return false;
}

static void await_pod(const json_t *pod)
{
	char *id = mem_printf("%s/%s", ns_of(pod), name_of(pod));
	int64_t deadline = now_ms() + 15000;
	json_t *found = NULL;
	while (now_ms() < deadline && !is_ready(found)) {
		json_decref(found);
		found = get(pod);
		if (!is_ready(found))
			pause_ms(20);
	}
	if (!is_ready(found))
		die("a pod does not get Ready", id);
	map_set(&world_pods, id, found);
	fprintf(to_agent, "serve %s_%s\n", ns_of(pod), name_of(pod));
	fflush(to_agent);
	free(id);
}

static void need_pods(const json_t *objects)
{
	VEC(const json_t *) fresh = {0};
	size_t i;
	json_t *object;
	json_array_foreach (objects, i, object) {
		char *id = mem_printf("%s/%s", ns_of(object), name_of(object));
		if (is_kind(object, "Pod") && map_find(&world_pods, id) == NULL) {
			create_pod(objects, object);
			vec_push(&fresh, object);
		}
		free(id);
	}
	for (i = 0; i < fresh.len; i++)
		await_pod(fresh.data[i]);
	vec_finish(&fresh);
}

static void need_world(const json_t *objects)
{
	char *sign = sign_of(objects);
	size_t i;
	json_t *object;
	if (!text_equal(sign, world_sign)) {
		clear_world();
		json_array_foreach (objects, i, object) {
			if (is_kind(object, "Namespace") && create(object))
				json_array_append(world_spaces, object);
		}
		json_array_foreach (objects, i, object) {
			if (!is_kind(object, "NetworkAttachmentDefinition"))
				continue;
			map_network(object);
			if (!create(object))
				die("no network", name_of(object));
		}
		world_sign = sign;
		sign = NULL;
	}
	free(sign);
	need_pods(objects);
}

/* ---- flows ---- */

static json_t *statuses_of(const char *id)
{
	const char *text =
	        json_walk_str(map_find(&world_pods, id), "metadata", "annotations", CNI_OVN_ANNOTATION, NULL);
	return json_parse(text, strlen(text), id, NULL);
}

static const char *network_of(const json_t *objects, const char *nad, char *out, size_t size)
{
	size_t i;
	json_t *object;
	snprintf(out, size, "%s", nad); /* "default" */
	json_array_foreach (objects, i, object) {
		char *id = mem_printf("%s/%s", ns_of(object), name_of(object));
		if (is_kind(object, "NetworkAttachmentDefinition") && strcmp(id, nad) == 0) {
			const char *text = json_walk_str(object, "spec", "config", NULL);
			json_t *config = json_parse(text, strlen(text), id, NULL);
			snprintf(out, size, "%s", json_walk_str(config, "name", NULL));
			json_decref(config);
		}
		free(id);
	}
	return out;
}

/* The pod's first address on the network, as the lab gave it. "" when it has none. */
static void address_of(const json_t *objects, const char *id, const char *network, char out[64])
{
	json_t *statuses = statuses_of(id), *status;
	const char *nad;
	char name[256];
	out[0] = '\0';
	json_object_foreach (statuses, nad, status) {
		const char *first = json_string_value(json_array_get(json_object_get(status, "ip_addresses"), 0));
		if (first != NULL && strcmp(network_of(objects, nad, name, sizeof name), network) == 0)
			snprintf(out, 64, "%.*s", (int)strcspn(first, "/"), first);
	}
	json_decref(statuses);
}

static const char *expected(const json_t *flow, bool with_policies)
{
	const char *really = json_walk_str(flow, "expect_ovnk", NULL);
	if (!with_policies)
		return "allow";
	return really[0] != '\0' ? really : json_walk_str(flow, "expect", NULL);
}

static void ask(const json_t *objects, const json_t *flow, size_t index, bool with_policies)
{
	const char *from = json_walk_str(flow, "from", NULL), *to = json_walk_str(flow, "to", NULL);
	char address[64], netns[256];
	snprintf(address, sizeof address, "%s", to);
	if (strchr(to, '/') != NULL)
		address_of(objects, to, json_walk_str(flow, "network", NULL), address);
	snprintf(netns, sizeof netns, "%s", strchr(from, '/') != NULL ? from : HOST);
	if (strchr(netns, '/') != NULL)
		*strchr(netns, '/') = '_';
	fprintf(to_agent, "probe %zu %s %s %s %d %d\n", index, netns, json_walk_str(flow, "proto", NULL), address,
	        (int)json_walk_int(flow, 0, "port", NULL),
	        strcmp(expected(flow, with_policies), "allow") == 0 ? ALLOWED_MS : DENIED_MS);
}

/* The agent's next line, without its end; whatever else it says is why it has none. */
static void read_answer(const char *name, size_t *at, char verdict[16])
{
	static struct str read_so_far;
	int64_t deadline = now_ms() + ANSWER_MS;
	const char *end;
	while ((end = strchr(str_text(&read_so_far), '\n')) == NULL) {
		char bytes[512];
		if (!wait_for(from_agent, POLLIN | POLLHUP, deadline))
			die("the agent does not answer", name);
		ssize_t n = read(from_agent, bytes, sizeof bytes);
		if (n <= 0)
			die("the agent is gone", name);
		str_append_n(&read_so_far, bytes, (size_t)n);
	}
	if (sscanf(read_so_far.data, "%zu %15s", at, verdict) != 2) {
		char *line = mem_strndup(read_so_far.data, (size_t)(end - read_so_far.data));
		die("the agent says", line);
	}
	str_drop_front(&read_so_far, (size_t)(end - read_so_far.data) + 1);
}

/* All flows at once. How many came out otherwise; these are told. */
static size_t try_flows(const json_t *test, bool with_policies, bool is_telling)
{
	const json_t *objects = json_object_get(test, "objects"), *flows = json_object_get(test, "flows");
	size_t n_wrong = 0, i;
	json_t *flow;
	json_array_foreach (flows, i, flow) {
		ask(objects, flow, i, with_policies);
	}
	fflush(to_agent);
	for (i = 0; i < json_array_size(flows); i++) {
		char verdict[16];
		size_t at;
		read_answer(json_walk_str(test, "name", NULL), &at, verdict);
		flow = json_array_get(flows, at);
		const char *want = expected(flow, with_policies);
		if (strcmp(verdict, want) == 0 ||
		    (strcmp(verdict, "skip") == 0 && strcmp(json_walk_str(flow, "proto", NULL), "SCTP") == 0))
			continue;
		n_wrong++;
		if (is_telling)
			printf("#   %s -> %s %s %d on %s: %s, expected %s %s\n", json_walk_str(flow, "from", NULL),
			       json_walk_str(flow, "to", NULL), json_walk_str(flow, "proto", NULL),
			       (int)json_walk_int(flow, 0, "port", NULL), json_walk_str(flow, "network", NULL), verdict,
			       want, with_policies ? json_walk_str(flow, "why", NULL) : "(without policies)");
	}
	return n_wrong;
}

static void each_policy(const json_t *objects, void (*act)(const json_t *policy))
{
	size_t i;
	json_t *object;
	json_array_foreach (objects, i, object) {
		if (is_kind(object, "MultiNetworkPolicy"))
			act(object);
	}
}

static void create_policy(const json_t *policy)
{
	if (!create(policy))
		die("no policy", name_of(policy));
}

static bool run_case(const json_t *test, size_t *n_late)
{
	const json_t *objects = json_object_get(test, "objects");
	need_world(objects);
	size_t n_closed = try_flows(test, false, false);
	if (n_closed > 0) /* the policies of the case before may just have gone */
		n_closed = try_flows(test, false, true);
	each_policy(objects, create_policy);
	pause_ms(IN_FORCE_MS);
	size_t n_wrong = try_flows(test, true, false);
	if (n_wrong > 0) {
		pause_ms(1000);
		n_wrong = try_flows(test, true, true);
		*n_late += n_wrong == 0;
		printf("# %s: %s\n", json_walk_str(test, "name", NULL),
		       n_wrong == 0 ? "in force only later than 200 ms" : "wrong");
	}
	each_policy(objects, delete_object);
	return n_closed + n_wrong == 0;
}

/* ---- the whole ---- */

static void start_agent(const char *self, const char *lab)
{
	int in[2], out[2];
	if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
		die("pipe", strerror(errno));
	if (fork() == 0) {
		setpgid(0, 0); /* the agent ends its group */
		dup2(in[0], 0);
		dup2(out[1], 1);
		execl(lab, lab, "exec", "--", self, "agent", (char *)NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	to_agent = fdopen(in[1], "w");
	from_agent = out[0];
	fprintf(to_agent, "serve " HOST "\n");
	fflush(to_agent);
}

static int run(const char *self, const char *cases, const char *only)
{
	struct str text = {0};
	struct err err = {0};
	size_t n = 0, n_bad = 0, n_late = 0, n_flows = 0;
	if (!file_read(cases, (size_t)16 << 20, &text, &err))
		die("reading", err.text);
	(void)self;
	world_spaces = json_array();
	int64_t began = now_ms();
	for (char *rest = text.data, *line; (line = strsep(&rest, "\n")) != NULL;) {
		json_t *test = line[0] != '\0' ? json_parse(line, strlen(line), cases, &err) : NULL;
		if (test == NULL || (only != NULL && strstr(json_walk_str(test, "name", NULL), only) == NULL)) {
			json_decref(test);
			continue;
		}
		bool is_good = run_case(test, &n_late);
		n_bad += !is_good;
		n_flows += json_array_size(json_object_get(test, "flows"));
		printf("%sok %zu - %s\n", is_good ? "" : "not ", ++n, json_walk_str(test, "name", NULL));
		fflush(stdout);
		json_decref(test);
	}
	clear_world();
	json_decref(world_spaces);
	str_finish(&text);
	printf("# %zu cases, %zu flows, each without and with its policies, in %lld ms; later than %d ms: %zu\n", n,
	       n_flows, (long long)(now_ms() - began), IN_FORCE_MS, n_late);
	printf("1..%zu\n", n);
	return n_bad > 0 || n == 0;
}

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	if (argc == 2 && strcmp(argv[1], "agent") == 0)
		return agent();
	if (argc < 5 || strcmp(argv[1], "run") != 0) {
		fprintf(stderr, "usage: policy_cases run CASES API-SOCKET ONESDN-LAB [ONLY]\n");
		return 2;
	}
	char *self = realpath("/proc/self/exe", NULL);
	api_socket = argv[3];
	start_agent(self, argv[4]);
	int status = run(self, argv[2], argc > 5 ? argv[5] : NULL);
	fclose(to_agent);
	close(from_agent);
	free(self);
	return status;
}
