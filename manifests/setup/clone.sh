#!/bin/bash
# usage: clone.sh SOURCE FOLDER; clone.sh --look FOLDER. A clone that broke off is begun anew, a whole one is left as it is.
set -u
folder=${2/#\~/$HOME}
there() { [ -x "$folder/contrib/kind.sh" ]; }
if [ "$1" = --look ]; then there; exit; fi
if ! there; then
	rm -rf "$folder.part"
	git clone --progress --depth 1 "$1" "$folder.part" || { rm -rf "$folder.part"; echo "the clone failed: is the network up? then run the stage again"; exit 1; }
	[ ! -e "$folder" ] || { echo "$folder is there, but has no contrib/kind.sh: move it away"; exit 1; }
	mv "$folder.part" "$folder"
fi
there || { echo "there is no contrib/kind.sh in $1"; exit 1; }
echo "kind.sh is there: $folder/contrib/kind.sh"
