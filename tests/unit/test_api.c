/* The lab's API: requests as api_handle gets them, then over real sockets: who gets in, limits, slow clients, watches. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>
#include <time.h>

#include "lab/api/private.h"
#include "lab/control/deployments.h"
#include "lab/control/namespaces.h"

#include "../lab/local_pods.h"

#define ADMIN "0123456789abcdef0123456789abcdef"
#define OWNER "fedcba9876543210fedcba9876543210"
#define POD                                                                                                            \
	"{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\"},\"spec\":{\"containers\":[{\"name\":"   \
	"\"c\",\"image\":\"i\"}]}}"
#define NS "/api/v1/namespaces"
#define PODS NS "/default/pods"
#define NADS "/apis/k8s.cni.cncf.io/v1/namespaces/default/network-attachment-definitions"
#define TABLE "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"

static const struct api_user users[] = {{"cluster-admin", "system:masters", ADMIN, true},
                                        {"workload-owner", "", OWNER, false}};

struct world {
	struct loop *loop;
	struct store *store;
	struct api *api;
	struct namespaces *namespaces;
	struct deployments *deployments;
	struct pods pods;
	int port;
	int status; /* of the last request */
	json_t *answer;
	char *text;
	const char *accept, *type;
	const struct api_user *user;
};

static int setup(void **state)
{
	struct err err;
	struct world *w = mem_alloc(sizeof *w);
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(fd, 300), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	w->port = ntohs(address.sin_port);
	w->loop = loop_create(&err);
	w->store = store_create(w->loop);
	w->pods = (struct pods){w->loop, "/nonexistent"};
	const struct api_options options = {.store = w->store,
	                                    .pods = &w->pods,
	                                    .tcp_fd = fd,
	                                    .unix_fd = -1,
	                                    .users = users,
	                                    .n_users = 2,
	                                    .version = "v1.30.0",
	                                    .host_port = "127.0.0.1:1"};
	w->api = api_create(w->loop, &options, &err);
	if (!w->api)
		fail_msg("%s", err.text);
	w->user = &users[0];
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	json_decref(w->answer);
	free(w->text);
	deployments_destroy(w->deployments);
	namespaces_destroy(w->namespaces);
	api_destroy(w->api);
	store_destroy(w->store);
	loop_destroy(w->loop);
	free(w);
	return 0;
}

/* A request; a stream's first bytes are its answer. `target` may have a query. */
static int ask_bytes(struct world *w, const char *method, const char *target, const void *body, size_t size)
{
	struct api_reply reply;
	char *path = mem_strdup(target), *query = strchr(path, '?');
	if (query)
		*query++ = '\0';
	const struct api_request request = {.user = w->user,
	                                    .method = method,
	                                    .path = path,
	                                    .query = query ? query : "",
	                                    .accept = w->accept ? w->accept : "",
	                                    .content_type = w->type ? w->type : "application/json",
	                                    .user_agent = "test/1",
	                                    .upgrade = "",
	                                    .ws_key = "",
	                                    .ws_version = "",
	                                    .protocols = "",
	                                    .body = body ? body : "",
	                                    .body_size = size};
	api_handle(w->api, &request, &reply);
	w->status = reply.status;
	json_decref(w->answer);
	free(w->text);
	w->text = mem_strdup(str_text(reply.stream ? &reply.stream->pending : &reply.body));
	w->answer = json_loads(w->text, 0, NULL);
	api_reply_finish(&reply);
	free(path);
	return w->status;
}

static int ask(struct world *w, const char *method, const char *target, const char *body)
{
	return ask_bytes(w, method, target, body, body ? strlen(body) : 0);
}

static const char *message(struct world *w)
{
	return json_walk_str(w->answer, "message", NULL);
}

static void says(struct world *w, const char *part)
{
	if (!strstr(w->text, part))
		fail_msg("\"%s\" is not in %d %s", part, w->status, w->text);
}

static void turns(struct world *w, int n)
{
	while (n-- > 0)
		loop_turn(w->loop, false);
}

/* ---- requests ---- */

static void discovers(void **state)
{
	struct world *w = *state;
	assert_int_equal(ask(w, "GET", "/version", NULL), 200);
	assert_string_equal(json_walk_str(w->answer, "minor", NULL), "30");
	assert_int_equal(ask(w, "GET", "/api", NULL), 200);
	assert_string_equal(json_walk_str(w->answer, "kind", NULL), "APIVersions");
	assert_int_equal(ask(w, "GET", "/apis/", NULL), 200);
	says(w, "k8s.cni.cncf.io/v1");
	assert_int_equal(ask(w, "GET", "/apis/apps", NULL), 200);
	assert_int_equal(ask(w, "GET", "/apis/apps/v1", NULL), 200);
	says(w, "deployments/scale");
	assert_int_equal(ask(w, "GET", "/apis/kubevirt.io/v1", NULL), 200);
	says(w, "virtualmachineinstances");
	assert_int_equal(ask(w, "GET", "/apis/k8s.cni.cncf.io/v1alpha1/ipamclaims", NULL),
	                 404); /* nothing realises it yet */
	w->accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";
	assert_int_equal(ask(w, "GET", "/apis", NULL), 200);
	assert_string_equal(json_walk_str(w->answer, "apiVersion", NULL), "apidiscovery.k8s.io/v2");
	w->accept = "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";
	assert_int_equal(ask(w, "GET", "/api", NULL), 200);
	assert_string_equal(json_walk_str(w->answer, "apiVersion", NULL), "apidiscovery.k8s.io/v2beta1");
	w->accept = NULL;
	assert_int_equal(ask(w, "GET", "/openapi/v2", NULL), 200);
	says(w, "kind: Pod");
}

