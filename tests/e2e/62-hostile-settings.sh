#!/bin/sh
# What the environment could bring into the libraries stays outside: configuration files, engines and
# providers of OpenSSL, stores of the system.
. tests/e2e/lib.sh
. tests/e2e/attack.sh
t_need mkcatalog gapferry-export gapferry-verify gapferry-import openssl strace

a_site --updates 24 --payloads 1 --payload-max 64K
mkdir "$T_DIR/evilconf"
cat >"$T_DIR/evilconf/openssl.cnf" <<EOF
openssl_conf = start
[start]
engines = engines
providers = providers
alg_section = algorithms
[engines]
evil = evil
[evil]
engine_id = evil
dynamic_path = $T_DIR/evilconf/evil.so
init = 1
[providers]
evil = evil_provider
[evil_provider]
module = $T_DIR/evilconf/evil.so
activate = 1
[algorithms]
default_properties = provider=evil
EOF
head -c 4096 /dev/urandom >"$T_DIR/evilconf/evil.so"
hostile() {
	OPENSSL_CONF=$T_DIR/evilconf/openssl.cnf OPENSSL_ENGINES=$T_DIR/evilconf \
		OPENSSL_MODULES=$T_DIR/evilconf SSL_CERT_DIR=$T_DIR/evilconf \
		SSL_CERT_FILE=$T_DIR/evilconf/openssl.cnf "$@"
}
t_run hostile strace -f -qq -e trace=openat,open -o "$T_DIR/trace" openssl version
t_ok 'the openssl program reads that file' grep -q 'evilconf/openssl.cnf' "$T_DIR/trace"
t_ok 'the verifier does not' hostile strace -f -qq -e trace=openat,open -o "$T_DIR/trace" \
	gapferry-verify "$T_DIR/good" --trust "$T_DIR/trust"
t_status 1 'it opens nothing of it' grep -E 'evilconf|openssl\.cnf|/etc/ssl' "$T_DIR/trace"
t_ok 'nor the importer' hostile strace -f -qq -e trace=openat,open -o "$T_DIR/trace" \
	gapferry-import --repo "$T_DIR/importer" import "$T_DIR/good"
t_status 1 'it opens nothing of it' grep -E 'evilconf|openssl\.cnf|/etc/ssl' "$T_DIR/trace"
t_ok 'nor who makes keys' hostile strace -f -qq -e trace=openat,open -o "$T_DIR/trace" \
	gapferry-export key new --role builder --holder eve --out "$T_DIR/more"
t_status 1 'it opens nothing of it' grep -E 'evilconf|openssl\.cnf|/etc/ssl' "$T_DIR/trace"
# shellcheck disable=SC2034 # of attack.sh
A_BUNDLE=$T_DIR/good
t_ok 'the card is not misled either' hostile a_card
