/* image: the images there are. The lab has no registry: an image is a built-in program of the talk's under its usual name.
 * The table is the place for further ones.
 */
#ifndef LAB_IMAGE_H
#define LAB_IMAGE_H

#include "onesdn/base.h"

struct image {
	const char *repository;       /* the end of the name, before the tag: "e2e-test-images/agnhost" */
	const char *program;          /* the entrypoint inside the container */
	const char *const *entry;     /* NULL-terminated: the entrypoint's argv */
	const char *const *arguments; /* NULL-terminated: used when the pod gives neither command nor args */
	const char *example;          /* for messages */
};
/* "registry/path/name:tag" or with @digest. NULL when there is none. */
const struct image *image_find(const char *reference);
void image_id(const struct image *image, const char *reference,
              struct str *out);         /* status.containerStatuses[].imageID */
void image_list(struct str *out);       /* the names there are, for messages */
const struct image *image_at(size_t i); /* NULL after the last */

#endif
