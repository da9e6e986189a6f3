#!/bin/sh
# Inputs of at most 10 MB that want much: each is refused within 10 seconds of processor time (a stop,
# not a measurement), and in less than 64 MiB more memory than a good input of that kind takes.
. tests/e2e/lib.sh
. tests/attack/run.sh
t_need mkcatalog gapferry-export gapferry-verify gapferry-import openssl measure

attack_site

peak() { tail -n 1 "$T_DIR/figures" | cut -d ' ' -f 4; }
# good COMMAND...: what it takes is the measure for the bombs that follow
good() {
	t_run measure "$T_DIR/figures" "$@"
	B_GOOD=$(peak)
	t_ok "a good input takes $B_GOOD KiB" test "$T_STATUS" -eq 0 -o "$T_STATUS" -eq 2
}
# bomb STATUS ID DESC COMMAND...
bomb() {
	b_want=$1 b_id=$2 b_desc=$3
	shift 3
	t_run sh -c 'ulimit -t 10; exec "$@"' - measure "$T_DIR/figures" "$@"
	b_figures=$(tail -n 1 "$T_DIR/figures" | awk '{ print $2 + $3 " s, " $4 " KiB" }')
	if [ "$T_STATUS" -eq "$b_want" ] && grep -q "$b_id" "$T_DIR/out" "$T_DIR/err" &&
		[ "$(peak)" -lt $((B_GOOD + 65536)) ]; then
		t_pass "$b_desc: $b_id, $b_figures"
	else
		t_fail "$b_desc: exit status $T_STATUS, want $b_want $b_id; $b_figures"
	fi
}

# ---- XML in a catalog ----

good gapferry-export --repo "$T_DIR/exporter" ingest wsusscn2 "$T_DIR/catalog/wsusscn2.cab"
# xml ID DESC AWK: package.xml is what the awk program prints
xml() {
	rm -rf "$T_DIR/in" "$T_DIR/around"
	mkdir "$T_DIR/in" "$T_DIR/around"
	awk "function times(n, text, i) { for (i = 0; i < n; i++) printf \"%s\", text }
		BEGIN { $3 }" >"$T_DIR/in/package.xml"
	t_must mkcatalog --pack "$T_DIR/in" --out "$T_DIR/around/package.cab" --compression none
	t_must mkcatalog --pack "$T_DIR/around" --out "$T_DIR/bomb.cab" --compression none
	bomb 3 "$1" "$2" gapferry-export --repo "$T_DIR/exporter" ingest wsusscn2 "$T_DIR/bomb.cab"
}
root='<OfflineSyncPackage xmlns=\"http://schemas.microsoft.com/msus/2004/02/OfflineSync\">'
xml GF-1402 '80,000 attributes' "printf \"<a\"; for (i = 0; i < 80000; i++) printf \" a%d=\\\"\\\"\", i; print \"/>\""
xml GF-1402 '30,000 namespaces' \
	"printf \"<a\"; for (i = 0; i < 30000; i++) printf \" xmlns:n%d=\\\"u\\\"\", i; print \"/>\""
