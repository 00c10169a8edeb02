# shellcheck shell=bash
# What the tests of recordings share, read by them with `.` after lib.sh: a place of their own, how they record, and how two
# recordings are compared.
# shellcheck disable=SC2154
new_place
export XDG_DATA_HOME=$PLACE/data XDG_CONFIG_HOME=$PLACE/config
mkdir -m 700 "$XDG_DATA_HOME" "$XDG_CONFIG_HOME"
ONESDN=$BUILD/onesdn
record() { timeout "${RECORD_TIMEOUT:-120}" "$ONESDN" record --auto --pace 0 "$@"; }
export_() { timeout 30 "$ONESDN" export "$@"; }
trap 'timeout 30 "$LAB" down >/dev/null 2>&1; rm -rf "$PLACE"' EXIT

# What differs between two runs and may: times and hardware addresses. A time of another width moves what ends the line. And how often
# a guest that boots on a busy machine, asked for a prompt, gives one: the bare prompt may stand there twice.
settled() { # FILE MARKER
	export_ "$1" --txt --marker "$2" | sed -E 's/[0-9]+\.[0-9]+ m?s|[0-9]+ ms/TIME/g; s/([0-9a-f]{2}:){5}[0-9a-f]{2}/MAC/g; s/ +│$//; s/ +$//' |
		grep -vE '^│( vm-workload login:)?$'
}

same_at_markers() { # FILE FILE MARKERS
	local marker differs=
	for marker in $(seq "$3"); do
		settled "$1" "$marker" >"$PLACE/first" && settled "$2" "$marker" >"$PLACE/second" &&
			diff "$PLACE/first" "$PLACE/second" >"$PLACE/diff" || differs="$differs $marker: $(cat "$PLACE/diff")"
	done
	is "the same text on the screen at each marker" "$differs" ""
}