/* The recorded example: pods, 158 bytes, which every kubectl from 1.20 on understands. */
static void openapi_is_as_recorded(void **state)
{
	static const char recorded[] =
	        "\x42\x9b\x01\x12\x98\x01\x0a\x02\x2f\x30\x12\x91\x01\x42\x8e\x01\x42\x1d\x0a\x1b\x12\x19\x1a\x17\x12"
	        "\x05query\x22\x06"
	        "dryRun2\x06stringB&\x0a$\x12\"\x1a \x12\x05query\"\x0f"
	        "fieldValidation2\x06string"
	        "jE\x0a\x1fx-kubernetes-group-version-kind\x12\"\x12 group: \"\"\nversion: v1\nkind: Pod\n";
	struct str out = {0};
	size_t n = sizeof recorded - 1, differing = 0;
	(void)state;
	openapi_v2(&out);
	const char *found = NULL;
	/* only the name of the path differs */
	for (size_t at = 0; at + n <= out.len && !found; at++) {
		differing = 0;
		for (size_t i = 0; i < n; i++)
			differing += out.data[at + i] != recorded[i];
		if (differing <= 1)
			found = out.data + at;
	}
	assert_non_null(found);
	str_finish(&out);
}

static void creates_and_reads(void **state)
{
	struct world *w = *state;
	assert_int_equal(ask(w, "POST", PODS "?fieldManager=m", POD), 201);
	assert_string_equal(json_walk_str(w->answer, "metadata", "namespace", NULL), "default");
	assert_string_equal(json_walk_str(w->answer, "spec", "restartPolicy", NULL), "Always");
	assert_string_equal(json_walk_str(json_array_get(json_walk(w->answer, "spec", "containers", NULL), 0),
	                                  "imagePullPolicy", NULL),
	                    "Always");
	assert_int_equal(ask(w, "POST", PODS, POD), 409);
	assert_string_equal(message(w), "pods \"p\" already exists");
	assert_int_equal(ask(w, "GET", PODS "/p", NULL), 200);
	assert_int_equal(ask(w, "GET", PODS "/q", NULL), 404);
	assert_string_equal(message(w), "pods \"q\" not found");
	assert_int_equal(ask(w, "GET", "/api/v1/pods?limit=500", NULL), 200);
	assert_int_equal(json_array_size(json_object_get(w->answer, "items")), 1);
	assert_int_equal(ask(w, "GET", NS "/other/pods", NULL), 200);
	assert_int_equal(json_array_size(json_object_get(w->answer, "items")), 0);
	assert_int_equal(ask(w, "POST", NS "/other/pods", POD), 404);
	assert_string_equal(message(w), "namespaces \"other\" not found");
	w->accept = TABLE;
	assert_int_equal(ask(w, "GET", PODS, NULL), 200);
	assert_string_equal(json_walk_str(w->answer, "kind", NULL), "Table");
	w->accept = NULL;
	assert_int_equal(ask(w, "DELETE", PODS "/p", "{\"propagationPolicy\":\"Background\"}"), 200);
	assert_int_equal(ask(w, "GET", PODS "/p", NULL), 404);
	assert_int_equal(ask(w, "POST", PODS "?dryRun=All", POD), 201);
	assert_int_equal(ask(w, "GET", PODS "/p", NULL), 404);
}

