#!/bin/sh
# coverage.sh BUILD SOURCE...: line coverage of each source, of each component and
# of all, from a build with MODE=coverage that has run.  Sources that no test
# links count as not covered at all.
build=$1; shift
for f in "$@"; do
	notes=$build/${f%.c}.gcno
	if [ ! -f "${notes%.gcno}.gcda" ]; then
		echo "$f 0 $(grep -c ';' "$f")"
		continue
	fi
	# Of the files gcov mentions only this source itself, not the headers.
	gcov -n -o "$notes" "$f" 2>/dev/null | awk -v f="$f" '
		$1 == "File" { mine = index($0, f) > 0 }
		mine && /^Lines executed:/ {
			split($0, p, /[:% ]+/)
			printf "%s %d %d\n", f, p[3] * p[5] / 100 + 0.5, p[5]
			mine = 0
		}'
done | awk '
function row(name, hit, all) { printf "%6.1f %%  %5d of %5d  %s\n", all ? 100 * hit / all : 0, hit, all, name }
{
	row($1, $2, $3)
	dir = $1
	sub(/\/[^\/]*$/, "", dir)
	if (!(dir in all)) order[++dirs] = dir
	hit[dir] += $2; all[dir] += $3; hits += $2; alls += $3
}
END {
	print ""
	for (i = 1; i <= dirs; i++) row(order[i], hit[order[i]], all[order[i]])
	row("everything", hits, alls)
}'
