#!/bin/sh
# A module includes faces of strictly lower floors only, and never another module's private headers.
set -u
cd "$(dirname "$0")/../.." || exit 2
# shellcheck disable=SC2046 # names of ours have no blanks
awk '
BEGIN {
	split("base:0 loop:1 canvas:1 term:2 cast:2 kube:2 cni:2 websocket:2 notes:2 theme:2 input:3 reel:3 topo:3 scenario:4 policy:4 witness:4 diagram:4 screen:4 play:5 doctor:5 ui:6 connect:6 show:7 record:8", list, " ")
	for (i in list) { split(list[i], p, ":"); floor[p[1]] = p[2] }
	allowed["lab"] = " base loop cni websocket topo policy "
	allowed["workload"] = " base loop "
	allowed["virtctl"] = " base loop websocket kube "
	allowed["guest"] = " "
	n = 0
}
function bad(text) { printf "not ok %d - %s\n", ++n, text; failed++ }
FNR == 1 {
	files++
	module = ""
	if (FILENAME ~ /^include\/onesdn\//) { module = FILENAME; sub(/^include\/onesdn\//, "", module); sub(/\.h$/, "", module) }
	else if (split(FILENAME, part, "/") > 2) module = part[2]
	if (module != "" && !(module in floor) && !(module in allowed)) bad(FILENAME ": module " module " has no floor; add it to tests/check/check_layers.sh")
}
/^[ \t]*#[ \t]*include "/ {
	name = $0; sub(/^[^"]*"/, "", name); sub(/".*/, "", name)
	if (name ~ /^onesdn\//) {
		face = name; sub(/^onesdn\//, "", face); sub(/\.h$/, "", face)
		if (!(face in floor)) bad(FILENAME ":" FNR ": no such face " name)
		else if (module == "") next
		else if (face == module) next
		else if (module in allowed) { if (index(allowed[module], " " face " ") == 0) bad(FILENAME ":" FNR ": " module " may not include " name) }
		else if (floor[face] >= floor[module]) bad(FILENAME ":" FNR ": " module " (floor " floor[module] ") may not include " name " (floor " floor[face] ")")
	} else if (module == "") {
		split(name, part, "/")
		if (FILENAME ~ /^src\// && (part[1] in floor) && name ~ /\//) bad(FILENAME ":" FNR ": a command includes a private header of " part[1])
	} else {
		split(name, part, "/")
		if (name ~ /\// && part[1] != module) bad(FILENAME ":" FNR ": " module " includes a private header of " part[1])
		if (FILENAME ~ /^include\//) bad(FILENAME ":" FNR ": a face includes a private header")
	}
}
END {
	if (!failed) printf "ok %d - includes of %d files go strictly down\n", ++n, files
	printf "1..%d\n", n
	exit failed > 0
}' include/onesdn/*.h $(find src -name '*.[ch]' | sort)
