# shellcheck shell=bash
# The container engine: $OCI_BIN, else docker or podman, whichever answers. To be sourced.
find_engine() {
	local each
	for each in ${OCI_BIN:-docker podman}; do
		command -v "$each" >/dev/null && "$each" ps >/dev/null 2>&1 && echo "$each" && return 0
	done
	return 1
}
