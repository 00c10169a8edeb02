#!/bin/bash
# usage: await.sh NAMESPACE SECONDS OBJECT: until it is Available, every few seconds what is still missing and since when; never a
# still screen. Status 1 with the last of that when the time is over.
set -u
ns=$1 limit=$2 object=$3 missing='' since=0 said=-10
while :; do
	available=$(kubectl get -n "$ns" "$object" -o 'jsonpath={.status.conditions[?(@.type=="Available")].status}' 2>/dev/null)
	if [ "$available" = True ]; then
		echo "$object is Available after $SECONDS s"
		exit 0
	fi
	now=$(kubectl get pods -n "$ns" --no-headers 2>/dev/null | awk '{ split($2, n, "/"); if (n[1] != n[2] && $3 != "Completed") print $1 " " $3 }' | head -n 4 | paste -sd, -)
	[ -n "$available" ] || now="$object${now:+, }$now"
	now=${now:-$object}
	if [ "$now" != "$missing" ]; then missing=$now since=$SECONDS; fi
	if [ $((SECONDS - said)) -ge 5 ]; then
		echo "$SECONDS s: waits for $missing (for $((SECONDS - since)) s)"
		said=$SECONDS
	fi
	if [ "$SECONDS" -ge "$limit" ]; then
		echo "after $limit s still missing: $missing; kubectl describe -n $ns pods says why"
		exit 1
	fi
	read -rt 1 <> <(:) || :
done
