#!/bin/bash
# Golden texts: what `onesdn verdict` prints of recorded objects, byte for byte. Prints TAP. With GOLDEN_UPDATE=1 the expected texts
# (tests/golden/verdict/*.txt) are written anew and the difference is shown.
set -u
cd "$(dirname "$0")/../.." || exit 2
onesdn=${BUILD:-build}/onesdn
here=tests/golden/verdict
actual=$(mktemp -d) || exit 2
trap 'rm -rf "$actual"' EXIT
n=0 failed=0

text() { # NAME ARG...: one case
	local name=$1 expected=$here/$1.txt got=$actual/$1.txt
	shift
	n=$((n + 1))
	"$onesdn" verdict "$@" >"$got" 2>&1 || echo "exit status $?" >>"$got"
	if [ "${GOLDEN_UPDATE:-}" = 1 ] && ! cmp -s "$expected" "$got"; then
		diff -u --label "$name before" --label "$name now" "$expected" "$got" 2>/dev/null | sed 's/^/# /'
		cp "$got" "$expected"
	fi
	if cmp -s "$expected" "$got"; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		diff -u --label expected --label got "$expected" "$got" | sed 's/^/# /'
		failed=1
	fi
}

recorded=(--objects tests/data/localnet-act.json)
one=(--from data-consumer/vm-workload --to 192.168.200.1 --network data-net --port tcp/5432)

text act "${recorded[@]}" localnet
text one "${recorded[@]}" "${one[@]}"
text json "${recorded[@]}" "${one[@]}" --json
text with "${recorded[@]}" --with $here/only-denies.yaml localnet
text lint "${recorded[@]}" --with $here/only-denies.yaml --lint
text lint-clean "${recorded[@]}" --lint
text nobody "${recorded[@]}" --from data-consumer/nobody --to 192.168.200.1 --network data-net --port tcp/5432
text bad-port "${recorded[@]}" --from data-consumer/vm-workload --to 192.168.200.1 --network data-net --port 5432
text half-a-flow "${recorded[@]}" --from data-consumer/vm-workload
text witness-of-a-recording "${recorded[@]}" "${one[@]}" --witness
text no-such-file --objects tests/golden/no-such-file "${one[@]}"
echo "1..$n"
exit $failed
