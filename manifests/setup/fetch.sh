#!/bin/bash
# usage: fetch.sh FOLDER BASE FILE...; fetch.sh --look FOLDER FILE...: downloads what is not there yet; a file is whole or not there.
set -u
look=
if [ "$1" = --look ]; then look=1; shift; fi
folder=${1/#\~/$HOME}
shift
if [ -n "$look" ]; then
	for file in "$@"; do [ -s "$folder/$file" ] || exit 1; done
	exit 0
fi
base=$1
shift
mkdir -p "$folder" || exit 1
n=0
for file in "$@"; do
	n=$((n + 1))
	if [ -s "$folder/$file" ]; then
		echo "$n of $#: $file is there"
		continue
	fi
	echo "$n of $#: $file"
	if curl -fL --progress-bar --connect-timeout 20 --retry 2 -o "$folder/$file.part" "$base/$file"; then
		mv "$folder/$file.part" "$folder/$file" || exit 1
	else
		rm -f "$folder/$file.part"
		echo "$file could not be downloaded from $base: is the network up? then run the stage again, it goes on with this file"
		exit 1
	fi
done
echo "all $# files are there: $folder"
