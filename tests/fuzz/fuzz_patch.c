/* Patches of every kind on objects of every kind: three JSON documents, one a line: target, patch, schema's kind as text.
 * Also protobuf bodies, when the input starts as they do.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lab/api/patch.h"
#include "lab/api/private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static json_t *line_of(const char **at, const char *end)
{
	const char *newline = memchr(*at, '\n', (size_t)(end - *at));
	size_t len = newline ? (size_t)(newline - *at) : (size_t)(end - *at);
	json_t *value = json_loadb(*at, len, JSON_DECODE_ANY, NULL);
	*at = newline ? newline + 1 : end;
	return value;
}

static void apply(const json_t *target, const json_t *config, const struct lab_resource *row)
{
	json_t *conflicts = NULL, *again = NULL;
	struct err err;
	if (!json_is_object(config) || !json_is_object(json_object_get(config, "metadata")) ||
	    (target && !json_is_object(json_object_get(target, "metadata"))))
		return;
	json_t *object = apply_merge(target, config, row, "fuzz", true, &conflicts, &err);
	if (object && json_is_object(json_object_get(object, "metadata"))) {
		again = apply_merge(object, config, row, "fuzz", false, &conflicts, &err);
		json_t *other = json_deep_copy(object);
		json_object_set_new(other, "spec", json_object());
		apply_note_update(other, object, row, "other", "");
		json_decref(other);
	}
	json_decref(again);
	json_decref(object);
	json_decref(conflicts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *at = (const char *)data, *end = at + size;
	struct err err;
	if (size >= 4 && memcmp(data, "k8s\0", 4) == 0) {
		json_decref(protobuf_parse(at, size, &err));
		return 0;
	}
	json_t *target = line_of(&at, end), *patch = line_of(&at, end);
	if (target && patch) {
		const struct lab_resource *row = lab_resource_kind(size % 3 == 0   ? "Deployment"
		                                                   : size % 3 == 1 ? "Pod"
		                                                                   : "NetworkAttachmentDefinition");
		json_t *before = json_deep_copy(target);
		struct str unknown = {0};
		json_decref(patch_merge(target, patch));
		json_decref(patch_json(target, patch, &err));
		json_decref(patch_strategic(target, patch, row->schema, &err));
		if (json_is_object(target))
			apply(target, patch, row);
		apply(NULL, target, row);
		if (!json_equal(before, target)) /* none changes what it was given */
			abort();
		if (json_is_object(target))
			schema_check(row->schema, target, &unknown, &err);
		str_finish(&unknown);
		json_decref(before);
	}
	json_decref(target);
	json_decref(patch);
	return 0;
}
