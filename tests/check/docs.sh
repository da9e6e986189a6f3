#!/bin/sh
# docs.sh BUILD: the documentation names what the programs can say and do.
#
# The tables of docs/OPERATIONS.md, docs/CATALOG-RULES.md and docs/SECURITY.md (every error id,
# every catalog rule, every limit) are those of the sources, each error has its meaning and each
# rule an example; every exit status has a heading and every verb of the programs below
# BUILD/bin a command line in docs/OPERATIONS.md.
build=$1
guide=docs/OPERATIONS.md
bad=0

complain() {
	echo "$1"
	bad=1
}

for table in "$guide errors" "docs/CATALOG-RULES.md rules" "docs/SECURITY.md limits"; do
	grep -q "^<!-- table ${table#* } -->" "${table% *}" ||
		complain "${table% *}: no table ${table#* }"
done
mkdir -p "$build"
for document in "$guide" docs/CATALOG-RULES.md docs/SECURITY.md; do
	tests/check/docs-tables.sh "$document" >"$build/document" || bad=1
	diff "$document" "$build/document" ||
		complain "$document: run 'make docs-tables' and write the meanings that are missing"
done
if grep -n 'EXAMPLE MISSING' docs/CATALOG-RULES.md; then
	complain "docs/CATALOG-RULES.md: write an example of these rules"
fi
if grep -n 'MEANING MISSING' "$guide"; then
	complain "$guide: write what these ids mean"
fi

# Exit statuses: those of the classes, success and "done, with findings".
for status in 0 2 $(sed -n 's/\[ERROR_CLASS_/\n&/gp' lib/base/error.c |
	sed -n 's/^\[ERROR_CLASS_[A-Z]*\] = \([1-9][0-9]*\).*/\1/p'); do
	grep -q "^### $status " "$guide" || complain "$guide: no heading '### $status ...'"
done

# verbs PROGRAM: from its help, "  VERB OPERANDS...  what it does", padded to 36.
verbs() {
	"$1" --help | awk '
	/^  [a-z]/ && !/^  --/ {
		left = substr($0, 3)
		if (match(left, /  /)) left = substr(left, 1, RSTART - 1)
		n = split(left, word, " ")
		verb = word[1]
		if (n > 1 && word[2] ~ /^[a-z][a-z-]*$/) verb = verb " " word[2]
		print verb
	}
	/--help tells more/ { exit }'
}

for program in "$build"/bin/gapferry-*; do
	[ -x "$program" ] || continue
	name=${program##*/}
	grep -q "$name " "$guide" || complain "$guide: does not mention $name"
	verbs "$program" >"$build/verbs" || complain "$name --help fails"
	while read -r verb; do
		grep -qE "$name( --[a-z-]+ [^ ]+)* $verb( |\$|\`)" "$guide" ||
			complain "$guide: no command line with '$name ... $verb'"
	done <"$build/verbs"
done
exit $bad
