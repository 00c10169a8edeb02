#!/bin/bash
# What the set-up types: each program that is missing with its cure. Status 0 when everything is here.
missing=0
. "$(dirname "$0")/engine.sh"
need() { # PROGRAM CURE
	if command -v "$1" >/dev/null; then
		echo "ok       $1 ($(command -v "$1"))"
	else
		echo "MISSING  $1: $2"
		missing=1
	fi
}
need git "apt install git"
need curl "apt install curl"
need jq "apt install jq"
need kind "see kind.sigs.k8s.io, quick start: one program to download, or go install sigs.k8s.io/kind@latest"
need kubectl "apt install kubernetes-client"
need virtctl "onesdn brings a virtctl of its own; or KubeVirt's, from its releases"
if engine=$(find_engine); then
	echo "ok       a container engine ($engine)"
elif command -v docker podman >/dev/null; then
	echo "MISSING  a container engine: docker or podman is installed, but does not answer: start its service, let this user talk to it"
	missing=1
else
	echo "MISSING  a container engine: apt install docker.io, or podman"
	missing=1
fi
[ "$missing" -eq 0 ] && echo "everything is here"
exit "$missing"
