#!/bin/sh
# Installs what onesdn needs and the machine lacks: Debian packages by apt, through sudo when not root. On another
# distribution it lists what is missing and stops.
# usage: deps.sh run | test | --check-build
set -eu

# what is looked for (file:PATH, glob:PATTERN, prog:NAME, pc:PKGCONFIG) and the Debian package that brings it
build_list='prog:gcc=gcc prog:make=make prog:pkg-config=pkg-config prog:tic=ncurses-bin
pc:ncursesw=libncurses-dev pc:vterm=libvterm-dev pc:jansson=libjansson-dev pc:libcurl=libcurl4-openssl-dev
pc:libuv=libuv1-dev pc:libfyaml=libfyaml-dev pc:libmicrohttpd=libmicrohttpd-dev file:/usr/include/wslay/wslay.h=libwslay-dev
pc:zlib=zlib1g-dev pc:libpq=libpq-dev file:/usr/include/crypt.h=libcrypt-dev'
run_list='prog:bash=bash prog:ovsdb-server=openvswitch-switch prog:ovs-vswitchd=openvswitch-switch prog:ovn-northd=ovn-central
prog:ovn-controller=ovn-host prog:ip=iproute2 prog:bwrap=bubblewrap prog:curl=curl prog:jq=jq prog:kubectl=kubernetes-client
glob:/usr/lib/postgresql/*/bin/initdb=postgresql glob:/usr/lib/postgresql/*/bin/psql=postgresql-client
prog:qemu-system-x86_64=qemu-system-x86 glob:/boot/vmlinuz-*=linux-image-cloud-amd64 prog:busybox=busybox prog:ps=procps
prog:ping=iputils-ping prog:vi=vim-tiny prog:less=less'
test_list='pc:cmocka=libcmocka-dev prog:tmux=tmux prog:bc=bc prog:vi=vim-tiny prog:less=less prog:setpriv=util-linux prog:curl=curl
prog:useradd=passwd prog:tcpdump=tcpdump prog:ethtool=ethtool prog:ar=binutils prog:mandoc=mandoc prog:zsh=zsh prog:fish=fish
prog:script=bsdutils prog:asciinema=asciinema prog:chromium=chromium prog:node=nodejs prog:npm=npm'

have() {
	case $1 in
	prog:*) command -v "${1#prog:}" >/dev/null 2>&1 || [ -x "/usr/sbin/${1#prog:}" ] || [ -x "/sbin/${1#prog:}" ] ;;
	pc:*) pkg-config --exists "${1#pc:}" 2>/dev/null ;;
	file:*) [ -e "${1#file:}" ] ;;
	glob:*) for match in ${1#glob:}; do [ -e "$match" ] && return 0; done; return 1 ;;
	esac
}

missing() { # LIST -> packages, each once
	for entry in $1; do
		have "${entry%%=*}" || echo "${entry#*=}"
	done | sort -u
}

case ${1:-run} in
--check-build)
	packages=$(missing "$build_list" | tr '\n' ' ')
	[ -z "$packages" ] && exit 0
	echo "onesdn: cannot build, missing: ${packages}(run 'make deps')" >&2
	exit 1
	;;
run) list="$build_list $run_list" ;;
test) list="$build_list $run_list $test_list" ;;
*) echo "usage: deps.sh run|test|--check-build" >&2; exit 2 ;;
esac

packages=$(missing "$list" | tr '\n' ' ')
[ -z "$packages" ] && exit 0
if ! command -v apt-get >/dev/null 2>&1; then
	echo "onesdn: this is not a Debian system; install these, under the names your distribution gives them, and try again:" >&2
	for package in $packages; do echo "  $package" >&2; done
	exit 1
fi
sudo=
if [ "$(id -u)" -ne 0 ]; then
	if ! command -v sudo >/dev/null 2>&1; then
		echo "onesdn: missing: $packages" >&2
		echo "        there is no sudo: as root, run  apt-get install --no-install-recommends $packages" >&2
		exit 1
	fi
	sudo=sudo
fi
echo "onesdn: installing $packages"
# Services that these packages bring would start host-wide daemons; the lab runs its own, so they are held back meanwhile.
# shellcheck disable=SC2016,SC2086 # for the inner shell; a list
$sudo sh -c '
	set -e
	export DEBIAN_FRONTEND=noninteractive INITRD=No # the kernel is for virtual machines: nobody boots it from disk
	made=
	if [ ! -e /usr/sbin/policy-rc.d ]; then
		printf "#!/bin/sh\nexit 101\n" >/usr/sbin/policy-rc.d
		chmod 755 /usr/sbin/policy-rc.d
		made=1
	fi
	trap "[ -z \"\$made\" ] || rm -f /usr/sbin/policy-rc.d" EXIT
	apt-get update -qq
	apt-get install -y -qq --no-install-recommends "$@"' sh $packages
left=$(missing "$list" | tr '\n' ' ')
if [ -n "$left" ]; then
	echo "onesdn: still missing after the installation: $left" >&2
	exit 1
fi
