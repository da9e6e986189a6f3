#!/bin/sh
# Names of channels are directories on media: those that some file system does not take are refused,
# and the longest one survives FAT, ISO 9660 with Rock Ridge, and Joliet.
. tests/e2e/lib.sh
t_need mkcatalog gapferry-export gapferry-import gapferry-verify

t_trust "$T_DIR"
t_catalog "$T_DIR" --updates 24 --payloads 2 --payload-max 64K
t_must gapferry-export --repo "$T_DIR/exporter" init
add() {
	gapferry-export --repo "$T_DIR/exporter" channel add "$1" --audience site1 --trust "$T_DIR/trust"
}
for name in con NUL aux.x com1 Lpt9.a main. a..; do
	t_error 1 GF-1938 "no channel is called $name" add "$name"
done
t_ok 'a channel' add Main
t_error 1 GF-1938 'another case is no other name' add mAIN
t_error 1 GF-1711 'the same name is taken' add Main
for name in console com10 nul-1 main.d; do
	t_ok "$name is no device" add "$name"
done

long=a23456789.123456789-123456789_123456789.123456789-123456789_123
t_ok 'a name of 63 bytes' add $long
t_ingest "$T_DIR"
mkdir "$T_DIR/medium"
t_must gapferry-export --repo "$T_DIR/exporter" write $long --out "$T_DIR/medium" \
	--key "$T_DIR/keys/bert-builder.key.pem"
bundle=$T_DIR/medium/gapferry/$long-1-1
t_must gapferry-export approve "$bundle" --key "$T_DIR/keys/anna-approver.key.pem" --trust "$T_DIR/trust"
if command -v xorriso >/dev/null; then
	t_ok 'an image' gapferry-export media image "$bundle" --media cd --out "$T_DIR/long.iso" \
		--trust "$T_DIR/trust"
	for tree in any norock; do
		t_must xorriso -no_rc -read_fs $tree -osirrox on -indev "$T_DIR/long.iso" -extract / \
			"$T_DIR/$tree"
		t_ok "names and bytes are whole ($tree)" diff -r "$bundle" "$T_DIR/$tree/gapferry/$long-1-1"
		t_ok "it can be verified ($tree)" gapferry-verify "$T_DIR/$tree" --trust "$T_DIR/trust"
	done
else
	t_skip 'an image' 'xorriso is not there'
fi
