#!/bin/bash
# usage: kubevirt.sh FOLDER BASE VERSION STABLE; kubevirt.sh --look FOLDER VERSION. VERSION "stable" is what the address STABLE says.
# The files are in FOLDER/kubevirt-VERSION, FOLDER/kubevirt names that.
set -u
here=$(dirname "$0")
if [ "$1" = --look ]; then
	folder=${2/#\~/$HOME}
	[ "$3" = stable ] || [ "$(readlink "$folder/kubevirt")" = "kubevirt-$3" ] || exit 1
	exec bash "$here/fetch.sh" --look "$folder/kubevirt" kubevirt-operator.yaml kubevirt-cr.yaml
fi
folder=${1/#\~/$HOME} version=$3
if [ "$version" = stable ]; then
	version=$(curl -fsSL --connect-timeout 20 "$4") || { echo "the stable version is not to be had from $4: is the network up? then run the stage again"; exit 1; }
fi
case $version in v[0-9]*) ;; *) echo "\"$version\" is no version"; exit 1 ;; esac
echo "KubeVirt $version"
mkdir -p "$folder" && ln -sfn "kubevirt-$version" "$folder/kubevirt"
exec bash "$here/fetch.sh" "$folder/kubevirt-$version" "$2/$version" kubevirt-operator.yaml kubevirt-cr.yaml
