#!/bin/bash
# What `make lint` runs: the checks of the habits, formatting, static analysis, shell scripts. Prints what it finds and
# ends with status 1 if anything was found.
set -u
cd "$(dirname "$0")/../.." || exit 2
bad=0
need() { command -v "$1" >/dev/null 2>&1 || { echo "lint: $1 is not installed (Debian package $2), skipped" >&2; return 1; }; }
for check in tests/check/check_*.sh; do "$check" | grep -v '^ok' | grep -v '^1\.\.' && bad=1; done
if need clang-format clang-format; then # headers are tables with a comment beside each line, laid out by hand
	git ls-files 'src/*.c' 'tests/*.c' | xargs clang-format --dry-run -Werror 2>&1 |
		sed -n 's/^\([^:]*\.c\):.*error:.*/format: \1/p' | uniq | grep . && bad=1
fi
if need cppcheck cppcheck; then
	# json_walk ends at a NULL, as its callers give it.
	cppcheck -q --std=c11 --enable=warning,portability,performance --inline-suppr --suppress=missingIncludeSystem \
		--suppress=checkersReport --suppress=varFuncNullUB --error-exitcode=1 -j 2 -Iinclude -Isrc -D_GNU_SOURCE \
		--include=tests/check/cppcheck.h src || bad=1
fi
if need clang-tidy clang-tidy; then
	flags="-DONESDN_VERSION='\"0\"' -DONESDN_PREFIX='\"/\"' $(pkg-config --cflags ncursesw jansson libpq)"
	# shellcheck disable=SC2086 # flags are words
	git ls-files 'src/*.c' | xargs -P 2 -n 8 sh -c 'clang-tidy --quiet "$@" -- -std=c11 -D_GNU_SOURCE -Iinclude -Isrc '"$flags"' 2>/dev/null' sh |
		grep -E 'warning:|error:' && bad=1
fi
if need shellcheck shellcheck; then
	mapfile -t scripts < <(git ls-files '*.sh' .ci/run)
	shellcheck -x -P SCRIPTDIR "${scripts[@]}" || bad=1
fi
exit $bad
