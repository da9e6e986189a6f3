#!/bin/sh
# Every record of a ledger: changed, taken out, doubled, moved, put in, cut off.  Each is located.
. tests/e2e/lib.sh
t_need gapferry-export gapferry-verify awk

repo=$T_DIR/exporter
t_trust "$T_DIR"
t_exporter "$T_DIR"
for n in 1 2 3 4 5 6 7; do
	t_must gapferry-export --repo "$repo" handover "main-1-$n" --to "courier $n" --serial "stick$n"
done
ledger=$repo/ledger
lines=$(wc -l <"$ledger")
t_ok 'there are nine records' test "$lines" -eq 9
head=$(tail -n 1 "$ledger" | sed 's/.* //')
t_ok 'the ledger is proved with its head' gapferry-verify ledger "$ledger" --head "$head"

# t_located ID RECORD DESC: the spoiled ledger is refused, and the message names the record.
t_located() {
	t_run gapferry-verify ledger "$T_DIR/spoiled" --head "$head"
	if [ "$T_STATUS" -eq 3 ] && grep -q "$1: .*[^0-9]$2[^0-9]" "$T_DIR/err"; then
		t_good=$((t_good + 1))
	else
		t_fail "$3 (exit status $T_STATUS, want $1 and $2)"
	fi
}
t_all() {
	if [ "$t_good" -eq "$1" ]; then t_pass "$2"; else t_fail "$2: $t_good of $1"; fi
}

t_good=0
for n in $(seq 2 "$lines"); do
	sed "${n}s/ \\([a-z]*\\)=/ \\1x=/;${n}s/^\\([0-9]* [^ ]*\\) init /\\1 inix /" "$ledger" >"$T_DIR/spoiled"
	t_located GF-1851 "$n" "record $n changed"
done
t_all $((lines - 1)) 'every record that was changed is named'

# One digit of the time, and one of the digest itself.
t_good=0
for n in $(seq 1 "$lines"); do
	awk -v n="$n" 'NR == n { sub(/T[0-9]/, "T" (substr($2, 12, 1) == "0" ? 1 : 0)) } { print }' \
		"$ledger" >"$T_DIR/spoiled"
	t_located GF-1851 "$n" "time of record $n changed"
	awk -v n="$n" 'NR == n { other = /0$/ ? "1" : "0"; sub(/.$/, other) } { print }' "$ledger" \
		>"$T_DIR/spoiled"
	t_located GF-1851 "$n" "digest of record $n changed"
done
t_all $((2 * lines)) 'every changed time and digest is named'

t_good=0
for n in $(seq 1 $((lines - 1))); do
	sed "${n}d" "$ledger" >"$T_DIR/spoiled"
	t_located 'GF-185[03]' "$n" "record $n taken out"
	sed "${n}p" "$ledger" >"$T_DIR/spoiled"
	t_located GF-1853 "$n" "record $n doubled"
	sed "${n}{h;d};$((n + 1))G" "$ledger" >"$T_DIR/spoiled"
	t_located 'GF-185[03]' "$n" "record $n moved down"
done
t_all $((3 * (lines - 1))) 'every record that was taken out, doubled or moved is named'

# Numbered anew, so that only the chain can tell.
t_good=0
for n in $(seq 2 $((lines - 1))); do
	sed "${n}d" "$ledger" | awk '{ $1 = NR; print }' >"$T_DIR/spoiled"
	t_located GF-1851 "$n" "record $n taken out, the rest numbered anew"
done
t_all $((lines - 2)) 'also when the others are numbered anew'

# A cut end is seen against the head that somebody noted, wherever it was cut.
t_good=0
for n in $(seq 1 $((lines - 1))); do
	head -n "$n" "$ledger" >"$T_DIR/spoiled"
	t_located GF-1854 "$n" "cut after record $n"
	{ head -n "$n" "$ledger" && sed -n "$((n + 1))p" "$ledger" | head -c 20; } >"$T_DIR/spoiled"
	t_located GF-1852 "$n" "cut within record $((n + 1))"
done
t_all $((2 * (lines - 1))) 'every cut is located'
