#!/bin/bash
# Golden texts: what `onesdn verdict` prints of recorded objects, byte for byte (tests/golden/verdict/*.txt).
set -u
cd "$(dirname "$0")/../.." || exit 2
. tests/golden/lib.sh
here=tests/golden/verdict
text() { # NAME ARG...
	golden "$here/$1.txt" verdict "${@:2}"
}

recorded=(--objects tests/data/localnet-act.json)
one=(--from data-consumer/vm-workload --to 192.168.200.1 --network data-net --port tcp/5432)

text act "${recorded[@]}" localnet
text one "${recorded[@]}" "${one[@]}"
text json "${recorded[@]}" "${one[@]}" --json
text with "${recorded[@]}" --with $here/only-denies.yaml localnet
text lint "${recorded[@]}" --with $here/only-denies.yaml --lint
text lint-clean "${recorded[@]}" --lint
text lint-twins "${recorded[@]}" --with tests/golden/diagram/twin.yaml --lint
text lint-twins-json "${recorded[@]}" --with tests/golden/diagram/twin.yaml --lint --json
text nobody "${recorded[@]}" --from data-consumer/nobody --to 192.168.200.1 --network data-net --port tcp/5432
text bad-port "${recorded[@]}" --from data-consumer/vm-workload --to 192.168.200.1 --network data-net --port 5432
text half-a-flow "${recorded[@]}" --from data-consumer/vm-workload
text witness-of-a-recording "${recorded[@]}" "${one[@]}" --witness
text no-such-file --objects tests/golden/no-such-file "${one[@]}"
text lint-malformed "${recorded[@]}" --with $here/malformed.yaml --lint
text lint-json "${recorded[@]}" --with $here/only-denies.yaml --lint --json
text cases --cases tests/data/policy-cases.jsonl
text cases-broken --cases $here/broken-cases.jsonl
text cases-broken-json --cases $here/broken-cases.jsonl --json
text cases-none --cases $here/no-cases.jsonl
text cases-no-file --cases $here/no-such-cases.jsonl
text cases-and-a-flow --cases $here/no-cases.jsonl "${one[@]}"
finish
