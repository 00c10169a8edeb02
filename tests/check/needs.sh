#!/bin/sh
# Which modules each test program links, from its includes and theirs: prints NEEDS_<test> := modules, highest floor first.
# usage: needs.sh MODULES (highest floor first), in the repository's top folder
set -eu
modules=$*
{
	for m in $modules; do
		cat "include/onesdn/$m.h" "src/$m"/*.[ch] "src/$m"/*/*.[ch] 2>/dev/null |
			sed -n 's|^[ \t]*#[ \t]*include "onesdn/\([a-z]*\)\.h".*|M '"$m"' \1|p'
	done
	for t in tests/unit/*.c tests/fuzz/fuzz_*.c tests/pty/*.c tests/bench/*.c tests/lab/*.c tests/cast/*.c; do
		[ -e "$t" ] || continue
		name=${t##*/}
		sed -n 's|^[ \t]*#[ \t]*include "onesdn/\([a-z]*\)\.h".*|T '"${name%.c}"' \1|p; s|^[ \t]*#[ \t]*include "\([a-z]*\)/[a-z/_]*\.h".*|T '"${name%.c}"' \1|p' "$t"
	done
} | sort -u | awk -v order="$modules" '
	BEGIN { n = split(order, ord, " ") }
	$1 == "M" && $2 != $3 { dep[$2] = dep[$2] " " $3 }
	$1 == "T" { test[$2] = test[$2] " " $3 }
	function visit(m,   k, parts, c) {
		if (seen[m]++) return
		c = split(dep[m], parts, " ")
		for (k = 1; k <= c; k++) visit(parts[k])
	}
	END {
		for (t in test) {
			split("", seen)
			c = split(test[t], list, " ")
			for (i = 1; i <= c; i++) visit(list[i])
			visit("base")
			line = "NEEDS_" t " :="
			for (i = 1; i <= n; i++) if (ord[i] in seen) line = line " " ord[i]
			print line
		}
	}' | sort
