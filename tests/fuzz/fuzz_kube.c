/* Kubernetes JSON: a list, a zero byte, then the bytes of a watch, fed in pieces whose sizes the data choose. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "onesdn/kube.h"

static bool look(const json_t *object, void *user)
{
	size_t *n = user;
	const char *reason, *message;
	if (!kube_name(object)[0] || !kube_kind_of(object))
		abort();
	kube_condition(object, "Ready", &reason, &message);
	++*n;
	return true;
}

static void on_change(struct kube *kube, enum kube_change change, const struct kube_kind *kind, const json_t *object,
                      void *user)
{
	(void)user;
	const json_t *stored =
	        kube_find(kube, (enum kube_kind_id)(kind - kube_kinds), kube_ns(object), kube_name(object));
	if (change == KUBE_DELETED ? stored != NULL : stored != object)
		abort();
}

static void feed_watch(struct kube *kube, const char *bytes, size_t size)
{
	struct err err;
	size_t piece = 1;
	while (size > 0) {
		size_t n = piece < size ? piece : size;
		if (!kube_feed_watch(kube, &kube_kinds[KUBE_POD], bytes, n, &err) && !err.text[0])
			abort();
		piece = (unsigned char)bytes[0] % 61 + 1;
		bytes += n;
		size -= n;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kube_options options = {.offline = true, .events = {.on_change = on_change}};
	struct kube *kube = kube_create(NULL, &options);
	const uint8_t *zero = size ? memchr(data, 0, size) : NULL;
	size_t list = zero ? (size_t)(zero - data) : size, n = 0;
	struct err err;
	if (!kube_feed_list(kube, (const char *)data, list, "list", &err) && !err.text[0])
		abort();
	if (zero)
		feed_watch(kube, (const char *)zero + 1, size - list - 1);
	for (int kind = 0; kind < KUBE_N_KINDS; kind++) {
		size_t before = n;
		kube_each(kube, (enum kube_kind_id)kind, look, &n);
		if (n - before != kube_count(kube, (enum kube_kind_id)kind))
			abort();
	}
	kube_destroy(kube);
	return 0;
}
