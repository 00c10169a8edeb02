#!/bin/bash
# A recording of ten minutes, twenty changes of two rows a second in 24-bit colours: how long it takes to read it, and to read it and
# go through it all to its last frame, which is what the farthest jump back in the player does; beside `asciinema cat`, which reads it.
# usage: BUILD=build cast_bench.sh; BENCH_ROUNDS (3)
set -u
cd "$(dirname "$0")/../.." || exit 2
onesdn=${BUILD:-build}/onesdn
rounds=${BENCH_ROUNDS:-3}
made=$(mktemp -d) || exit 2
trap 'rm -rf "$made"' EXIT
awk 'BEGIN {
	print "{\"version\": 2, \"width\": 100, \"height\": 32}"
	for (f = 0; f < 12000; f++) {
		text = ""
		for (r = 0; r < 2; r++) {
			text = text sprintf("\\u001b[%d;1H", (f * 7 + r * 13) % 32 + 1)
			for (k = 0; k < 10; k++) text = text sprintf("\\u001b[0;%d;38;2;%d;%d;7mcell %03d \342\224\200", k % 2, f % 256, k * 25, (f + k) % 1000)
		}
		printf "[%.3f, \"o\", \"%s\"]\n", f / 20, text
	}
}' >"$made/ten.cast"

milliseconds() { # COMMAND...: the median of the rounds
	local start i
	for ((i = 0; i < rounds; i++)); do
		start=$(date +%s%N)
		"$@" >"$made/out" 2>&1 || { echo "failed: $*" >&2; return; }
		echo $((($(date +%s%N) - start) / 1000000))
	done | sort -n | sed -n "$(((rounds + 1) / 2))p"
}

read_ms=$(milliseconds "$onesdn" export "$made/ten.cast" --json)
whole_ms=$(milliseconds "$onesdn" export "$made/ten.cast" --txt)
printf '%-44s %6d ms\n' "read, $(stat -c %s "$made/ten.cast" | numfmt --to=si) of ten minutes" "$read_ms"
printf '%-44s %6d ms\n' "read, and gone through to the last frame" "$whole_ms"
if command -v asciinema >/dev/null; then
	cat_ms=$(LC_ALL=C.UTF-8 milliseconds script -qec "asciinema cat $made/ten.cast >/dev/null" /dev/null)
	printf '%-44s %6d ms   x %s\n' "asciinema cat" "$cat_ms" "$(echo "scale=1; $cat_ms / $whole_ms" | bc)"
fi
