/* policy_bench: verdicts for every ordered pair of 1,000 workloads under 200 policies, in time and memory, in both profiles.
 *
 * policy_bench heavy: policies of 50 blocks with excepts each way and selectors with many values, each of all pods of its namespace, none
 * of which allows the port. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "onesdn/policy.h"

enum { WORKLOADS = 1000, POLICIES = 200, NAMESPACES = 10, PORT = 9000 };

static double now_s(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static json_t *make(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static json_t *make(const char *fmt, ...)
{
	struct str text = {0};
	va_list args;
	va_start(args, fmt);
	str_append_v(&text, fmt, args);
	va_end(args);
	json_t *object = json_parse(str_text(&text), text.len, "bench", NULL);
	str_finish(&text);
	if (!object)
		abort();
	return object;
}

static json_t *make_nad(int ns)
{
	return make(
	        "{\"apiVersion\":\"k8s.cni.cncf.io/v1\",\"kind\":\"NetworkAttachmentDefinition\",\"metadata\":{\"name\":\"net\","
	        "\"namespace\":\"ns%d\"},\"spec\":{\"config\":\"{\\\"cniVersion\\\":\\\"0.3.1\\\",\\\"name\\\":\\\"green\\\","
	        "\\\"netAttachDefName\\\":\\\"ns%d/net\\\",\\\"topology\\\":\\\"layer2\\\",\\\"subnets\\\":\\\"10.8.0.0/16\\\","
	        "\\\"type\\\":\\\"ovn-k8s-cni-overlay\\\"}\"}}",
	        ns, ns);
}

static json_t *make_pod(int i)
{
	int ns = i % NAMESPACES;
	return make(
	        "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"pod%d\",\"namespace\":\"ns%d\",\"labels\":{\"app\":\"a%d\","
	        "\"tier\":\"t%d\"},\"annotations\":{\"k8s.v1.cni.cncf.io/networks\":\"net\",\"k8s.v1.cni.cncf.io/network-status\":"
	        "\"[{\\\"name\\\":\\\"ns%d/net\\\",\\\"interface\\\":\\\"net1\\\",\\\"ips\\\":[\\\"10.8.%d.%d\\\"]}]\"}},"
	        "\"status\":{\"phase\":\"Running\"}}",
	        i, ns, i % 20, i % 3, ns, i / 250, i % 250 + 1);
}

static json_t *make_policy(int i)
{
	return make(
	        "{\"apiVersion\":\"k8s.cni.cncf.io/v1beta1\",\"kind\":\"MultiNetworkPolicy\",\"metadata\":{\"name\":\"p%d\",\"namespace\":\"ns%d\","
	        "\"annotations\":{\"k8s.v1.cni.cncf.io/policy-for\":\"net\"}},\"spec\":{\"podSelector\":{\"matchLabels\":{\"app\":\"a%d\"}},"
	        "\"policyTypes\":[\"Ingress\",\"Egress\"],\"ingress\":[{\"from\":[{\"podSelector\":{\"matchExpressions\":[{\"key\":\"tier\","
	        "\"operator\":\"In\",\"values\":[\"t1\",\"t2\"]}]},\"namespaceSelector\":{}},{\"ipBlock\":{\"cidr\":\"10.8.%d.0/24\",\"except\":"
	        "[\"10.8.%d.0/28\"]}}],\"ports\":[{\"port\":9000},{\"port\":80,\"endPort\":90}]}],\"egress\":[{\"to\":[{\"namespaceSelector\":"
	        "{\"matchLabels\":{\"team\":\"x%d\"}}},{\"ipBlock\":{\"cidr\":\"10.8.0.0/17\"}}]}]}}",
	        i, i % NAMESPACES, i / NAMESPACES, i % 4, i % 4, i % 3);
}

/* "[VALUE, VALUE...]": the text that `fmt` makes of 0 to n - 1. */
static char *make_list(int n, int seed, bool is_block)
{
	struct str text = {0};
	for (int i = 0; i < n; i++) {
		int at = (seed * 7 + i * 5) % 250;
		if (is_block)
			str_append_f(&text,
			             "%s{\"ipBlock\":{\"cidr\":\"10.8.%d.0/26\",\"except\":[\"10.8.%d.%d/31\",\"10.8.%d.%d/30\","
			             "\"10.8.%d.%d/29\"]}}",
			             i ? "," : "", i % 4, i % 4, at & ~1, i % 4, at & ~3, i % 4, at & ~7);
		else
			str_append_f(&text, "%s\"v%d\"", i ? "," : "", at);
	}
	return str_take(&text);
}