static void refuses(void **state)
{
	static const struct {
		const char *method, *target, *type, *body;
		int status;
		const char *text;
	} cases[] = {
	        {"GET", "/nothing", NULL, NULL, 404, "the server could not find the requested resource"},
	        {"GET", "/api/v1/foos", NULL, NULL, 404, "could not find"},
	        {"GET", "/api/v1//pods", NULL, NULL, 404, "could not find"},
	        {"GET", "/api/v1/namespaces/default/pods/p/exec/x", NULL, NULL, 404, "could not find"},
	        {"GET", "/api/v1/pods?labelSelector=a+b", NULL, NULL, 400, "malformed"},
	        {"GET", "/api/v1/pods?fieldSelector=spec.x%3d1", NULL, NULL, 400, "field label not supported: spec.x"},
	        {"GET", "/api/v1/pods?a=%00", NULL, NULL, 400, "malformed"},
	        {"GET", "/api/v1/pods/p", NULL, NULL, 405, "not allow"},
	        {"PUT", PODS, NULL, POD, 405, "not allow"},
	        {"POST", "/api/v1/pods", NULL, POD, 405, "not allow"},
	        {"POST", PODS "/p", NULL, POD, 405, "not allow"},
	        {"DELETE", "/api/v1/pods", NULL, NULL, 405, "one namespace"},
	        {"POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", NULL, "{}", 405, "not allow"},
	        {"POST", PODS, "text/plain", POD, 415, "unknown format"},
	        {"POST", PODS, NULL, "{", 400, "body of the request"},
	        {"POST", PODS, NULL, "[]", 400, "not an object"},
	        {"POST", PODS, NULL, "{\"kind\":\"Node\"}", 400, "does not match"},
	        {"POST", PODS, NULL,
	         "{\"metadata\":{\"name\":\"p\",\"namespace\":\"x\"},\"spec\":{\"containers\":[{\"name\":\"c\","
	         "\"image\":\"i\"}]}}",
	         400, "does not match the namespace"},
	        {"POST", PODS, NULL,
	         "{\"metadata\":{\"name\":\"p\"},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":true}]}}", 400,
	         "Pod in version \\\"v1\\\" cannot be handled as a Pod: json: cannot unmarshal bool into Go struct "
	         "field Container.spec.containers.image of type string"},
	        {"POST", PODS "?fieldValidation=Strict", NULL,
	         "{\"metadata\":{\"name\":\"p\"},\"spec\":{\"foo\":1,\"containers\":[{\"name\":\"c\",\"image\":\"i\","
	         "\"bar\":2}]}}",
	         400,
	         "strict decoding error: unknown field \\\"spec.foo\\\", unknown field \\\"spec.containers[0].bar\\\""},
	        {"POST", PODS, NULL, "{\"metadata\":{\"name\":\"p\"},\"spec\":{}}", 422,
	         "Pod \\\"p\\\" is invalid: spec.containers: Required value"},
	        {"POST", PODS, NULL, "{\"metadata\":{\"name\":\"p\"},\"spec\":{\"containers\":[{}]}}", 422,
	         "is invalid: [spec.containers[0].name: Required value, spec.containers[0].image: Required value]"},
	        {"POST", PODS, NULL,
	         "{\"metadata\":{\"name\":\"p\"},\"spec\":{\"restartPolicy\":\"Maybe\",\"containers\":[{\"name\":\"c\","
	         "\"image\":\"i\"}]}}",
	         422, "supported values: \\\"Always\\\", \\\"OnFailure\\\", \\\"Never\\\""},
	        {"POST", PODS, NULL,
	         "{\"metadata\":{\"name\":\"p\"},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\",\"ports\":[{"
	         "\"containerPort\":70000}]}]}}",
	         422, "must be between 1 and 65535, inclusive"},
	        {"POST", NS, NULL, "{\"metadata\":{\"name\":\"a.b\"}}", 422, "a lowercase RFC 1123 label"},
	        {"POST", NADS, NULL, "{\"metadata\":{\"name\":\"n\"},\"spec\":{\"config\":{\"a\":1}}}", 422,
	         "spec.config in body must be of type string: \\\"object\\\""},
	        {"PATCH", NS "/default", "application/xml", "{}", 415, "accepted media types"},
	        {"PATCH", NS "/default", "application/merge-patch+json", "[]", 400, "not an object"},
	        {"PATCH", NS "/default", "application/merge-patch+json", "{\"metadata\":null}", 400,
	         "leaves no Namespace"},
	        {"PATCH", NS "/default", "application/merge-patch+json", "{\"metadata\":{\"name\":\"x\"}}", 400,
	         "does not match the name on the URL"},
	        {"PATCH", NS "/default", "application/merge-patch+json", "{\"metadata\":{\"resourceVersion\":\"1\"}}",
	         409, "the object has been modified"},
	        {"PATCH", NS "/default", "application/json-patch+json",
	         "[{\"op\":\"test\",\"path\":\"/a\",\"value\":1}]", 422, "failed"},
	        {"PATCH", PODS "/new", "application/apply-patch+yaml", POD, 400, "fieldManager: Required value"},
	        {"DELETE", NS "/default", NULL, NULL, 403, "this namespace may not be deleted"},
	        {"POST", PODS "/p/exec?command=a", NULL, NULL, 404, "pods \\\"p\\\" not found"},
	};
	struct world *w = *state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		w->type = cases[i].type;
		ask(w, cases[i].method, cases[i].target, cases[i].body);
		if (w->status != cases[i].status || !strstr(w->text, cases[i].text))
			fail_msg("%s %s %s\ngot %d %s\nwanted %d ...%s", cases[i].method, cases[i].target,
			         cases[i].body ? cases[i].body : "", w->status, w->text, cases[i].status,
			         cases[i].text);
	}
}

static void takes_unknown_fields_out(void **state)
{
	struct world *w = *state;
	struct api_reply reply;
	const char *body = "{\"metadata\":{\"name\":\"n\"},\"spec\":{\"config\":\"{}\",\"foo\":1}}";
	const struct api_request request = {.user = &users[0],
	                                    .method = "POST",
	                                    .path = NADS,
	                                    .query = "",
	                                    .accept = "",
	                                    .content_type = "",
	                                    .user_agent = "",
	                                    .upgrade = "",
	                                    .ws_key = "",
	                                    .ws_version = "",
	                                    .protocols = "",
	                                    .body = body,
	                                    .body_size = strlen(body)};
	api_handle(w->api, &request, &reply);
	assert_int_equal(reply.status, 201);
	assert_null(strstr(str_text(&reply.body), "foo\":1"));
	assert_int_equal(reply.warnings.len, 1);
	assert_string_equal(reply.warnings.data[0], "unknown field \"spec.foo\"");
	api_reply_finish(&reply);
}

