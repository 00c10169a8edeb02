#!/bin/bash
# Frames of the full screen as text, from recorded objects, compared with tests/golden/frame/NAME.txt. In an argument "_" stands
# for a blank, "\_" for an underscore.
set -u
cd "$(dirname "$0")/../.." || exit 2
. tests/golden/lib.sh
kept=tests/golden/frame
recorded=tests/data/real-cluster
objects="--objects $recorded/overlay-pods.json,$recorded/overlay-nads.json,$recorded/overlay-namespaces.json,$recorded/overlay-nodes.json"
while read -r name words; do
	case $name in '' | '#'*) continue ;; esac
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
	golden "$kept/$name.txt" frame "${arguments[@]}"
done <$kept/cases
# What a picture for people must keep: the ASCII one is ASCII, an SVG is XML.
! LC_ALL=C grep -q '[^ -~]' "$kept/planned-ascii.txt"
result $? "ASCII frames are ASCII"
"$onesdn" frame overlay --svg 2>&1 | head -c 200 | grep -q '<svg '
result $? "a frame as SVG"
[ "$("$onesdn" frame overlay --svg --theme light | grep -c 'width="900" height="570" fill="#ffffff"')" -eq 1 ] &&
	[ "$("$onesdn" frame overlay --svg --theme dark | grep -c 'width="900" height="570" fill="#ffffff"')" -eq 0 ]
result $? "a light theme has a light ground as SVG"
"$onesdn" frame overlay --ansi --theme dark 2>&1 | grep -q $'\033\\['
result $? "a frame with colours"
finish
