#!/bin/sh
# docs-tables.sh DOCUMENT: print DOCUMENT with its generated tables made anew.
#
# A table stands between "<!-- table NAME -->" and "<!-- end table -->".
#   errors  lib/base/error.def; the column "meaning" is kept from DOCUMENT, since
#           only people can write it; an id without one gets MEANING MISSING
#   rules   lib/catalog/rules.def; the column "example" is kept likewise, EXAMPLE MISSING without one
#   limits  lib/base/limits.h
# `make docs-tables` rewrites the documents; `make docs-check` compares.
awk '
function fail(text) { print "docs-tables: " text >"/dev/stderr"; exit 1 }

# The arguments of a row "MACRO(A, B, "text", ...)" go to part[1..n].
function split_row(line,    inside, c, i, n) {
	sub(/^[A-Z_]*\(/, "", line); sub(/\)[ \t]*$/, "", line)
	n = 1; part[1] = ""; inside = 0
	for (i = 1; i <= length(line); i++) {
		c = substr(line, i, 1)
		if (c == "\"") inside = !inside
		else if (c == "," && !inside) { part[++n] = ""; i++ }
		else part[n] = part[n] c
	}
	return n
}

function errors(    line, file) {
	file = "lib/base/error.def"
	print "| id | exit | meaning | next step |\n|---|---|---|---|"
	while ((getline line < file) > 0) {
		if (line !~ /^ERROR_ID\(/) continue
		if (split_row(line) != 4) fail(file ": " line)
		printf "| %s | %s | %s | %s |\n", part[3], exit_status[part[2]],
			part[3] in meaning ? meaning[part[3]] : "MEANING MISSING", part[4]
	}
	close(file)
}

function rules(    line, file) {
	file = "lib/catalog/rules.def"
	print "| id | severity | finding | example | remedy |\n|---|---|---|---|---|"
	while ((getline line < file) > 0) {
		if (line !~ /^CATALOG_RULE\(/) continue
		if (split_row(line) != 5) fail(file ": " line)
		printf "| %s | %s | %s | %s | %s |\n", part[2], tolower(part[3]), part[4],
			part[2] in example ? example[part[2]] : "EXAMPLE MISSING", part[5]
	}
	close(file)
}

# "(64u << 10)" of LIMIT_X_BYTES is "64 KiB"; of a count, 65536.
function value(name, text,    p, unit, n) {
	gsub(/[()ul]/, "", text)
	n = split(text, p, / *<< */)
	if (n == 1) return p[1]
	split("KiB MiB GiB TiB", unit, " ")
	if (name ~ /BYTES$|TEXT$|NAMES$/) return p[1] * 2 ^ (p[2] % 10) " " unit[int(p[2] / 10)]
	return sprintf("%d", p[1] * 2 ^ p[2])
}

function limits(    line, file, name, text, remark) {
	file = "lib/base/limits.h"
	print "| limit | value | remark |\n|---|---|---|"
	while ((getline line < file) > 0) {
		if (line ~ /^\/\* ---- /) {
			gsub(/^\/\* ---- | ---- \*\/$/, "", line)
			printf "| **%s** | | |\n", line
		}
		if (line !~ /^#define LIMIT_/) continue
		name = line; sub(/^#define /, "", name); sub(/ .*/, "", name)
		text = line; sub(/^#define [A-Z0-9_]+ +/, "", text); sub(/ *\/\*.*/, "", text)
		remark = ""
		if (line ~ /\/\*/) {
			remark = line; sub(/^[^*]*\/\* */, "", remark); sub(/ *\*\/ *$/, "", remark)
			gsub(/\|/, "\\|", remark)
		}
		printf "| %s | %s | %s |\n", name, value(name, text), remark
	}
	close(file)
}

# First reading: the meanings.  Second reading: the document.
FNR == 1 { reading++ }
reading == 1 && /^\| GF-[0-9]+ \|/ {
	split($0, cell, / \| /)
	id = cell[1]; sub(/^\| /, "", id)
	if (cell[3] != "MEANING MISSING") meaning[id] = cell[3]
}
reading == 1 && /^\| GF-C[0-9]+ \|/ {
	split($0, cell, / \| /)
	id = cell[1]; sub(/^\| /, "", id)
	if (cell[4] != "EXAMPLE MISSING") example[id] = cell[4]
}
reading == 1 { next }
FNR == 1 {
	while ((getline line < "lib/base/error.c") > 0)
		while (match(line, /\[ERROR_CLASS_[A-Z]+\] = [0-9]+/)) {
			row = substr(line, RSTART + 13, RLENGTH - 13)
			split(row, cell, /\] = /)
			exit_status[cell[1]] = cell[2]
			line = substr(line, RSTART + RLENGTH)
		}
}
/^<!-- table / {
	print
	print ""
	if ($3 == "errors") errors()
	else if ($3 == "rules") rules()
	else if ($3 == "limits") limits()
	else fail("no table " $3)
	print ""
	skipping = 1
	next
}
/^<!-- end table -->/ { skipping = 0 }
!skipping { print }
' "$1" "$1"
