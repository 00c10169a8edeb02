#!/bin/sh
# Each face compiles alone, is at most 200 lines, and opens with a comment.
set -u
cd "$(dirname "$0")/../.." || exit 2
n=0 failed=0
flags="$(pkg-config --cflags jansson 2>/dev/null)"
for face in include/onesdn/*.h; do
	n=$((n + 1))
	why=
	# shellcheck disable=SC2086 # flags are words
	out=$("${CC:-gcc}" -std=c11 -D_GNU_SOURCE -Iinclude $flags -Wall -Wextra -fsyntax-only -x c "$face" 2>&1 | grep -v 'pragma once\|#pragma' | head -5)
	[ -z "$out" ] || why="does not compile alone: $out"
	[ "$(wc -l <"$face")" -le 200 ] || why="has more than 200 lines: two modules"
	case $(head -c 2 "$face") in '/*') ;; *) why="does not open with what it is" ;; esac
	if [ -z "$why" ]; then echo "ok $n - $face"; else echo "not ok $n - $face $why"; failed=1; fi
done
echo "1..$n"
exit $failed
