/* kinds: what the rows of resources.c point at: columns of kubectl's tables and admission. Private to api/. */
#ifndef LAB_API_KINDS_H
#define LAB_API_KINDS_H

#include "lab/api/schema.h"
#include "lab/store.h"

extern const struct lab_column columns_pod[], columns_node[], columns_namespace[], columns_event[],
        columns_deployment[], columns_replicaset[], columns_configmap[], columns_secret[], columns_serviceaccount[],
        columns_service[], columns_crd[], columns_vm[], columns_vmi[], columns_nncp[], columns_nnce[], columns_nns[];

/* lab_resource.admit */
bool admit_any(json_t *object, const json_t *old, struct err *err); /* only the name */
bool admit_namespace(json_t *object, const json_t *old, struct err *err);
bool admit_pod(json_t *object, const json_t *old, struct err *err);
bool admit_deployment(json_t *object, const json_t *old, struct err *err);
bool admit_replicaset(json_t *object, const json_t *old, struct err *err);
bool admit_secret(json_t *object, const json_t *old, struct err *err);
bool admit_service(json_t *object, const json_t *old, struct err *err);
bool admit_nad(json_t *object, const json_t *old, struct err *err);
bool admit_vm(json_t *object, const json_t *old, struct err *err);
bool admit_vmi(json_t *object, const json_t *old, struct err *err);
bool admit_policy(json_t *object, const json_t *old, struct err *err);
bool admit_nncp(json_t *object, const json_t *old, struct err *err);
void namespace_deleting(json_t *object);

/* ---- for admission: what is wrong, a line each ---- */
struct faults {
	struct str lines;
};
void faults_add(struct faults *faults, const char *field, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void faults_invalid(struct faults *faults, const char *field, const char *value,
                    const char *why);                    /* Invalid value: "value": why */
bool faults_end(struct faults *faults, struct err *err); /* true when there are none; frees */
#define NAME_SUBDOMAIN                                                                                                 \
	"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must "     \
	"start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "              \
	"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
#define NAME_LABEL                                                                                                     \
	"a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and "    \
	"end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "             \
	"'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
void admit_metadata(const json_t *object, bool is_label, struct faults *faults);
/* Defaults and checks of a PodSpec at `path` ("spec", "spec.template.spec"). */
void admit_pod_spec(json_t *spec, const char *path, struct faults *faults);
json_t *object_at(json_t *parent, const char *key); /* the object under key, made when missing; borrowed */
void set_default(json_t *object, const char *key, json_t *value); /* takes over value */
void set_default_text(json_t *object, const char *key, const char *value);

#endif
