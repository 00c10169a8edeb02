#!/bin/sh
# The pages of the manual, from what is true: the tables of options that the programs have, and the documents in docs/.
# usage: make.sh ONESDN ONESDN-LAB VERSION FOLDER
set -eu
here=$(cd "$(dirname "$0")" && pwd)
onesdn=$1 lab=$2 version=$3 folder=$4
mkdir -p "$folder"
part=$(mktemp -d "${TMPDIR:-/tmp}/onesdn-man.XXXXXX")
trap 'rm -rf "$part"' EXIT
"$onesdn" help --completion man >"$part/COMMANDS"
"$lab" help --man | sed 's/-/\\-/g' >"$part/LAB"
awk -f "$here/md2man.awk" "$here/../CONFIG.md" | sed 's/^\.SH /.SS /' >"$part/CONFIG"
awk -f "$here/md2man.awk" "$here/../SCENARIO.md" >"$part/SCENARIO"
for page in "$here"/*.[1-8].in; do
	name=$(basename "$page" .in)
	awk -v date="$(date -u -r "$page" +%F)" -v version="$version" -v part="$part" '
		/^@[A-Z]+@$/ { file = part "/" substr($0, 2, length($0) - 2); while ((getline line <file) > 0) print line; next }
		{ gsub(/@DATE@/, date); gsub(/@VERSION@/, version); print }' "$page" >"$folder/$name.new"
	mv "$folder/$name.new" "$folder/$name"
done
