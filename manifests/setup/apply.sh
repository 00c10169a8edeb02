#!/bin/bash
# usage: apply.sh FOLDER FILE...: applies them in that order.
set -u
folder=${1/#\~/$HOME}
shift
for file in "$@"; do
	echo "\$ kubectl apply -f $file"
	kubectl apply -f "$folder/$file" || exit 1
done
