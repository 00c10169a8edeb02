# What the tests of rehearsals share: a folder of their own, in which the program brings its labs up; TAP; the rehearsal itself,
# what it printed being in $work/out.
# shellcheck shell=bash disable=SC2034
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 2
build=$(cd "${BUILD:-build}" && pwd) || exit 2
work=$(mktemp -d /tmp/onesdn-rehearse.XXXXXX) || exit 2
chmod 700 "$work"
mkdir -m 700 "$work/run" "$work/home"
export XDG_RUNTIME_DIR=$work/run XDG_CACHE_HOME=$work/cache HOME=$work/home ONESDN_DATA=$PWD
unset KUBECONFIG
n=0 failed=0

# shellcheck disable=SC2317 # the trap calls it
finish() {
	"$build/onesdn-lab" down >/dev/null 2>&1
	rm -rf "$work"
}
trap finish EXIT

tap() { # STATUS NAME [FILE]: a line; the file, or what was printed last, is shown when it is not ok
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		sed 's/^/#     /' "${3:-$work/out}" | tail -n 60
		failed=1
	fi
}

says() { # NAME TEXT: the last rehearsal said so
	grep -qF -- "$2" "$work/out"
	tap $? "$1: says \"$2\""
}

holds() { # NAME REGEX: a line of the last rehearsal
	grep -qE -- "$2" "$work/out"
	tap $? "$1"
}
matches() { holds "$1: $2" "$3"; } # NAME WHAT REGEX

rehearse() { # NAME STATUS ARGUMENT...: runs one and tells its exit status
	local name=$1 status=$2 got
	shift 2
	timeout -k 5 300 "$build/onesdn" rehearse "$@" >"$work/out" 2>&1
	got=$?
	echo "(status $got)" >>"$work/out"
	[ "$got" -eq "$status" ]
	tap $? "$name: ends with status $status"
}

end() {
	echo "1..$n"
	exit "$failed"
}