xml GF-1402 'a million levels' "printf \"$root\"; times(1000000, \"<a>\")"
xml GF-1402 'a name of 5 MB' "printf \"<\"; times(5000000, \"a\"); print \"/>\""
xml GF-1402 'an attribute of 9 MB' "printf \"<a b=\\\"\"; times(9000000, \"x\"); print \"\\\"/>\""
xml GF-1402 'a text of 9 MB' "printf \"$root\"; times(9000000, \"x\"); print \"</OfflineSyncPackage>\""
xml GF-1403 'entities in entities' "printf \"<!DOCTYPE a [<!ENTITY a \\\"aaaaaaaaaa\\\">\"
	for (i = 98; i < 110; i++) { printf \"<!ENTITY %c \\\"\", i; for (k = 0; k < 10; k++) printf \"&%c;\", i - 1; printf \"\\\">\" }
	print \"]><a>&m;</a>\""
xml GF-1403 'an entity from a file' \
	"print \"<!DOCTYPE a [<!ENTITY x SYSTEM \\\"file:///etc/passwd\\\">]><a>&x;</a>\""
xml GF- 'a million empty elements' "printf \"$root\"; times(1000000, \"<Update/>\"); print \"</OfflineSyncPackage>\""
xml GF-1402 'a comment of 9 MB that does not end' "printf \"<!--\"; times(9000000, \"-\")"

# ---- a cabinet of 350 kB that would become 240 MiB ----

rm -rf "$T_DIR/in" "$T_DIR/around"
mkdir "$T_DIR/in" "$T_DIR/around"
printf '<OfflineSyncPackage/>' >"$T_DIR/in/package.xml"
for i in 1 2 3 4; do
	truncate -s 60M "$T_DIR/in/zeros$i"
done
t_must mkcatalog --pack "$T_DIR/in" --out "$T_DIR/around/package.cab" --compression lzx
t_must mkcatalog --pack "$T_DIR/around" --out "$T_DIR/bomb.cab"
bomb 3 GF-1312 'a folder of zeros' \
	gapferry-export --repo "$T_DIR/exporter" ingest wsusscn2 "$T_DIR/bomb.cab"
bomb 3 GF-1312 'a folder of zeros, judged alone' gapferry-export lint "$T_DIR/bomb.cab"

# ---- texts that two people signed ----

cp -r "$T_DIR/good.fresh" "$T_DIR/start"
mkdir -p "$T_DIR/copy/gapferry"
good gapferry-verify "$T_DIR/start" --trust "$T_DIR/trust"
# signed_bomb STATUS ID DESC STEPS
signed_bomb() {
	rm -rf "$A_BUNDLE" "$T_DIR/importer"
	cp -r "$T_DIR/start" "$A_BUNDLE"
	cp -r "$T_DIR/site.fresh" "$T_DIR/importer"
	(cd "$A_BUNDLE" && eval "$4") >"$T_DIR/out" 2>&1 || t_fail "$3: its steps"
	bomb "$1" "$2" "$3" gapferry-verify "$A_BUNDLE" --trust "$T_DIR/trust"
	bomb "$1" "$2" "$3, imported" gapferry-import --repo "$T_DIR/importer" import "$A_BUNDLE"
}
# shellcheck disable=SC2016 # for the steps
{
	signed_bomb 3 GF-180 '100,000 lines of OBJECTS' 'unlogged; awk "BEGIN { for (i = 0; i < 100000; i++)
		printf \"%064x 1 content - 0 0 0 0 -\n\", i }" >OBJECTS; tables; signed'
	signed_bomb 3 GF-180 '100,000 lines of CHUNKS' 'awk "BEGIN { for (i = 0; i < 100000; i++)
		printf \"%064x vol-0001.tar %06d\n\", i, i }" >CHUNKS; tables; signed'
	signed_bomb 3 GF-1805 '12,000 lines of SHA256SUMS' 'awk "BEGIN { for (i = 0; i < 12000; i++)
		printf \"%064x  %012d\n\", i, i }" >SHA256SUMS; tables; signed'
	signed_bomb 6 GF-1902 '4096 lines of SHA256SUMS' 'awk "BEGIN { for (i = 0; i < 4096; i++)
		printf \"%064x  %012d\n\", i, i }" >SHA256SUMS; tables; signed'
	signed_bomb 3 GF-1805 'MANIFEST without a line end' 'head -c 65536 /dev/zero | tr "\0" g >MANIFEST; signed'
	signed_bomb 4 GF-1221 'a signature of 16 KiB of levels' 'deep; cp "$(p7s anna)" "$(p7s bert)"'
	signed_bomb 3 GF-1905 'a volume of 1 TiB, sparse' 'truncate -s 1099511627776 vol-0001.tar'
	signed_bomb 4 GF-125 '1024 trust roots' 'for n in $(seq 2 1024); do
		cp trust/0001.root "trust/$(printf %04d "$n").root"; done'
}
