/* The built-in images. control/pods.c looks them up, control/nodes.c lists them in the nodes' status. */
#include "lab/image.h"

#include <string.h>

static const char *const agnhost_entry[] = {"/agnhost", NULL};
static const char *const agnhost_arguments[] = {"pause", NULL};

static const char *const launcher_entry[] = {"/usr/bin/virt-launcher-monitor", NULL};
static const char *const disk_entry[] = {"/disk/fedora.qcow2", NULL}; /* a disk, nothing that runs */
static const char *const none[] = {NULL};

static const char *const turtles_entry[] = {"/agnhost", "turtles", NULL};
static const char *const no_arguments[] = {NULL};

static const struct image images[] = {
        {"e2e-test-images/agnhost", "/agnhost", agnhost_entry, agnhost_arguments,
         "registry.k8s.io/e2e-test-images/agnhost:2.36"},
        {"rust-turtle-viewer", "/agnhost", turtles_entry, no_arguments, "ghcr.io/maiqueb/rust-turtle-viewer:main"},
        {"pause", "/agnhost", agnhost_entry, agnhost_arguments, "registry.k8s.io/pause:3.9"},
        {"kubevirt/virt-launcher", "/usr/bin/virt-launcher-monitor", launcher_entry, none,
         "quay.io/kubevirt/virt-launcher:v1.3.0"},
        {"containerdisks/fedora", "/disk", disk_entry, none, "quay.io/containerdisks/fedora:40"},
        {"kubevirt/fedora-cloud-container-disk-demo", "/disk", disk_entry, none,
         "quay.io/kubevirt/fedora-cloud-container-disk-demo"},
};

/* Length of the name without tag and digest. */
static size_t name_len(const char *reference)
{
	size_t n = strcspn(reference, "@");
	for (size_t i = n; i > 0 && reference[i - 1] != '/'; i--)
		if (reference[i - 1] == ':')
			return i - 1;
	return n;
}

static bool is_named(const char *reference, size_t len, const char *repository)
{
	size_t n = strlen(repository);
	if (len < n || strncmp(reference + len - n, repository, n) != 0)
		return false;
	return len == n || reference[len - n - 1] == '/';
}

const struct image *image_find(const char *reference)
{
	size_t len = name_len(reference);
	for (size_t i = 0; i < sizeof images / sizeof images[0]; i++)
		if (is_named(reference, len, images[i].repository))
			return &images[i];
	return NULL;
}

void image_id(const struct image *image, const char *reference, struct str *out)
{
	str_append_f(out, "%.*s@onesdn-%s", (int)name_len(reference), reference, ONESDN_VERSION);
	(void)image;
}

void image_list(struct str *out)
{
	for (size_t i = 0; i < sizeof images / sizeof images[0]; i++)
		str_append_f(out, "%s%s", i > 0 ? ", " : "", images[i].example);
}

const struct image *image_at(size_t i)
{
	return i < sizeof images / sizeof images[0] ? &images[i] : NULL;
}