static void pods_are_fixed(void **state)
{
	struct world *w = *state;
	ask(w, "POST", PODS, POD);
	w->type = "application/strategic-merge-patch+json";
	assert_int_equal(ask(w, "PATCH", PODS "/p", "{\"spec\":{\"hostname\":\"x\"}}"), 422);
	says(w, "pod updates may not change fields other than `spec.containers[*].image`");
	assert_int_equal(ask(w, "PATCH", PODS "/p", "{\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"j\"}]}}"),
	                 200);
	assert_int_equal(ask(w, "PATCH", PODS "/p", "{\"status\":{\"phase\":\"Running\"}}"), 200);
	assert_string_equal(json_walk_str(w->answer, "status", "phase", NULL), "Pending");
	assert_int_equal(ask(w, "PATCH", PODS "/p/status", "{\"status\":{\"phase\":\"Running\"}}"), 200);
	assert_string_equal(json_walk_str(w->answer, "status", "phase", NULL), "Running");
	w->type = "application/strategic-merge-patch+json";
	assert_int_equal(ask(w, "PATCH", NADS "/none", "{}"), 415);
}

static void takes_protobuf(void **state)
{
	static const char body[] = "k8s\0\x0a\x0f\x0a\x02v1\x12\x09Namespace\x12\x1a\x0a\x12\x0a\x02zz\x12\x00\x1a\x00"
	                           "\x22\x00\x2a\x00\x32\x00\x38\x00\x42\x00\x12\x00\x1a\x02\x0a\x00\x1a\x00\x22\x00";
	struct world *w = *state;
	w->type = "application/vnd.kubernetes.protobuf";
	assert_int_equal(ask_bytes(w, "POST", NS "?fieldManager=kubectl-create", body, sizeof body - 1), 201);
	assert_string_equal(json_walk_str(w->answer, "metadata", "name", NULL), "zz");
	for (size_t size = 0; size < sizeof body - 1; size++) /* cut short: refused or understood, never more */
		assert_true(ask_bytes(w, "POST", NS, body, size) != 500);
	/* what `kubectl create deployment` sends: zeroes that say nothing are left out, so that the template is as from JSON */
	static const char deployment[] =
	        "\153\070\163\000\012\025\012\007\141\160\160\163\057\166\061\022\012\104\145\160\154\157\171\155\145"
	        "\156\164\022\114\012\005\012\001\144\102\000\022\075\010\000\022\010\012\006\012\001\141\022\001\142"
	        "\032\047\012\012\132\006\012\001\141\022\001\142\102\000\022\031\022\021\012\001\143\022\001\151\102"
	        "\000\200\001\000\210\001\000\220\001\000\130\000\140\000\150\000\042\002\012\000\050\000\070\000\032"
	        "\004\010\000\020\000\032\000\042\000";
	assert_int_equal(
	        ask_bytes(w, "POST", "/apis/apps/v1/namespaces/default/deployments", deployment, sizeof deployment - 1),
	        201);
	assert_int_equal(json_walk_int(w->answer, -1, "spec", "replicas", NULL), 0); /* but this one does */
	const json_t *spec = json_walk(w->answer, "spec", "template", "spec", NULL);
	assert_null(json_object_get(spec, "hostNetwork"));
	assert_null(json_object_get(json_array_get(json_object_get(spec, "containers"), 0), "tty"));
	static const char other[] = "k8s\0\x0a\x0d\x0a\x02v1\x12\x07"
	                            "Frobber\x12\x00";
	assert_int_equal(ask_bytes(w, "POST", NS, other, sizeof other - 1), 400);
	says(w, "not understood in protobuf");
}

static void two_users(void **state)
{
	static const struct {
		const char *verb, *group, *resource, *ns;
		bool may;
	} cases[] = {
	        {"create", "", "pods", "n", true},
	        {"create", "", "pods/exec", "n", true},
	        {"get", "", "pods/log", "n", true},
	        {"delete", "apps", "deployments", "n", true},
	        {"list", "", "pods", "", true},
	        {"get", "", "namespaces", "n", true},
	        {"create", "", "namespaces", "", false},
	        {"delete", "", "namespaces", "n", false},
	        {"list", "", "nodes", "", false},
	        {"get", "", "nodes", "", false},
	        {"list", "k8s.cni.cncf.io", "network-attachment-definitions", "n", true},
	        {"create", "k8s.cni.cncf.io", "network-attachment-definitions", "n", false},
	        {"create", "kubevirt.io", "virtualmachines", "n", true},
	        {"get", "subresources.kubevirt.io", "virtualmachineinstances/console", "n", true},
	        {"create", "nmstate.io", "nodenetworkconfigurationpolicies", "", false},
	        {"create", "", "pods", "kube-system", false},
	        {"get", "", "pods", "kube-system", true},
	        {"", "", "pods", "n", false},
	        {"get", "", "", "n", false},
	        {"et", "", "pods", "n", false},
	};
	struct world *w = *state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		if (api_user_may(&users[1], cases[i].verb, cases[i].group, cases[i].resource, cases[i].ns) !=
		    cases[i].may)
			fail_msg("%s %s in \"%s\"", cases[i].verb, cases[i].resource, cases[i].ns);
		assert_true(api_user_may(&users[0], cases[i].verb, cases[i].group, cases[i].resource, cases[i].ns));
	}
	w->user = &users[1];
	assert_int_equal(ask(w, "GET", "/api/v1/nodes", NULL), 403);
	assert_string_equal(message(w), "nodes is forbidden: User \"workload-owner\" cannot list resource \"nodes\" in "
	                                "API group \"\" at the cluster scope");
	assert_int_equal(ask(w, "PUT", NADS "/n", "{}"), 403);
	assert_string_equal(message(w),
	                    "network-attachment-definitions.k8s.cni.cncf.io \"n\" is forbidden: User "
	                    "\"workload-owner\" cannot update resource \"network-attachment-definitions\" in "
	                    "API group \"k8s.cni.cncf.io\" in the namespace \"default\"");
	assert_int_equal(ask(w, "POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
	                     "{\"spec\":{\"resourceAttributes\":{\"verb\":\"create\",\"resource\":\"pods\","
	                     "\"namespace\":\"n\"}}}"),
	                 201);
	assert_true(json_is_true(json_walk(w->answer, "status", "allowed", NULL)));
	assert_int_equal(ask(w, "POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
	                     "{\"spec\":{\"resourceAttributes\":{\"verb\":\"delete\",\"resource\":\"nodes\"}}}"),
	                 201);
	assert_true(json_is_false(json_walk(w->answer, "status", "allowed", NULL)));
	assert_int_equal(ask(w, "POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", "{}"), 201);
	assert_string_equal(json_walk_str(w->answer, "status", "userInfo", "username", NULL), "workload-owner");
}

