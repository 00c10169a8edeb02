#!/bin/sh
# Habits that a machine can hold: banned calls, sizes of files and functions, nesting, opening comments, and that the
# repository speaks of itself alone.
set -u
cd "$(dirname "$0")/../.." || exit 2
files=$(find src include tests -name '*.[ch]' | sort)
product=$(find src include -name '*.[ch]' | sort)
n=0 failed=0
report() { # NAME OFFENDERS
	n=$((n + 1))
	if [ -z "$2" ]; then echo "ok $n - $1"; else
		echo "not ok $n - $1"
		echo "$2" | head -20 | sed 's/^/# /'
		failed=1
	fi
}
# shellcheck disable=SC2086 # lists of files without blanks
{
	report "no banned calls" "$(grep -nE '(^|[^a-zA-Z0-9_>.])(sprintf|strcpy|strcat|strtok|gets|atoi|system|sleep|usleep)\(' $files | grep -vE '^[^:]*:[0-9]+:[ \t]*(/?\*|//)')"
	report "files have 600 lines at the most" "$(wc -l $product | awk '$2 != "total" && $1 > 600 {print $2 ": " $1 " lines"}')"
	report "files open with what they are" "$(for f in $product; do case $(head -c 2 "$f") in '/*') ;; *) echo "$f" ;; esac; done)"
	report "functions have 60 lines at the most" "$(awk '
		FNR == 1 { start = 0 }
		/^\{/ { start = FNR }
		/^[a-zA-Z_].*\)[ \t]*$/ || /^[a-zA-Z_].*\($/ || /^[a-zA-Z_].*,$/ { name = $0 }
		/^}[ \t]*$/ { if (start && FNR - start - 1 > 60 && name !~ /=/) print FILENAME ":" start ": " FNR - start - 1 " lines: " name; start = 0 }' $product)"
	report "nesting is 4 at the most" "$(awk '/^\t\t\t\t\t\t(if|for|while|switch|do)[ ({]/ {print FILENAME ":" FNR}' $product)"
	report "every descriptor is close-on-exec" "$({
		grep -nE '(^|[^a-z_])(pipe|accept|dup|epoll_create|inotify_init)\(' $product
		grep -nE '[^a-z_]open(at)?\([^;]*O_[A-Z]' $product | grep -v O_CLOEXEC
		grep -nE 'fopen\([^;]*, "[rwa]b?\+?"\)' $product
	} | grep -v '^$')"
}
# shellcheck disable=SC2086
report "tests and checks can be run" "$(find tests -name 'test_*.sh' ! -perm -100 -o -name 'check_*.sh' ! -perm -100)"
report "nothing names another place" "$(git grep -nIE '/work/|\.\./shared|deb\.debian\.org|registry\.npmjs|proxy\.golang' -- . ':!tests/check/check_habits.sh' 2>/dev/null | head)"
echo "1..$n"
exit $failed
