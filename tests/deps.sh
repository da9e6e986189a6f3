#!/bin/sh
# deps.sh [build|test|fuzz]: install the Debian packages that are missing.
#
# build: to compile and to run the quick start; test (default): also for every
# test; fuzz: also for the fuzzer and the static analyzers.  Silent, and needs
# neither root nor network, when nothing is missing.
set -u

build='binutils coreutils curl gcc jq libarchive-dev libc6-dev libinih-dev libisal-dev libjansson-dev
	libmicrohttpd-dev libp11-kit-dev libqrencode-dev libseccomp-dev libsqlite3-dev libssl-dev libxml2-dev libzstd-dev
	make openssl pkg-config tar zlib1g-dev zstd'
test='7zip bsdutils cabextract clang clang-format faketime gnutls-bin libarchive-tools libcmocka-dev librsvg2-bin libxml2-utils nginx-light osslsigncode
	par2 php-cli php-soap procps python3-lxml python3-zeep shellcheck softhsm2 sqlite3 strace systemd xorriso zbar-tools'
fuzz='clang-tools libclang-rt-14-dev'

case ${1:-test} in
build) wanted=$build ;;
test) wanted="$build $test" ;;
fuzz) wanted="$build $test $fuzz" ;;
*) echo "usage: deps.sh [build|test|fuzz]" >&2; exit 1 ;;
esac

if ! command -v dpkg-query >/dev/null; then
	echo "deps: not a Debian system: provide what these packages hold, if it is missing:" >&2
	echo "deps:" $wanted >&2
	exit 0
fi

missing=
for p in $wanted; do
	case $(dpkg-query -W -f '${db:Status-Status} ' "$p" 2>/dev/null) in
	installed\ * | *\ installed\ *) ;;
	*) missing="$missing $p" ;;
	esac
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -eq 0 ]; then
	root=
elif command -v sudo >/dev/null; then
	root=sudo
else
	echo "deps: packages are missing; run this as root, then start again:" >&2
	echo "  apt-get update && apt-get install -y --no-install-recommends$missing" >&2
	exit 1
fi

# install_missing: apt-get writes to stderr, so that stdout stays ours.
install_missing() {
	$root env DEBIAN_FRONTEND=noninteractive apt-get -qq update &&
		$root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
			install $missing
}

echo "deps: installing$missing"
if ! install_missing >&2; then
	echo "deps: apt-get failed; check the network and the package sources, then start again" >&2
	exit 1
fi