/* ---- watches ---- */

static void watches(void **state)
{
	struct world *w = *state;
	ask(w, "GET", PODS, NULL);
	char *version = mem_strdup(json_walk_str(w->answer, "metadata", "resourceVersion", NULL));
	ask(w, "POST", PODS, POD);
	assert_int_equal(ask(w, "GET", PODS "?watch=true", NULL), 200);
	says(w, "{\"type\":\"ADDED\",\"object\":{");
	assert_int_equal(ask(w, "GET", PODS "?watch=1&resourceVersion=1", NULL), 200);
	says(w, "\"type\":\"ERROR\"");
	says(w, "\"code\":410");
	assert_int_equal(ask(w, "GET", PODS "?watch=1&resourceVersion=x", NULL), 400);
	assert_int_equal(
	        ask(w, "GET",
	            PODS "?watch=1&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan",
	            NULL),
	        200);
	says(w, "\"k8s.io/initial-events-end\":\"true\"");
	assert_non_null(strstr(strstr(w->text, "ADDED"), "BOOKMARK")); /* in this order */
	w->accept = TABLE;
	assert_int_equal(ask(w, "GET", PODS "?watch=1", NULL), 200);
	says(w, "\"kind\":\"Table\"");
	free(version);
}

/* An object that comes to match, and ceases to, comes and goes for the watcher. */
static void watches_with_a_selector(void **state)
{
	struct world *w = *state;
	struct api_reply reply;
	const struct api_request request = {.user = &users[0],
	                                    .method = "GET",
	                                    .path = PODS,
	                                    .query = "watch=true&labelSelector=a%3d1",
	                                    .accept = "",
	                                    .content_type = "",
	                                    .user_agent = "",
	                                    .upgrade = "",
	                                    .ws_key = "",
	                                    .ws_version = "",
	                                    .protocols = "",
	                                    .body = ""};
	api_handle(w->api, &request, &reply);
	assert_non_null(reply.stream);
	ask(w, "POST", PODS, POD);
	w->type = "application/merge-patch+json";
	ask(w, "PATCH", PODS "/p", "{\"metadata\":{\"labels\":{\"a\":\"1\"}}}");
	ask(w, "PATCH", PODS "/p", "{\"metadata\":{\"labels\":{\"b\":\"1\"}}}");
	ask(w, "PATCH", PODS "/p", "{\"metadata\":{\"labels\":{\"a\":\"2\"}}}");
	ask(w, "DELETE", PODS "/p", NULL);
	turns(w, 2);
	struct str types = {0};
	for (const char *at = str_text(&reply.stream->pending); (at = strstr(at, "{\"type\":\"")); at += 9)
		str_append_f(&types, "%.*s ", (int)strcspn(at + 9, "\""), at + 9);
	assert_string_equal(str_text(&types), "ADDED MODIFIED DELETED ");
	str_finish(&types);
	api_reply_finish(&reply);
}

/* ---- controllers ---- */

static void namespaces_take_their_contents_along(void **state)
{
	struct world *w = *state;
	w->namespaces = namespaces_create(w->loop, w->store);
	ask(w, "POST", NS, "{\"metadata\":{\"name\":\"n\"}}");
	turns(w, 3);
	assert_int_equal(ask(w, "GET", NS "/n/serviceaccounts/default", NULL), 200);
	ask(w, "POST", NS "/n/configmaps", "{\"metadata\":{\"name\":\"c\",\"finalizers\":[\"x/y\"]}}");
	ask(w, "POST", NS "/n/pods", POD);
	assert_int_equal(ask(w, "DELETE", NS "/n", "{}"), 200);
	assert_string_equal(json_walk_str(w->answer, "status", "phase", NULL), "Terminating");
	turns(w, 5);
	assert_int_equal(ask(w, "GET", NS "/n", NULL), 200); /* a finalizer holds it */
	assert_int_equal(ask(w, "GET", NS "/n/pods/p", NULL), 404);
	assert_int_equal(ask(w, "POST", NS "/n/pods", POD), 403);
	assert_string_equal(
	        message(w),
	        "pods \"p\" is forbidden: unable to create new content in namespace n because it is being terminated");
	w->type = "application/merge-patch+json";
	assert_int_equal(ask(w, "PATCH", NS "/n/configmaps/c", "{\"metadata\":{\"finalizers\":null}}"), 200);
	turns(w, 5);
	assert_int_equal(ask(w, "GET", NS "/n", NULL), 404);
}

