# shellcheck shell=bash
# What the golden tests share, read by them with `.`: each case is a command whose whole output is kept as a file. GOLDEN_UPDATE=1
# (make golden-update) writes the files anew and shows what has changed.
onesdn=${BUILD:-build}/onesdn
made=$(mktemp -d) || exit 2
trap 'rm -rf "$made"' EXIT
n=0 failed=0

result() { # STATUS NAME [DETAILS]
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then echo "ok $n - $2"; else
		echo "not ok $n - $2"
		printf '%s\n' "${3:-}" | sed 's/^/# /'
		failed=1
	fi
}

golden() { # FILE ARG...: `onesdn ARG...` prints what is kept as FILE
	local kept=$1 got=$made/${1##*/} difference
	shift
	"$onesdn" "$@" >"$got" 2>&1 || echo "exit status $?" >>"$got"
	if [ -n "${GOLDEN_UPDATE:-}" ] && ! cmp -s "$kept" "$got"; then
		diff -u "$kept" "$got" 2>/dev/null | sed 's/^/# /'
		cp "$got" "$kept"
	fi
	difference=$(diff -u "$kept" "$got" 2>&1)
	result $? "$1 ${kept##*/}" "$difference"
}

finish() {
	echo "1..$n"
	exit $failed
}
