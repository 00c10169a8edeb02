/* openapi: the least /openapi/v2 document, in protobuf, that every kubectl is content with: nothing but one PATCH operation
 * a kind, which says that it takes dryRun and fieldValidation. Format: gnostic's OpenAPIv2.proto; messages that follow one
 * another merge into one document.
 */
#include <string.h>

#include "lab/api/private.h"

static void put_varint(struct str *out, size_t value)
{
	for (; value >= 0x80; value >>= 7)
		str_append_c(out, (char)(value | 0x80));
	str_append_c(out, (char)value);
}

static void put_bytes(struct str *out, int field, const char *bytes, size_t size)
{
	put_varint(out, (size_t)field << 3 | 2);
	put_varint(out, size);
	str_append_n(out, bytes, size);
}

static void put_text(struct str *out, int field, const char *text)
{
	put_bytes(out, field, text, strlen(text));
}

/* Wraps `inner` as a message under `field` of `out`, and empties it. */
static void put_message(struct str *out, int field, struct str *inner)
{
	put_bytes(out, field, str_text(inner), inner->len);
	str_finish(inner);
}

/* ParametersItem{1: Parameter{2: NonBodyParameter{3: QueryParameterSubSchema{2: in, 4: name, 6: type}}}} */
static void put_parameter(struct str *operation, const char *name)
{
	struct str schema = {0}, non_body = {0}, parameter = {0}, item = {0};
	put_text(&schema, 2, "query");
	put_text(&schema, 4, name);
	put_text(&schema, 6, "string");
	put_message(&non_body, 3, &schema);
	put_message(&parameter, 2, &non_body);
	put_message(&item, 1, &parameter);
	put_message(operation, 8, &item);
}

/* NamedAny{1: name, 2: Any{2: yaml}} */
static void put_kind(struct str *operation, const struct lab_resource *row)
{
	struct str yaml = {0}, any = {0}, named = {0};
	str_append_f(&yaml, "group: \"%s\"\nversion: %s\nkind: %s\n", row->group, row->version, row->kind);
	put_message(&any, 2, &yaml);
	put_text(&named, 1, "x-kubernetes-group-version-kind");
	put_message(&named, 2, &any);
	put_message(operation, 13, &named);
}

void openapi_v2(struct str *out)
{
	for (const struct lab_resource *row = lab_resources; row->kind; row++) {
		struct str operation = {0}, item = {0}, named = {0}, paths = {0}, path = {0};
		if (row->is_pending || !lab_resource_has_verb(row, "patch"))
			continue;
		put_parameter(&operation, "dryRun");
		put_parameter(&operation, "fieldValidation");
		put_kind(&operation, row);
		put_message(&item, 8, &operation);
		str_append_f(&path, "/%d", (int)(row - lab_resources));
		put_message(&named, 1, &path);
		put_message(&named, 2, &item);
		put_message(&paths, 2, &named);
		put_message(out, 8, &paths);
	}
}
