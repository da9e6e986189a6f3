#!/bin/sh
# scale.sh BIN COUNT: plan, lay out, write and verify the tables of a bundle of COUNT objects
# (3999900, and their parts make 4 million lines, have 5.3 TiB) with sparse volumes, and say what each step took.  Every step must
# stay below SCALE_KIB KiB resident (512 MiB).  Works in SCALE_DIR (build/scale), removed at the end.
set -eu
bin=$1 count=$2
ceiling=${SCALE_KIB:-524288}
dir=${SCALE_DIR:-build/scale}
LC_ALL=C TZ=UTC
export LC_ALL TZ
unset GAPFERRY_REPO GAPFERRY_TRUST GAPFERRY_KEY_PASSPHRASE
rm -rf "$dir"
mkdir -p "$dir/keys"
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM

for who in root builder approver; do
	"$bin/gapferry-export" key new --role "$who" --holder "$who" --out "$dir/keys" >"$dir/out"
done
"$bin/gapferry-export" trust new --root "$dir/keys/root-root.cert.pem" \
	--builder "$dir/keys/builder-builder.cert.pem" --approver "$dir/keys/approver-approver.cert.pem" \
	--key "$dir/keys/root-root.key.pem" --out "$dir/trust" >"$dir/out"
"$bin/gapferry-export" --repo "$dir/repo" init >"$dir/out"
"$bin/gapferry-export" --repo "$dir/repo" channel add main --audience scale --trust "$dir/trust" >"$dir/out"

bad=0
# step NAME COMMAND...: run and measure it.
step() {
	name=$1
	shift
	rm -f "$dir/row"
	"$bin/measure" "$dir/row" "$@" >"$dir/out" 2>&1 || {
		cat "$dir/out"
		echo "not ok $name"
		exit 1
	}
	awk -v name="$name" -v ceiling="$ceiling" '{
		good = $4 < ceiling
		printf "%s %-28s %8.1f s %8.1f MiB resident\n", good ? "ok" : "not ok", name, $1, $4 / 1024
		exit !good }' "$dir/row" || bad=1
}
step 'rows of the repository' "$bin/scale" fill "$dir/repo" "$count"
step 'plan' "$bin/gapferry-export" --repo "$dir/repo" plan main --media bd100
step 'tables written' "$bin/scale" bundle "$dir/repo" main 95000000000 "$dir/bundle" \
	"$dir/keys/builder-builder.key.pem" "$dir/keys/approver-approver.key.pem"
cat "$dir/out"
step 'tables verified' "$bin/gapferry-verify" show "$dir/bundle" --trust "$dir/trust"
cat "$dir/out"
ls -l "$dir/bundle/CHUNKS" "$dir/bundle/OBJECTS" | awk '{ print $5, "bytes", $NF }'
exit "$bad"
