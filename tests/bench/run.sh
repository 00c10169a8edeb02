#!/bin/bash
# What `make bench` prints: the lab, recordings, verdicts, the full screen, the terminal beside tmux, each in its own run. Nothing passes or fails here.
set -u
cd "$(dirname "$0")/../.." || exit 2
export BUILD=${BUILD:-build}
echo "== lab"
tests/bench/lab_bench.sh
echo
echo "== a virtual machine's console"
tests/bench/console_bench.sh
echo
echo "== a recording, beside asciinema"
tests/bench/cast_bench.sh
echo
echo "== policies: every pair of workloads"
"$BUILD/bench/policy_bench"
"$BUILD/bench/policy_bench" heavy
echo
echo "== the full screen"
"$BUILD/bench/bench_show"
echo
echo "== the terminal, beside tmux in the same run"
"$BUILD/bench/term_bench"
