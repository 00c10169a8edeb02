#!/bin/bash
# Provides kubectl binaries of fixed versions for tests, in a cache folder, without touching what is installed: Debian's of
# three releases, unpacked as an ordinary user, and those beside Google's dispatcher where there are any.
# usage: kubectl_versions.sh FOLDER: prints a line "VERSION PATH" for each (1.20 1.28 1.30 1.32 1.36), or "VERSION - REASON"
set -u
folder=${1:?usage: kubectl_versions.sh FOLDER}
mkdir -p "$folder" || exit 1
folder=$(cd "$folder" && pwd)

# The mirror, keyring and options that this machine's own package lists use, with another release in their place.
sources_for() { # SUITE
	local file line uri='' key=''
	for file in /etc/apt/sources.list.d/*.sources; do
		[ -e "$file" ] || continue
		if grep -qiE '^Suites:.*(bookworm|trixie|sid|unstable|stable)( |$)' "$file" && ! grep -qi '^Enabled: *no' "$file"; then
			uri=$(awk 'tolower($1) == "uris:" { print $2; exit }' "$file")
			key=$(awk 'tolower($1) == "signed-by:" { print $2; exit }' "$file")
			break
		fi
	done
	if [ -z "$uri" ]; then
		line=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
			grep -E '^deb[[:space:]].*[[:space:]](bookworm|trixie|sid|unstable|stable)[[:space:]]' | head -n 1)
		key=$(printf '%s\n' "$line" | sed -n 's/.*signed-by=\([^] ]*\).*/\1/p')
		uri=$(printf '%s\n' "$line" | sed 's/\[[^]]*\]//' | awk '{ print $2 }')
	fi
	[ -n "$uri" ] || return 1
	[ -n "$key" ] || key=/usr/share/keyrings/debian-archive-keyring.gpg
	printf 'deb [signed-by=%s] %s %s main\n' "$key" "$uri" "$1"
}

from_debian() { # VERSION SUITE PACKAGE
	local version=$1 suite=$2 package=$3 target=$folder/kubectl-$1 work state log
	if [ -x "$target" ]; then echo "$version $target"; return; fi
	work=$(mktemp -d "$folder/.fetch.XXXXXX") || { echo "$version - no room in $folder"; return; }
	log=$work/log
	mkdir -p "$work/lists/partial" "$work/archives/partial" "$work/etc" "$work/root"
	if ! command -v apt-get >/dev/null || ! sources_for "$suite" >"$work/sources.list"; then
		echo "$version - no apt with a Debian mirror here"
		rm -rf "$work"
		return
	fi
	: >"$work/status"
	state=(-o "Dir::State::status=$work/status" -o "Dir::Etc::SourceList=$work/sources.list" -o "Dir::Etc::SourceParts=$work/etc" -o "Dir::State::Lists=$work/lists"
		-o "Dir::Cache=$work" -o "Dir::Cache::Archives=$work/archives" -o "APT::Sandbox::User=" -o "Acquire::Languages=none"
		-o "APT::Default-Release=" -o "Acquire::Retries=2" -o "Acquire::http::Timeout=30")
	if apt-get "${state[@]}" -qq update >"$log" 2>&1 && (cd "$work" && apt-get "${state[@]}" -qq download "$package" >>"$log" 2>&1) &&
		dpkg -x "$work/$package"_*.deb "$work/root" 2>>"$log" && mv "$work/root/usr/bin/kubectl" "$target" 2>>"$log"; then
		echo "$version $target"
	else
		echo "$version - Debian $suite's $package cannot be had: $(tr '\n' ' ' <"$log" | cut -c 1-200)"
	fi
	rm -rf "$work"
}

from_sdk() { # VERSION
	local path=/usr/lib/google-cloud-sdk/bin/kubectl.$1
	if [ -x "$path" ]; then echo "$1 $path"; else echo "$1 - no $path on this machine"; fi
}

from_debian 1.20 bookworm kubernetes-client
from_sdk 1.28
from_sdk 1.30
from_debian 1.32 trixie kubectl
from_debian 1.36 sid kubectl
