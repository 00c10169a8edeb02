#!/bin/bash
# What `onesdn export` makes of recorded terminals, compared with tests/golden/export/NAME. GOLDEN_UPDATE=1 (make golden-update)
# rewrites it and shows what has changed.
set -u
cd "$(dirname "$0")/../.." || exit 2
onesdn=${BUILD:-build}/onesdn
kept=tests/golden/export
made=$(mktemp -d) || exit 2
trap 'rm -rf "$made"' EXIT
n=0 failed=0

export_of() { # NAME CAST ARG...: one case
	local name=$1 cast=$kept/$2 difference
	shift 2
	n=$((n + 1))
	"$onesdn" export "$cast" "$@" >"$made/$name" 2>&1 || echo "exit status $?" >>"$made/$name"
	if [ -n "${GOLDEN_UPDATE:-}" ] && ! cmp -s "$kept/$name" "$made/$name"; then
		diff -u "$kept/$name" "$made/$name" 2>/dev/null | sed 's/^/# /'
		cp "$made/$name" "$kept/$name"
	fi
	if difference=$(diff -u "$kept/$name" "$made/$name" 2>&1); then
		echo "ok $n - export $name"
	else
		echo "not ok $n - export $name"
		echo "${difference//$'\n'/$'\n# '}" | sed '1s/^/# /'
		failed=1
	fi
}

export_of end.txt walk.cast --txt
export_of begin.txt walk.cast --txt --marker Begin
export_of wide.txt walk.cast --txt --at 4.25
export_of wide.svg walk.cast --svg --at 0:04.25
export_of wide.ansi walk.cast --ansi --at 4.25
export_of chapters.json walk.cast --json
export_of chapters-whole.json walk.cast --json --idle-limit 0
export_of old.json old.cast --json
export_of old.txt old.cast --txt --at 1
export_of no-marker.txt walk.cast --txt --marker Middle
export_of late.txt walk.cast --txt --at 1:00
export_of nothing.txt walk.cast
export_of missing.txt missing.cast --txt

n=$((n + 1))
if "$onesdn" export $kept/walk.cast --svg -o "$made/out.svg" --at 4.25 && cmp "$made/out.svg" $kept/wide.svg; then echo "ok $n - export -o"; else
	echo "not ok $n - export -o"
	failed=1
fi
echo "1..$n"
exit $failed
