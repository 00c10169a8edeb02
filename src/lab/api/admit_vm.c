/* admit_vm: what KubeVirt's webhooks check of VirtualMachines and their instances, in their words where they have some. */
#include <stdlib.h>
#include <string.h>

#include "lab/api/kinds.h"
#include "lab/vm/spec.h"

static void check_spec(const json_t *spec, const char *path, struct faults *faults)
{
	struct vm_nics nics;
	struct err err = {0};
	size_t i;
	json_t *disk;
	if (!json_is_object(spec)) {
		faults_add(faults, path, "Required value");
		return;
	}
	if (!json_is_object(json_object_get(spec, "domain"))) {
		faults_add(faults, path, "Invalid value: domain is required");
		return;
	}
	if (!vm_nics_read(spec, path, &nics, &err)) {
		size_t len = strcspn(err.text, ":");
		char *field = mem_strndup(err.text, len);
		faults_add(faults, field, "%s", err.text[len] ? err.text + len + 2 : "");
		free(field);
	}
	json_array_foreach (json_walk(spec, "domain", "devices", "disks", NULL), i, disk) {
		const char *name = json_walk_str(disk, "name", NULL);
		size_t k;
		json_t *volume;
		bool has = false;
		json_array_foreach (json_object_get(spec, "volumes"), k, volume)
			has = has || strcmp(json_walk_str(volume, "name", NULL), name) == 0;
		char *field = mem_printf("%s.domain.devices.disks[%zu].name", path, i);
		if (!has)
			faults_add(faults, field, "'%.63s' not found.", name);
		free(field);
	}
}

bool admit_vmi(json_t *object, const json_t *old, struct err *err)
{
	struct faults faults = {0};
	admit_metadata(object, false, &faults);
	check_spec(json_object_get(object, "spec"), "spec", &faults);
	if (old && !json_equal(json_object_get(object, "spec"), json_object_get(old, "spec")))
		faults_add(&faults, "spec", "update of VMI object is restricted");
	return faults_end(&faults, err);
}

static void check_strategy(const json_t *spec, struct faults *faults)
{
	static const char *const strategies[] = {"Always", "Halted", "Manual", "RerunOnFailure", "Once"};
	const json_t *running = json_object_get(spec, "running"), *strategy = json_object_get(spec, "runStrategy");
	bool is_known = !strategy;
	for (size_t i = 0; i < sizeof strategies / sizeof *strategies; i++)
		is_known = is_known || strcmp(json_walk_str(spec, "runStrategy", NULL), strategies[i]) == 0;
	if (running && strategy)
		faults_add(faults, "spec.running",
		           "Running and RunStrategy are mutually exclusive. Note that Running is deprecated, please "
		           "use RunStrategy instead");
	else if (!running && !strategy)
		faults_add(faults, "spec.running", "One of Running or RunStrategy must be specified");
	else if (running && !json_is_boolean(running))
		faults_add(faults, "spec.running", "Invalid value: must be true or false");
	else if (!is_known)
		faults_invalid(faults, "spec.runStrategy", json_walk_str(spec, "runStrategy", NULL),
		               "must be one of Always, Halted, Manual, RerunOnFailure, Once");
}

bool admit_vm(json_t *object, const json_t *old, struct err *err)
{
	struct faults faults = {0};
	const json_t *spec = json_object_get(object, "spec");
	(void)old;
	admit_metadata(object, false, &faults);
	if (strlen(json_walk_str(object, "metadata", "name", NULL)) > 57)
		faults_add(&faults, "metadata.name",
		           "the launcher pod's name, which is made of it, would be too long: at most 57 characters");
	check_strategy(spec, &faults);
	check_spec(json_walk(spec, "template", "spec", NULL), "spec.template.spec", &faults);
	return faults_end(&faults, err);
}
