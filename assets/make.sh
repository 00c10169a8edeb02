#!/bin/bash
# Makes the recordings, stills and diagrams of this folder anew, on a lab of its own: `make assets`, or `assets/make.sh ACT...` for some
# acts. Two runs differ by times and hardware addresses only.
set -euo pipefail
cd "$(dirname "$0")/.."
ONESDN=${BUILD:-build}/onesdn
LIMIT_KB=3072
PLACE=$(mktemp -d)
export XDG_RUNTIME_DIR=$PLACE/run XDG_CONFIG_HOME=$PLACE/config XDG_DATA_HOME=$PLACE/data
mkdir -m 700 "$XDG_RUNTIME_DIR" "$XDG_CONFIG_HOME" "$XDG_DATA_HOME"
trap '"$ONESDN" lab down >/dev/null 2>&1 || :; rm -rf "$PLACE"' EXIT

# The stage after which the act's picture is complete: the diagram is taken of the cluster then, the still at its end.
complete() {
	case $1 in
	overlay) echo reach-yellow ;;
	localnet) echo rest ;;
	policies) echo blocked ;;
	esac
}
flows() { # of the diagram
	case $1 in
	overlay) echo --size 98x16 --flow blue=ok --flow yellow=ok ;;
	localnet) echo --size 98x26 --flow direct=ok --flow rest=ok ;;
	policies) echo --size 98x26 --flow direct=blocked --flow rest=ok ;;
	esac
}

act() {
	local stage line words
	stage=$(complete "$1")
	read -ra words <<<"$(flows "$1")"
	"$ONESDN" record --auto --no-takes --force -o "$PLACE/$1.cast" "$1" 2>&1 | while IFS= read -r line; do
		echo "$line"
		if [ "$line" = "✓ $1/$stage" ]; then
			"$ONESDN" diagram "$1" --svg "${words[@]}" >"$PLACE/$1-diagram.svg"
		fi
	done
	"$ONESDN" export "$PLACE/$1.cast" --svg --at "$(end_of "$1" "$stage")" -o "$PLACE/$1.svg"
	mv "$PLACE/$1.cast" "$PLACE/$1.svg" "$PLACE/$1-diagram.svg" assets/
}

# When a stage was left: a moment before the marker behind its own. Stages of an act that this one builds on have none.
end_of() {
	local number
	number=$(sed -n 's/^  - id: *//p' manifests/*/"$1".scenario.yaml | grep -nxF "$2" | cut -d: -f1)
	"$ONESDN" export "$PLACE/$1.cast" --json | sed -n 's/.*"time": \([0-9.]*\),/\1/p' | awk -v n="$number" 'NR == n + 1 { print $1 - 0.1 }'
}

[ $# -gt 0 ] || set -- overlay localnet policies
for name; do act "$name"; done
size=$(du -ck assets/*.cast assets/*.svg | tail -n1 | cut -f1)
echo "assets: $size KiB"
[ "$size" -le $LIMIT_KB ] || { echo "assets/make.sh: more than $LIMIT_KB KiB"; exit 1; }
