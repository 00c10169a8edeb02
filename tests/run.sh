#!/bin/bash
# Runs the folders of tests that are named, adds up their TAP lines and ends with "N passed, N failed".
# usage: BUILD=build tests/run.sh check|unit|fuzz|golden|pty|cast|lab ...
set -u
cd "$(dirname "$0")/.." || exit 2
BUILD=${BUILD:-build}
export BUILD
export CMOCKA_MESSAGE_OUTPUT=TAP
passed=0 failed=0 skipped=0
logs=$BUILD/test-logs
mkdir -p "$logs"

run_one() { # NAME COMMAND...: one program; a program that ends badly without a "not ok" counts as one failure
	local name=$1 log status ok bad skip start
	shift
	log=$logs/$name.log
	start=$(date +%s.%N)
	timeout -k 5 "${TEST_TIMEOUT:-600}" "$@" >"$log" 2>&1
	status=$?
	skip=$(grep -cE '^ok .*# (SKIP|skip)' "$log")
	ok=$(($(grep -cE '^[[:space:]]*ok [0-9]+' "$log") - skip))
	bad=$(grep -cE '^[[:space:]]*not ok [0-9]+' "$log")
	if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then bad=1; fi
	if [ "$status" -eq 0 ] && [ $((ok + bad + skip)) -eq 0 ]; then bad=1; echo "no test ran" >>"$log"; fi
	passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + skip))
	printf '%-40s %3d passed, %d failed%s  %5.1f s\n' "$name" "$ok" "$bad" "$([ "$skip" -gt 0 ] && echo ", $skip skipped")" \
		"$(echo "$(date +%s.%N) - $start" | bc)"
	if [ "$bad" -gt 0 ]; then
		echo "--- $name ended with status $status; the end of $log:"
		grep -nE '^[[:space:]]*not ok' "$log" | head -20
		tail -n 40 "$log"
		echo "---"
	fi
}

for folder in "$@"; do
	case $folder in
	unit) for t in "$BUILD"/unit/test_*; do [ -x "$t" ] && [ ! -d "$t" ] && run_one "unit-${t##*/}" "$t"; done ;;
	pty)
		for t in "$BUILD"/pty/test_*; do [ -x "$t" ] && [ ! -d "$t" ] && run_one "pty-${t##*/}" "$t"; done
		for t in tests/pty/test_*.sh; do [ -x "$t" ] && run_one "pty-$(basename "$t" .sh)" "$t"; done
		;;
	fuzz) for t in "$BUILD"/replay/*; do [ -x "$t" ] && run_one "fuzz-${t##*/}" "$t" "tests/fuzz/corpus/${t##*/}"; done ;;
	golden) for t in tests/golden/test_*.sh; do [ -x "$t" ] && run_one "golden-$(basename "$t" .sh)" "$t"; done ;;
	cast) for t in tests/cast/test_*.sh; do [ -x "$t" ] && run_one "cast-$(basename "$t" .sh)" "$t"; done ;;
	lab) for t in tests/lab/test_*.sh; do [ -x "$t" ] && run_one "lab-$(basename "$t" .sh)" "$t"; done ;;
	check) for t in tests/check/check_*.sh; do [ -x "$t" ] && run_one "check-$(basename "$t" .sh)" "$t"; done ;;
	*) echo "tests/run.sh: unknown folder '$folder' (check unit fuzz golden pty cast lab)" >&2; exit 2 ;;
	esac
done
if [ "$skipped" -gt 0 ]; then
	echo "$passed passed, $failed failed, $skipped skipped"
else
	echo "$passed passed, $failed failed"
fi
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
