/* schema: what the fields of the built-in kinds are, in one table for four uses: protobuf bodies (numbers), strict
 * decoding (names and types), strategic merge patch and server-side apply (keys of lists). Facts: Kubernetes' API
 * reference and its generated.proto files, release 1.36.
 */
#ifndef LAB_API_SCHEMA_H
#define LAB_API_SCHEMA_H

#include "onesdn/base.h"

enum schema_type {
	SCHEMA_STRING,
	SCHEMA_INT,
	SCHEMA_BOOL,
	SCHEMA_BYTES,
	SCHEMA_OBJECT,
	SCHEMA_INT_OR_STRING,
	SCHEMA_TIME,
	SCHEMA_QUANTITY,
	SCHEMA_ANY
};
enum { SCHEMA_LIST = 1, SCHEMA_MAP = 2, SCHEMA_POINTER = 4 };
struct lab_schema;
struct schema_field {
	const char *name;
	int number; /* protobuf's; 0: not understood in protobuf */
	enum schema_type type;
	int shape; /* 0, SCHEMA_LIST, SCHEMA_MAP (text to type), SCHEMA_POINTER (Go tells zero from none) */
	const struct lab_schema *object; /* SCHEMA_OBJECT: its fields; NULL: any */
	const char *merge_key;           /* of a list: "name"; "=": a set of plain values; NULL: replaced as a whole */
};
struct lab_schema {
	const char *name;                  /* "Container", as Go names it */
	const struct schema_field *fields; /* ends with name NULL */
};
extern const struct lab_schema schema_pod, schema_deployment, schema_replicaset, schema_namespace, schema_configmap,
        schema_secret, schema_serviceaccount, schema_service, schema_node, schema_nad, schema_access_review,
        schema_rules_review, schema_self_review, schema_scale;

const struct schema_field *schema_field(const struct lab_schema *schema, const char *name); /* schema NULL: NULL */
const struct schema_field *schema_field_number(const struct lab_schema *schema, int number);

/* Drops the fields of `object` that are not known (and those that are null) and says them in `unknown`, as
 * `unknown field "spec.foo", unknown field ...`. False and the decoder's sentence when a value has the wrong type. */
bool schema_check(const struct lab_schema *schema, json_t *object, struct str *unknown, struct err *err);

#endif
