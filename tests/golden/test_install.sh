#!/bin/bash
# make install: the programs, the manual and the completion are where they belong, the manual is sound and knows every command and
# option, and uninstall leaves nothing.
set -u
cd "$(dirname "$0")/../.." || exit 2
BUILD=${BUILD:-build}
. tests/golden/lib.sh
place=$made
empty() { # NAME OFFENDERS
	[ -z "$2" ]
	result $? "$1" "$2"
}

out=$(make -s BUILD="$BUILD" DESTDIR="$place" PREFIX=/usr install 2>&1)
result $? "make install" "$out"
share=$place/usr/share
expected="bin/onesdn bin/onesdn-lab bin/onesdn-workload bin/onesdn-guest share/onesdn/bin/virtctl
	share/onesdn/themes/dark share/onesdn/manifests/overlay/overlay.scenario.yaml
	share/man/man1/onesdn.1 share/man/man5/onesdn-scenario.5 share/bash-completion/completions/onesdn
	share/zsh/site-functions/_onesdn share/fish/vendor_completions.d/onesdn.fish"
empty "everything is where it belongs" "$(for file in $expected; do [ -s "$place/usr/$file" ] || echo "$file"; done)"
for page in man1/onesdn.1 man5/onesdn-scenario.5; do
	empty "${page#*/} is sound" "$(mandoc -Tlint -W warning "$share/man/$page" 2>&1)"
	empty "${page#*/} has nothing left to fill in" "$(grep -n '@[A-Z]*@' "$share/man/$page")"
done
page=$(mandoc -Tutf8 -O width=200 "$share/man/man1/onesdn.1" | sed 's/.\x08//g')
empty "onesdn(1) has every option" "$("$BUILD/onesdn" help --completion list | while IFS=$'\t' read -r command option value; do
	case $page in *"$option${value:+ $value}"*) ;; *) echo "$command $option $value" ;; esac
done)"
empty "onesdn(1) has every command" "$("$BUILD/onesdn" help | sed -n 's/^  \([a-z]*\) .*/\1/p' | while read -r command; do
	case $page in *"onesdn $command"* | *"onesdn [$command]"*) ;; *) echo "$command" ;; esac
done)"
empty "onesdn(1) has every command of the lab" "$("$BUILD/onesdn-lab" help --list | while read -r command; do
	case $page in *"onesdn lab $command"*) ;; *) echo "$command" ;; esac
done)"
# shellcheck disable=SC2016 # Markdown's backquotes
settings=$(sed -n 's/^| `\([a-z-]*\)` .*/\1/p' docs/CONFIG.md)
empty "onesdn(1) has every setting" "$(for setting in $settings; do case $page in *" $setting"*) ;; *) echo "$setting" ;; esac; done)"
"$place/usr/bin/onesdn" --version >/dev/null
result $? "the installed program runs"
acts=$(ONESDN_DATA=$share/onesdn "$place/usr/bin/onesdn" help --list acts | sort)
[ "$acts" = "$("$BUILD/onesdn" help --list acts | sort)" ]
result $? "and has the acts" "$acts"
(bash -n "$share/bash-completion/completions/onesdn" && zsh -n "$share/zsh/site-functions/_onesdn" &&
	fish -n "$share/fish/vendor_completions.d/onesdn.fish") >/dev/null 2>&1
result $? "each shell can read its completion"
shellcheck=$(command -v shellcheck && shellcheck "$share/bash-completion/completions/onesdn" | head -20)
[ "$(printf '%s' "$shellcheck" | wc -l)" -eq 0 ]
result $? "shellcheck has nothing to say of bash's" "$shellcheck"
out=$(make -s BUILD="$BUILD" DESTDIR="$place" PREFIX=/usr uninstall 2>&1)
result $? "make uninstall" "$out"
empty "nothing is left" "$(find "$place" -type f)"
finish
