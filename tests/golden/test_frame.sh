#!/bin/bash
# Frames of the full screen as text, from recorded objects, compared with tests/golden/frame/NAME.txt. GOLDEN_UPDATE=1 (make
# golden-update) rewrites them and shows what has changed. In an argument "_" stands for a blank, "\_" for an underscore.
set -u
cd "$(dirname "$0")/../.." || exit 2
onesdn=${BUILD:-build}/onesdn
kept=tests/golden/frame
recorded=tests/data/real-cluster
objects="--objects $recorded/overlay-pods.json,$recorded/overlay-nads.json,$recorded/overlay-namespaces.json,$recorded/overlay-nodes.json"
made=$(mktemp -d) || exit 2
trap 'rm -rf "$made"' EXIT
n=0 failed=0
while read -r name words; do
	case $name in '' | '#'*) continue ;; esac
	n=$((n + 1))
	words=${words//@objects/$objects}
	words=${words//@localnet/--objects tests/data/localnet-act.json}
	words=${words//@witness/--witness direct=timed-out:5010:3:NP:data-consumer:Egress,rest=connected:850:0:}
	words=${words//@shell/$kept\/shell.bytes}
	arguments=()
	for word in $words; do
		case $word in
		*/*) ;; # paths have underscores of their own
		*) word=${word//\\_/$'\001'} && word=${word//_/ } && word=${word//$'\001'/_} ;;
		esac
		arguments+=("$word")
	done
	"$onesdn" frame "${arguments[@]}" >"$made/$name.txt" 2>"$made/$name.err"
	status=$?
	if [ $status -ne 0 ] || [ -s "$made/$name.err" ]; then
		echo "not ok $n - frame $name: status $status"
		sed 's/^/# /' "$made/$name.err"
		failed=1
		continue
	fi
	if [ -n "${GOLDEN_UPDATE:-}" ]; then
		diff -u "$kept/$name.txt" "$made/$name.txt" 2>/dev/null
		cp "$made/$name.txt" "$kept/$name.txt"
	fi
	if difference=$(diff -u "$kept/$name.txt" "$made/$name.txt" 2>&1); then
		echo "ok $n - frame $name"
	else
		echo "not ok $n - frame $name"
		echo "${difference//$'\n'/$'\n# '}" | sed '1s/^/# /'
		failed=1
	fi
done <$kept/cases
# What a picture for people must keep: the ASCII one is ASCII, an SVG is XML.
n=$((n + 1))
if LC_ALL=C grep -q '[^ -~]' "$kept/planned-ascii.txt"; then echo "not ok $n - ASCII frames are ASCII" && failed=1; else echo "ok $n - ASCII frames are ASCII"; fi
n=$((n + 1))
if "$onesdn" frame overlay --svg 2>&1 | head -c 200 | grep -q '<svg '; then echo "ok $n - a frame as SVG"; else echo "not ok $n - a frame as SVG" && failed=1; fi
n=$((n + 1))
if "$onesdn" frame overlay --ansi --theme dark 2>&1 | grep -q $'\033\\['; then echo "ok $n - a frame with colours"; else echo "not ok $n - a frame with colours" && failed=1; fi
echo "1..$n"
exit $failed
