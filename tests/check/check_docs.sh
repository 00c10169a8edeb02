#!/bin/sh
# What the documents must not forget: every key of a scenario file (docs/SCENARIO.md, which is onesdn-scenario(5) too), every
# setting and every variable of the environment (docs/CONFIG.md, a part of onesdn(1)).
set -u
cd "$(dirname "$0")/../.." || exit 2
n=0 failed=0
report() { # NAME OFFENDERS
	n=$((n + 1))
	if [ -z "$2" ]; then echo "ok $n - $1"; else
		echo "not ok $n - $1"
		echo "$2" | sed 's/^/# /'
		failed=1
	fi
}
# Rows of tables begin with a name in quotes.
keys() { grep -hoE '\{"[a-z-]+", (true|false),' src/scenario/*.c | sed 's/{"\(.*\)",.*/\1/' | sort -u; }
settings() { sed -n '/config_row {/,/^};/p' src/ui/config.c | grep -o '{"[a-z-]*", take' | sed 's/{"\(.*\)", take/\1/'; }
variables() { grep -rhoE '"ONESDN_[A-Z_]+"' src | tr -d '"' | sort -u; }
missing() { # FILE PATTERN-PREFIX PATTERN-SUFFIX < words
	while read -r word; do grep -qE -- "$2$word$3" "$1" || echo "$word is not in $1"; done
}
report "the tables are found" "$({ [ "$(keys | wc -l)" -ge 30 ] && [ "$(settings | wc -l)" -ge 6 ]; } || keys)"
report "every key of a scenario is documented" "$(keys | missing docs/SCENARIO.md '(`|\{|, |^ *(- )?)' '(`|:)')"
report "every setting is documented" "$(settings | missing docs/CONFIG.md '^\| `' '` \|')"
# what a process of the lab tells its own children, which is no setting
own='ONESDN_LAB'
report "every variable of the environment is documented" "$(variables | grep -vE "^$own\$" | missing docs/CONFIG.md '`' '`')"
echo "1..$n"
exit $failed
