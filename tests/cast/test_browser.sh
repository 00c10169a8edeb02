#!/bin/bash
# asciinema-player in Chromium: it shows every recording of ours with all its markers, and at each marker the same text as
# `onesdn export --txt`, at the same time; half blocks and their like as what they cover. The page is a file; nothing is served. Needs npm's package once, kept in $BUILD/npm.
# usage: BUILD=build test_browser.sh [FILE.cast]...
set -u
export LC_ALL=C.UTF-8
cd "$(dirname "$0")/../.." || exit 2
build=${BUILD:-build}
onesdn=$build/onesdn
package=$build/npm/node_modules/asciinema-player
made=$(mktemp -d) || exit 2
trap 'rm -rf "$made"' EXIT
n=0 failed=0

skip() {
	echo "ok 1 - recordings in asciinema-player # SKIP $*"
	echo 1..1
	exit 0
}

if [ ! -e "$package/dist/bundle/asciinema-player.min.js" ]; then
	command -v npm >/dev/null || skip "npm is not installed"
	timeout 60 npm install --no-save --no-audit --no-fund --ignore-scripts --prefix "$build/npm" asciinema-player >"$made/npm.log" 2>&1 ||
		skip "npm cannot bring asciinema-player here: $(grep -iE 'code|network' "$made/npm.log" | head -1)"
fi
command -v node >/dev/null || skip "node is not installed"
chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || skip "Chromium is not installed"

"$build/casttest/make_casts" "$made" || exit 2
for cast in assets/*.cast "$@"; do [ -e "$cast" ] && cp "$cast" "$made/"; done
cp tests/cast/page.html "$made/"
ln -s "$(realpath "$build/npm")" "$made/npm"
# Not by jq: its raw input breaks a character that lies across 64 KiB.
node -e 'const {readFileSync} = require("fs"), {basename} = require("path"), casts = {};
	for (const file of process.argv.slice(1)) casts[basename(file, ".cast")] = readFileSync(file, "utf8");
	console.log("const CASTS = " + JSON.stringify(casts) + ";")' "$made"/*.cast >"$made/casts.js"
timeout 60 node tests/cast/browser.js "$chromium" "$made/profile" "file://$made/page.html" >"$made/seen.json" 2>"$made/err"
if [ ! -s "$made/seen.json" ]; then
	echo "not ok 1 - the page says what it saw"
	tail -5 "$made/err" | sed 's/^/# /'
	echo 1..1
	exit 1
fi

report() { # DESCRIPTION EXPECTED GOT
	n=$((n + 1))
	if cmp -s "$2" "$3"; then echo "ok $n - $1"; else
		echo "not ok $n - $1"
		diff -u --label "onesdn" --label "asciinema-player" "$2" "$3" | sed 's/^/# /'
		failed=1
	fi
}

# what the player paints on a canvas instead of writing it
painted=┃╹╻▀▁▂▃▄▅▆▇▉▊▋▌▍▎▏▐▔▕▖▗▘▙▚▛▜▝▞▟■
for cast in "$made"/*.cast; do
	name=$(basename "$cast" .cast)
	"$onesdn" export "$cast" --json | jq '[.chapters[] | {title, time: ((.time * 100 | round) / 100)}]' >"$made/ours"
	jq --arg name "$name" '[.[] | select(.name == $name) | .stills[] | {title, time: ((.time * 100 | round) / 100)}]' "$made/seen.json" >"$made/theirs"
	report "markers of $name" "$made/ours" "$made/theirs"
	for ((i = 1; i <= $(jq length "$made/ours"); i++)); do
		"$onesdn" export "$cast" --txt --marker "#$i" | sed "s/[$painted]/▒/g; s/[[:space:]]*$//" >"$made/ours.txt"
		jq -r --arg name "$name" --argjson i "$i" '.[] | select(.name == $name) | .stills[$i - 1].lines[]' "$made/seen.json" >"$made/theirs.txt"
		report "$name at marker $i" "$made/ours.txt" "$made/theirs.txt"
	done
done
[ "$n" -gt 0 ] || failed=1
echo "1..$n"
exit $failed