#define DEPLOYMENT(image)                                                                                              \
	"{\"metadata\":{\"name\":\"d\"},\"spec\":{\"replicas\":3,\"selector\":{\"matchLabels\":{\"a\":\"b\"}},"        \
	"\"template\":{\"metadata\":{\"labels\":{\"a\":\"b\"}},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":"   \
	"\"" image "\"}]}}}}"

static void set_all_ready(struct world *w)
{
	ask(w, "GET", PODS, NULL);
	json_t *list = json_incref(w->answer), *pod;
	size_t i;
	json_array_foreach (json_object_get(list, "items"), i, pod) {
		json_object_set_new(pod, "status",
		                    json_pack("{s:s,s:[{s:s,s:s}]}", "phase", "Running", "conditions", "type", "Ready",
		                              "status", "True"));
		store_update_status(w->store, lab_resource_kind("Pod"), pod, NULL, NULL);
	}
	json_decref(list);
	turns(w, 5);
}

static void deployments_roll(void **state)
{
	struct world *w = *state;
	const char *path = "/apis/apps/v1/namespaces/default/deployments";
	w->deployments = deployments_create(w->loop, w->store);
	assert_int_equal(ask(w, "POST", path, DEPLOYMENT("one")), 201);
	turns(w, 5);
	ask(w, "GET", PODS, NULL);
	assert_int_equal(json_array_size(json_object_get(w->answer, "items")), 3);
	set_all_ready(w);
	ask(w, "GET", "/apis/apps/v1/namespaces/default/deployments/d", NULL);
	assert_int_equal(json_walk_int(w->answer, 0, "status", "availableReplicas", NULL), 3);
	w->type = "application/merge-patch+json";
	assert_int_equal(
	        ask(w, "PATCH", "/apis/apps/v1/namespaces/default/deployments/d",
	            "{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"two\"}]}}}}"),
	        200);
	for (int i = 0; i < 10; i++) { /* never fewer than two serve, never more than four are there */
		size_t k, there = 0, ready = 0;
		json_t *pod;
		turns(w, 5);
		ask(w, "GET", PODS, NULL);
		json_array_foreach (json_object_get(w->answer, "items"), k, pod) {
			there++;
			ready += strcmp(json_walk_str(pod, "status", "phase", NULL), "Running") == 0;
		}
		assert_true(there <= 4 && ready >= 3);
		set_all_ready(w);
	}
	ask(w, "GET", PODS, NULL);
	assert_int_equal(json_array_size(json_object_get(w->answer, "items")), 3);
	assert_null(strstr(w->text, "\"image\":\"one\""));
	ask(w, "GET", "/apis/apps/v1/namespaces/default/deployments/d", NULL);
	assert_string_equal(
	        json_walk_str(w->answer, "metadata", "annotations", "deployment.kubernetes.io/revision", NULL), "2");
	assert_int_equal(json_walk_int(w->answer, 0, "status", "updatedReplicas", NULL), 3);
	assert_int_equal(
	        ask(w, "PATCH", "/apis/apps/v1/namespaces/default/deployments/d/scale", "{\"spec\":{\"replicas\":0}}"),
	        200);
	assert_string_equal(json_walk_str(w->answer, "kind", NULL), "Scale");
	turns(w, 5);
	ask(w, "GET", PODS, NULL);
	assert_int_equal(json_array_size(json_object_get(w->answer, "items")), 0);
	ask(w, "DELETE", "/apis/apps/v1/namespaces/default/deployments/d", NULL);
	turns(w, 5);
	ask(w, "GET", "/apis/apps/v1/replicasets", NULL);
	assert_int_equal(json_array_size(json_object_get(w->answer, "items")), 0);
}

static void shares(void **state)
{
	json_t *percent = json_string("25%"), *number = json_integer(2);
	(void)state;
	assert_int_equal(deployment_share(percent, 3, true), 1);
	assert_int_equal(deployment_share(percent, 3, false), 0);
	assert_int_equal(deployment_share(percent, 8, true), 2);
	assert_int_equal(deployment_share(number, 8, true), 2);
	assert_int_equal(deployment_share(NULL, 8, true), 0);
	json_decref(percent);
	json_decref(number);
}

/* ---- over sockets ---- */

static int64_t now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int dial(struct world *w)
{
	struct sockaddr_in address = {
	        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)w->port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	return fd;
}

