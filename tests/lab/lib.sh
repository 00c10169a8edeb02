# What the lab's tests share: TAP, a lab of their own in fresh directories, being an ordinary user, looking for leftovers.
# shellcheck shell=bash disable=SC2034
set -u
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=${BUILD:-build}
case $BUILD in /*) ;; *) BUILD=$TOP/$BUILD ;; esac
LAB=$BUILD/onesdn-lab
# An ordinary user cannot see a checkout in root's home: then a copy of what the tests use is put where everybody can.
if [ "$(id -u)" -eq 0 ] && ! setpriv --reuid 54321 --regid 54321 --clear-groups test -x "$LAB"; then
	copy=$(mktemp -d /tmp/onesdn-tree.XXXXXX)
	mkdir "$copy/build"
	cp -R "$TOP/tests" "$TOP/manifests" "$TOP/themes" "$TOP/include" "$copy/"
	find "$BUILD" -maxdepth 1 -type f -perm -100 -exec cp {} "$copy/build/" \;
	for folder in kubectl labtest; do [ ! -d "$BUILD/$folder" ] || cp -R "$BUILD/$folder" "$copy/build/"; done
	chmod -R a+rX "$copy"
	BUILD=$copy/build bash "$copy/tests/lab/$(basename "$0")"
	status=$?
	rm -rf "$copy"
	exit "$status"
fi
KUBECTL=${KUBECTL:-kubectl}
n_tests=0 n_bad=0

result() { # STATUS NAME [DETAILS]
	n_tests=$((n_tests + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n_tests - $prefix$2"
	else
		n_bad=$((n_bad + 1))
		echo "not ok $n_tests - $prefix$2"
		if [ -n "${3:-}" ]; then printf '%s\n' "$3" | sed 's/^/# /' | head -40; fi
	fi
}
prefix=""
# The command's output is kept in $out for the checks that follow.
run() { # NAME COMMAND...: succeeds
	local name=$1 status
	shift
	out=$("$@" 2>&1)
	status=$?
	result "$status" "$name" "exit status $status of: $* :: $out"
}
fails() { # NAME STATUS COMMAND...
	local name=$1 want=$2 status
	shift 2
	out=$("$@" 2>&1)
	status=$?
	[ "$status" -eq "$want" ]
	result $? "$name" "exit status $status, not $want, of: $* :: $out"
}
says() { # NAME TEXT: in $out
	case $out in *"$2"*) result 0 "$1" ;; *) result 1 "$1" "not in the output: $2 :: $out" ;; esac
}
is() { # NAME GOT WANT
	[ "$2" = "$3" ]
	result $? "$1" "got '$2', not '$3'"
}
# The seconds are for a machine with nothing else to do; a busy one may take several times as long.
eventually() { # NAME SECONDS COMMAND...: becomes true; looks 20 times a second
	local name=$1 limit=$(($2 * 4)) i
	shift 2
	for ((i = 0; i < limit * 20; i++)); do
		if out=$("$@" 2>&1); then
			result 0 "$name"
			return
		fi
		read -rt 0.05 <> <(:) || :
	done
	result 1 "$name" "not within $limit s: $* :: $out"
}
finish() {
	echo "1..$n_tests"
	[ "$n_bad" -eq 0 ]
}

k() { HOME=$PLACE/kubectl timeout 30 "$KUBECTL" --kubeconfig="$XDG_RUNTIME_DIR/onesdn/lab/kubeconfig" "$@"; }
lab() { timeout 60 "$LAB" "$@"; }
now_ms() { date +%s%3N; }

# A place for one lab: everything that it may write is below.
new_place() {
	PLACE=$(mktemp -d /tmp/onesdn-test.XXXXXX)
	export XDG_RUNTIME_DIR=$PLACE/run XDG_CACHE_HOME=$PLACE/cache XDG_STATE_HOME=$PLACE/state HOME=$PLACE/home
	mkdir -m 700 "$XDG_RUNTIME_DIR" "$XDG_CACHE_HOME" "$XDG_STATE_HOME" "$HOME"
}
# Pids of this lab's processes: init and guard by the state file, the rest by init's PID namespace.
lab_state() { sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p" "$XDG_RUNTIME_DIR/onesdn/lab/state.json"; }
in_namespace() { # LINK of a PID namespace: how many processes are in it
	readlink /proc/[0-9]*/ns/pid 2>/dev/null | grep -cF "$1"
}
is_empty() { [ "$(in_namespace "$1")" -eq 0 ]; }
nothing_left() { # PIDNS of the lab that was
	local found
	found=$(find "$XDG_RUNTIME_DIR" -mindepth 1 2>/dev/null)
	[ -z "$found" ] || { echo "files are left: $found"; return 1; }
	is_empty "$1" || { echo "processes are left"; return 1; }
	! grep -q "$PLACE" /proc/self/mounts || { echo "mounts are left"; return 1; }
	found=$(find "$XDG_CACHE_HOME" "$XDG_STATE_HOME" "$HOME" -type f ! -name lab.log ! -name 'guest-*.cpio*' ! -name kvm)
	[ -z "$found" ] || { echo "files are left: $found"; return 1; }
}

# Runs this same script once as it is and, when that is root, once more as an ordinary user, whose results are counted too.
# The user must be able to open /dev/net/tun; the mode is put back at the end.
both_users() { # FUNCTION
	prefix="$(id -un 2>/dev/null || id -u): "
	if [ "${ONESDN_TEST_USER:-}" = yes ]; then
		prefix="ordinary user: "
		"$1"
		finish
		exit
	fi
	"$1"
	if [ "$(id -u)" -eq 0 ]; then
		local mode line
		mode=$(stat -c %a /dev/net/tun)
		# shellcheck disable=SC2064 # the mode of now
		trap "chmod $mode /dev/net/tun" EXIT
		chmod 666 /dev/net/tun
		while IFS= read -r line; do
			case $line in
			"ok "*) n_tests=$((n_tests + 1)); echo "ok $n_tests - ${line#* - }" ;;
			"not ok "*) n_tests=$((n_tests + 1)) n_bad=$((n_bad + 1)); echo "not ok $n_tests - ${line#* - }" ;;
			1..*) ;;
			*) echo "$line" ;;
			esac
		done < <(ONESDN_TEST_USER=yes exec setpriv --reuid 54321 --regid 54321 --clear-groups bash "$0" 2>&1)
	fi
	finish
}
