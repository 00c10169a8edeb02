#!/bin/bash
# Debian's asciinema plays and prints every version 2 recording that we write, byte for byte: those of make_casts, and those that are
# shipped, and those that are named. Its `cat` and `play` want a terminal to read keys from: script gives one.
# usage: BUILD=build test_asciinema.sh [FILE.cast]...
set -u
cd "$(dirname "$0")/../.." || exit 2
export LC_ALL=C.UTF-8
made=$(mktemp -d) || exit 2
trap 'rm -rf "$made"' EXIT
n=0 failed=0
"${BUILD:-build}/casttest/make_casts" "$made" || exit 2

try() { # DESCRIPTION EXPECTED-FILE COMMAND...
	local what=$1 expected=$2
	shift 2
	n=$((n + 1))
	timeout 30 script -qec "$(printf '%q ' "$@") >$made/out 2>$made/err" /dev/null </dev/null >"$made/script" 2>&1
	local status=$?
	if [ $status -eq 0 ] && cmp -s "$expected" "$made/out"; then echo "ok $n - $what"; else
		echo "not ok $n - $what (status $status)"
		cmp "$expected" "$made/out" 2>&1 | sed 's/^/# /'
		tail -3 "$made/err" | sed 's/^/# /'
		failed=1
	fi
}

for cast in "$made"/*.cast assets/*.cast "$@"; do
	if [ ! -e "$cast" ] || ! head -1 "$cast" | grep -q '"version": 2'; then continue; fi
	name=$(basename "$cast" .cast)
	bytes=$made/$name.bytes
	# a shipped recording: what jq takes for its output
	[ -e "$bytes" ] || tail -n +2 "$cast" | jq -j 'select(.[1] == "o") | .[2]' >"$bytes"
	try "asciinema cat $name" "$bytes" asciinema cat "$cast"
	try "asciinema play $name" "$bytes" asciinema play -i 0.001 -s 1000 "$cast"
done
echo "1..$n"
exit $failed
