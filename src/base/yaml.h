/* yaml: what yaml.c and yaml_scalar.c share. */
#ifndef ONESDN_BASE_YAML_H
#define ONESDN_BASE_YAML_H

#include "onesdn/base.h"

/* The value of a scalar: `text` is valid UTF-8, `tag` is as YAML has it in full, "!" for quoted text, NULL for plain text,
 * whose look decides. NULL and err for what JSON cannot hold, an unknown tag, and a text that is not what its tag says. */
json_t *yaml_scalar(const char *text, const char *tag, struct err *err);

#endif
