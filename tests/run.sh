#!/bin/bash
# Runs the folders of tests that are named, adds up their TAP lines and ends with "N passed, N failed".
# usage: BUILD=build tests/run.sh check|unit|fuzz|golden|pty|cast|lab ...
set -u
cd "$(dirname "$0")/.." || exit 2
BUILD=${BUILD:-build}
export BUILD
export CMOCKA_MESSAGE_OUTPUT=TAP
export LSAN_OPTIONS=${LSAN_OPTIONS:-suppressions=$PWD/tests/lsan.supp:print_suppressions=0}
passed=0 failed=0 skipped=0
logs=$BUILD/test-logs
mkdir -p "$logs"

# Most tests wait for something most of the time: a virtual machine, a time-out, a person's pace. Some go on side by side, each in
# folders of its own.
JOBS=${JOBS:-$(nproc)}
running=()
# For the tests that are an ordinary user as well; put back at the end.
if [ "$(id -u)" -eq 0 ] && [ -c /dev/net/tun ]; then
	# shellcheck disable=SC2064 # the mode of now
	trap "chmod $(stat -c %a /dev/net/tun) /dev/net/tun" EXIT
	chmod 666 /dev/net/tun
fi

one() { # NAME COMMAND...: a program that ends badly without a "not ok" counts as one failure. What to print, and the counts in NAME.count
	local name=$1 log=$logs/$1.log status ok bad skip start
	shift
	start=$(date +%s.%N)
	timeout -k 5 "${TEST_TIMEOUT:-600}" "$@" >"$log" 2>&1 </dev/null
	status=$?
	skip=$(grep -cE '^ok [^"]*# (SKIP|skip)' "$log")
	ok=$(($(grep -cE '^[[:space:]]*ok [0-9]+' "$log") - skip))
	bad=$(grep -cE '^[[:space:]]*not ok [0-9]+' "$log")
	if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then bad=1; fi
	if [ "$status" -eq 0 ] && [ $((ok + bad + skip)) -eq 0 ]; then bad=1; echo "no test ran" >>"$log"; fi
	printf '%-40s %3d passed, %d failed%s  %5.1f s\n' "$name" "$ok" "$bad" "$([ "$skip" -gt 0 ] && echo ", $skip skipped")" \
		"$(echo "$(date +%s.%N) - $start" | bc)"
	if [ "$bad" -gt 0 ]; then
		echo "--- $name ended with status $status; the end of $log:"
		grep -nE '^[[:space:]]*not ok' "$log" | head -20
		tail -n 40 "$log"
		echo "---"
	fi
	echo "$ok $bad $skip" >"$logs/$name.count"
}

gather() { # those that have ended are printed and counted
	local name ok bad skip left=()
	for name in "${running[@]}"; do
		if [ -e "$logs/$name.count" ]; then
			cat "$logs/$name.said"
			read -r ok bad skip <"$logs/$name.count"
			passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + skip))
			rm -f "$logs/$name.count" "$logs/$name.said"
		else
			left+=("$name")
		fi
	done
	running=("${left[@]}")
}

run_one() { # NAME COMMAND...
	rm -f "$logs/$1.count"
	one "$@" >"$logs/$1.said" &
	running+=("$1")
	while [ "${#running[@]}" -ge "$JOBS" ]; do
		wait -n
		gather
	done
}

# Which there are, in the order of the folders.
names=()
declare -A command_of argument_of
add() { # NAME COMMAND [ARGUMENT]
	[ -e "$2" ] && [ ! -d "$2" ] || return 0
	names+=("$1")
	command_of[$1]=$2 argument_of[$1]=${3:-}
}
for folder in "$@"; do
	case $folder in
	unit) for t in "$BUILD"/unit/test_*; do [ -x "$t" ] && add "unit-${t##*/}" "$t"; done ;;
	pty)
		for t in "$BUILD"/pty/test_*; do [ -x "$t" ] && add "pty-${t##*/}" "$t"; done
		for t in tests/pty/test_*.sh; do add "pty-$(basename "$t" .sh)" "$t"; done
		;;
	fuzz) for t in "$BUILD"/replay/*; do [ -x "$t" ] && add "fuzz-${t##*/}" "$t" "tests/fuzz/corpus/${t##*/}"; done ;;
	golden | cast | lab) for t in tests/"$folder"/test_*.sh; do add "$folder-$(basename "$t" .sh)" "$t"; done ;;
	check) for t in tests/check/check_*.sh; do add "check-$(basename "$t" .sh)" "$t"; done ;;
	*) echo "tests/run.sh: unknown folder '$folder' (check unit fuzz golden pty cast lab)" >&2; exit 2 ;;
	esac
done

# What takes minutes begins first of its kind, or it would run on alone at the end.
is_quick() { case $1 in pty-* | cast-* | lab-*) return 1 ;; esac }
slow=(lab-test_vm_failures lab-test_policies lab-test_vm lab-test_localnet lab-test_record_policies pty-test_stage pty-test_policies)
in_order=()
for t in "${names[@]}"; do if is_quick "$t"; then in_order+=("$t"); fi; done
for t in "${slow[@]}"; do if [ -n "${command_of[$t]:-}" ]; then in_order+=("$t"); fi; done
for t in "${names[@]}"; do
	if ! is_quick "$t" && [[ " ${slow[*]} " != *" $t "* ]]; then in_order+=("$t"); fi
done
for t in "${in_order[@]}"; do run_one "$t" "${command_of[$t]}" ${argument_of[$t]:+"${argument_of[$t]}"}; done
while [ "${#running[@]}" -gt 0 ]; do
	wait -n
	gather
done
if [ "$skipped" -gt 0 ]; then
	echo "$passed passed, $failed failed, $skipped skipped"
else
	echo "$passed passed, $failed failed"
fi
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