/* Turns the loop until `part` has come, or the other side closed, or 5 s have passed. */
static bool hear(struct world *w, int fd, struct str *heard, const char *part)
{
	char buffer[65536];
	int64_t end = now_us() + 5000000;
	while (now_us() < end) {
		loop_turn(w->loop, false);
		ssize_t n = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
		if (n > 0)
			str_append_n(heard, buffer, (size_t)n);
		if (part && heard->len && strstr(heard->data, part))
			return true;
		if (n == 0 || (n < 0 && errno != EAGAIN))
			return part == NULL;
	}
	return false;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static char *exchange(struct world *w, const char *request)
{
	struct str heard = {0};
	int fd = dial(w);
	say(fd, request);
	hear(w, fd, &heard, "\r\n\r\n");
	close(fd);
	turns(w, 3);
	return str_take(&heard);
}

static void lets_in_whom_it_should(void **state)
{
	static const struct {
		const char *request;
		int status;
	} cases[] = {
	        {"GET /" ADMIN "/version HTTP/1.1\r\nHost: 127.0.0.1:99\r\n\r\n", 200},
	        {"GET /" OWNER "/api/v1/pods HTTP/1.1\r\nHost: localhost\r\n\r\n", 200},
	        {"GET /" OWNER "/api/v1/nodes HTTP/1.1\r\nHost: localhost:1\r\n\r\n", 403},
	        {"GET /" ADMIN "/api/v1/nodes HTTP/1.1\r\nHost: localhost\r\nImpersonate-User: cluster-admin\r\n\r\n",
	         200},
	        {"GET /" ADMIN "/api/v1/pods HTTP/1.1\r\nHost: localhost\r\nImpersonate-User: workload-owner\r\n\r\n",
	         200},
	        {"GET /" ADMIN "/api/v1/nodes HTTP/1.1\r\nHost: localhost\r\nImpersonate-User: workload-owner\r\n\r\n",
	         403},
	        {"GET /" ADMIN "/api/v1/pods HTTP/1.1\r\nHost: localhost\r\nImpersonate-User: nobody\r\n\r\n", 403},
	        {"GET /" OWNER "/api/v1/pods HTTP/1.1\r\nHost: localhost\r\nImpersonate-User: cluster-admin\r\n\r\n",
	         403},
	        {"GET /version HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 404},
	        {"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 404},
	        {"GET /0123456789abcdef0123456789abcdee/version HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 404},
	        {"GET /0123456789abcdef0123456789abcde/version HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 404},
	        {"GET /" ADMIN "x/version HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 404},
	        {"GET /" ADMIN "/version HTTP/1.1\r\nHost: evil.example\r\n\r\n", 404},
	        {"GET /" ADMIN "/version HTTP/1.1\r\nHost: 127.0.0.1.evil.example\r\n\r\n", 404},
	        {"GET /" ADMIN "/version HTTP/1.1\r\nHost: localhost:80:80\r\n\r\n", 404},
	        {"POST /" ADMIN NS " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n", 413},
	};
	struct world *w = *state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int64_t status = 0;
		char *heard = exchange(w, cases[i].request), digits[4] = "";
		if (strlen(heard) > 12)
			memcpy(digits, heard + 9, 3);
		text_to_int(digits, 0, 999, &status);
		if (status != cases[i].status)
			fail_msg("%s\ngot %s", cases[i].request, heard);
		if (status == 404 && !strstr(heard, "Content-Length: 0\r\n"))
			fail_msg("a 404 that says more than nothing: %s", heard);
		free(heard);
	}
}

static void large_bodies_and_long_urls(void **state)
{
	struct world *w = *state;
	struct str request = {0}, heard = {0};
	char *fill = mem_alloc(API_BODY_MAX + 2);
	memset(fill, ' ', API_BODY_MAX + 1);
	int fd = dial(w);
	/* a body just below the limit, without having said its length before */
	str_append_f(&request,
	             "POST /" ADMIN NS " HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n%zx\r\n",
	             API_BODY_MAX + 1);
	say(fd, str_text(&request));
	for (size_t at = 0; at <= API_BODY_MAX;) {
		ssize_t n = send(fd, fill + at, API_BODY_MAX + 1 - at, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n > 0)
			at += (size_t)n;
		loop_turn(w->loop, false);
	}
	say(fd, "\r\n0\r\n\r\n");
	assert_true(hear(w, fd, &heard, "413"));
	close(fd);
	str_clear(&request);
	memset(fill, 'a', 200000);
	fill[200000] = '\0';
	str_append_f(&request, "GET /" ADMIN "/version?%s HTTP/1.1\r\nHost: localhost\r\n\r\n", fill);
	fd = dial(w);
	str_clear(&heard);
	(void)!send(fd, request.data, request.len, MSG_DONTWAIT | MSG_NOSIGNAL);
	hear(w, fd, &heard, "HTTP/1.1");
	assert_null(strstr(str_text(&heard), "gitVersion"));
	close(fd);
	char *still = exchange(w, "GET /" ADMIN "/version HTTP/1.1\r\nHost: localhost\r\n\r\n");
	assert_non_null(strstr(still, "200 OK"));
	free(still);
	free(fill);
	str_finish(&request);
	str_finish(&heard);
}

/* Those who say half a request, or take nothing of an answer, hold nobody up; too many are turned away, and the rest served. */
static void slow_clients(void **state)
{
	struct world *w = *state;
	int fds[230];
	for (int i = 0; i < 150; i++) {
		fds[i] = dial(w);
		say(fds[i], i % 2 ? "GET /" ADMIN "/version HTTP/1.1\r\nHos"
		                  : "GET /" ADMIN "/api/v1/events?watch=true HTTP/1.1\r\nHost: localhost\r\n\r\n");
	}
	turns(w, 50);
	int64_t start = now_us();
	char *heard = exchange(w, "GET /" ADMIN "/version HTTP/1.1\r\nHost: localhost\r\n\r\n");
	assert_non_null(strstr(heard, "200 OK"));
	assert_true(now_us() - start < 1000000);
	free(heard);
	for (int i = 150; i < 230; i++)
		fds[i] = dial(w);
	turns(w, 50);
	for (int i = 0; i < 230; i++)
		close(fds[i]);
	turns(w, 50);
	heard = exchange(w, "GET /" ADMIN "/version HTTP/1.1\r\nHost: localhost\r\n\r\n"); /* and they are forgotten */
	assert_non_null(strstr(heard, "200 OK"));
	free(heard);
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

/* From the write in the store to the watcher's bytes. */
static void watch_latency(void **state)
{
	struct world *w = *state;
	struct str heard = {0};
	int64_t times[50];
	int fd = dial(w);
	say(fd, "GET /" ADMIN "/api/v1/configmaps?watch=true HTTP/1.1\r\nHost: localhost\r\n\r\n");
	assert_true(hear(w, fd, &heard, "\r\n\r\n")); /* the headers, before anything has happened */
	assert_null(strstr(heard.data, "ADDED"));
	for (int i = 0; i < 50; i++) {
		char name[32];
		snprintf(name, sizeof name, "\"name\":\"c%d\"", i);
		json_t *object =
		        json_pack("{s:{s:s,s:o}}", "metadata", "namespace", "default", "name", json_sprintf("c%d", i));
		int64_t start = now_us();
		store_add(w->store, lab_resource_kind("ConfigMap"), object, NULL, NULL);
		assert_true(hear(w, fd, &heard, name));
		times[i] = now_us() - start;
		json_decref(object);
	}
	qsort(times, 50, sizeof *times, compare);
	print_message("# store to watcher: median %lld us, worst %lld us\n", (long long)times[25],
	              (long long)times[49]);
	assert_true(times[25] < 5000);
	close(fd);
	str_finish(&heard);
}

/* A watcher that takes nothing is cut off in the end, and its memory is free again. */
static void watcher_that_sleeps(void **state)
{
	struct world *w = *state;
	struct str heard = {0};
	char *big = mem_alloc(400001);
	int fd = dial(w);
	memset(big, 'x', 400000);
	say(fd, "GET /" ADMIN "/api/v1/configmaps?watch=true HTTP/1.1\r\nHost: localhost\r\n\r\n");
	assert_true(hear(w, fd, &heard, "\r\n\r\n"));
	for (int i = 0; i < 60; i++) { /* 24 MB, more than sockets and the limit hold */
		json_t *object = json_pack("{s:{s:s,s:o},s:{s:s}}", "metadata", "namespace", "default", "name",
		                           json_sprintf("big%d", i), "data", "k", big);
		assert_true(store_add(w->store, lab_resource_kind("ConfigMap"), object, NULL, NULL));
		json_decref(object);
		loop_turn(w->loop, false);
	}
	assert_true(hear(w, fd, &heard, NULL));           /* the end of the connection */
	assert_null(strstr(heard.data, "\r\n0\r\n\r\n")); /* which does not look like an end of the watch */
	assert_true(heard.len < (size_t)22 << 20);
	assert_null(strstr(heard.data, "big59"));
	close(fd);
	free(big);
	str_finish(&heard);
}

/* A watcher that left is noticed; one with a deadline ends cleanly. */
static void watcher_that_leaves(void **state)
{
	struct world *w = *state;
	struct str heard = {0};
	int fd = dial(w), other = dial(w);
	say(fd, "GET /" ADMIN "/api/v1/configmaps?watch=true&timeoutSeconds=1 HTTP/1.1\r\nHost: localhost\r\n\r\n");
	say(other, "GET /" ADMIN "/api/v1/configmaps?watch=true HTTP/1.1\r\nHost: localhost\r\n\r\n");
	assert_true(hear(w, fd, &heard, "\r\n\r\n"));
	close(other);
	turns(w, 5);
	assert_true(hear(w, fd, &heard, "\r\n0\r\n\r\n")); /* the deadline, and a clean end */
	close(fd);
	str_finish(&heard);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(discovers, setup, teardown),
	        cmocka_unit_test(openapi_is_as_recorded),
	        cmocka_unit_test_setup_teardown(creates_and_reads, setup, teardown),
	        cmocka_unit_test_setup_teardown(refuses, setup, teardown),
	        cmocka_unit_test_setup_teardown(takes_unknown_fields_out, setup, teardown),
	        cmocka_unit_test_setup_teardown(pods_are_fixed, setup, teardown),
	        cmocka_unit_test_setup_teardown(takes_protobuf, setup, teardown),
	        cmocka_unit_test_setup_teardown(two_users, setup, teardown),
	        cmocka_unit_test_setup_teardown(watches, setup, teardown),
	        cmocka_unit_test_setup_teardown(watches_with_a_selector, setup, teardown),
	        cmocka_unit_test_setup_teardown(namespaces_take_their_contents_along, setup, teardown),
	        cmocka_unit_test_setup_teardown(deployments_roll, setup, teardown),
	        cmocka_unit_test(shares),
	        cmocka_unit_test_setup_teardown(lets_in_whom_it_should, setup, teardown),
	        cmocka_unit_test_setup_teardown(large_bodies_and_long_urls, setup, teardown),
	        cmocka_unit_test_setup_teardown(slow_clients, setup, teardown),
	        cmocka_unit_test_setup_teardown(watch_latency, setup, teardown),
	        cmocka_unit_test_setup_teardown(watcher_that_sleeps, setup, teardown),
	        cmocka_unit_test_setup_teardown(watcher_that_leaves, setup, teardown),
	};
	return cmocka_run_group_tests_name("api", tests, NULL, NULL);
}
