/* How the three formats of cni read their JSON: text of a bounded size, fields of the right type or a sentence. Private. */
#ifndef CNI_FIELDS_H
#define CNI_FIELDS_H

#include "onesdn/cni.h"

/* The document, or NULL and a sentence that begins with `what`. */
json_t *cni_document(const char *text, const char *what, struct err *err);
/* Absent and null give "" (0, false, nothing); another type is an error. What is given out is the caller's. */
bool cni_field_text(const json_t *object, const char *key, char **out, struct err *err);
bool cni_field_int(const json_t *object, const char *key, int high, int *out, struct err *err);
bool cni_field_bool(const json_t *object, const char *key, bool *out, struct err *err);
/* An array of texts, appended to the vector (of char *) that the three pointers make up. */
struct cni_text_list {
	char ***data;
	size_t *len, *cap;
};
#define CNI_LIST(v) ((struct cni_text_list){&(v)->data, &(v)->len, &(v)->cap})
bool cni_field_texts(const json_t *object, const char *key, struct cni_text_list list, struct err *err);
void cni_texts_finish(struct cni_text_list list);
void cni_append_quoted(struct str *out, const char *text); /* as a JSON string; what is no UTF-8 becomes U+FFFD */

#endif
