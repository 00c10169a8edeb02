#!/bin/bash
# Real kubectl binaries of five versions against the lab's API alone, without a data plane. Prints TAP.
set -u
cd "$(dirname "$0")/../.." || exit 2
BUILD=${BUILD:-build}
work=$(mktemp -d)
mkdir "$work/server"
server=
cleanup() {
	[ -n "$server" ] && kill "$server" 2>/dev/null
	wait 2>/dev/null
	rm -rf "$work"
}
trap cleanup EXIT
. tests/lab/kubectl_cases.sh

tests/lab/kubectl_versions.sh "${KUBECTL_CACHE:-$BUILD/kubectl}" >"$work/versions"
mkfifo "$work/hold"
sleep infinity >"$work/hold" & # keeps the server's standard input open
holder=$!
"$BUILD/labtest/api_server" "$work/server" >"$work/port" <"$work/hold" &
server=$!
trap 'kill "$holder"; cleanup' EXIT
for _ in $(seq 100); do [ -s "$work/port" ] && break; read -rt 0.1 <> <(:); done
while read -r v path reason; do
	if [ -n "${KUBECTL_ONLY:-}" ] && [ "$v" != "$KUBECTL_ONLY" ]; then continue; fi
	if [ "$path" = - ]; then
		tap_skip "kubectl $v" "$reason"
	else
		kubectl_cases "$v" "$path" "$work/server/kubeconfig" "$work/server/kubeconfig-owner" api
	fi
done <"$work/versions"
by_socket() { curl -sS -o "$work/out" -w '%{http_code}' --unix-socket "$work/server/api.sock" "$@"; }
[ "$(by_socket http://localhost/api/v1/nodes)" = 200 ]
tap $? "the Unix socket: its owner is the administrator"
[ "$(by_socket "http://localhost/$(sed -n 's|.*127.0.0.1:[0-9]*/\([0-9a-f]*\).*|\1|p' "$work/server/kubeconfig-owner")/api/v1/nodes")" = 403 ]
tap $? "the Unix socket: another user's secret makes one that user"
[ "$(by_socket -H 'Host: evil.example' http://localhost/version)" = 404 ]
tap $? "the Unix socket: no other host"
kill -0 "$server" 2>/dev/null
tap $? "the server still runs"
echo "1..$tap_n"
[ "$tap_failed" -eq 0 ]