static json_t *make_heavy_policy(int i)
{
	char *blocks = make_list(50, i, true), *values = make_list(100, i, false);
	json_t *policy = make(
	        "{\"apiVersion\":\"k8s.cni.cncf.io/v1beta1\",\"kind\":\"MultiNetworkPolicy\",\"metadata\":{\"name\":\"p%d\",\"namespace\":\"ns%d\","
	        "\"annotations\":{\"k8s.v1.cni.cncf.io/policy-for\":\"net\"}},\"spec\":{\"podSelector\":{\"matchExpressions\":[{\"key\":\"app\","
	        "\"operator\":\"NotIn\",\"values\":[%s]}]},\"policyTypes\":[\"Ingress\",\"Egress\"],\"ingress\":[{\"from\":[%s]},"
	        "{\"from\":[{\"namespaceSelector\":{\"matchExpressions\":[{\"key\":\"team\",\"operator\":\"In\",\"values\":[%s]}]}}]}],"
	        "\"egress\":[{\"to\":[%s]}]}}",
	        i, i % NAMESPACES, values, blocks, values, blocks);
	free(blocks);
	free(values);
	return policy;
}

int main(int argc, char **argv)
{
	bool is_heavy = argc > 1 && strcmp(argv[1], "heavy") == 0;
	VEC(json_t *) objects = {0};
	for (int i = 0; i < NAMESPACES; i++) {
		vec_push(
		        &objects,
		        make("{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"ns%d\",\"labels\":{\"team\":\"x%d\"}}}",
		             i, i % 3));
		vec_push(&objects, make_nad(i));
	}
	for (int i = 0; i < WORKLOADS; i++)
		vec_push(&objects, make_pod(i));
	for (int i = 0; i < POLICIES; i++)
		vec_push(&objects, is_heavy ? make_heavy_policy(i) : make_policy(i));
	double begin = now_s();
	struct policy_world *world = policy_world_create((const json_t *const *)objects.data, objects.len);
	double made = now_s();
	size_t n = policy_endpoints(world), n_allowed[POLICY_N_PROFILES] = {0};
	if (n != WORKLOADS) {
		fprintf(stderr, "policy_bench: %zu endpoints instead of %d\n", n, WORKLOADS);
		return 1;
	}
	for (int profile = 0; profile < POLICY_N_PROFILES; profile++)
		for (size_t from = 0; from < n; from++)
			for (size_t to = 0; to < n; to++)
				n_allowed[profile] += from != to && policy_allows(world, from, to, POLICY_TCP, PORT,
				                                                  (enum policy_profile)profile);
	double asked = now_s();
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	printf("%d workloads under %d policies: made ready in %.3f s; %d ordered pairs in %.3f s in each profile (%zu allowed, OVN-Kubernetes "
	       "%zu); %ld MB\n",
	       WORKLOADS, POLICIES, made - begin, WORKLOADS * (WORKLOADS - 1), (asked - made) / POLICY_N_PROFILES,
	       n_allowed[POLICY_SPEC], n_allowed[POLICY_OVNK], usage.ru_maxrss / 1024);
	policy_world_destroy(world);
	for (size_t i = 0; i < objects.len; i++)
		json_decref(objects.data[i]);
	vec_finish(&objects);
	return 0;
}
