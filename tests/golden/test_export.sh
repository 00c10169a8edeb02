#!/bin/bash
# What `onesdn export` makes of recorded terminals, compared with tests/golden/export/NAME.
set -u
cd "$(dirname "$0")/../.." || exit 2
. tests/golden/lib.sh
kept=tests/golden/export
export_of() { # NAME CAST ARG...
	golden "$kept/$1" export "$kept/$2" "${@:3}"
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

"$onesdn" export $kept/walk.cast --svg -o "$made/out.svg" --at 4.25 && cmp "$made/out.svg" $kept/wide.svg
result $? "export -o"
finish
