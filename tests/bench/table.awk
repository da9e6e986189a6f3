# table.awk: what bench.sh measured, as a table.  Input: NAME ROUND wall user system peak others.

BEGIN {
	QUIET = 0.2
	names = split("ingest write approve verify import increment tar dgst cp sha256sum", name)
	title["tar"] = "tar|zstd|dgst+cms"
	title["dgst"] = "openssl dgst"
	title["cp"] = "cp -r"
	title["sha256sum"] = "sha256sum -c"
}

{
	n[$1]++
	wall[$1, $2] = $3
	cpu[$1, $2] = $4 + $5
	peak[$1, $2] = $6 / 1024
	others[$1, $2] = $7
	if ($2 > rounds)
		rounds = $2
}

# Sorts v[1..count]; few values.
function sort(v, count,    i, j, x)
{
	for (i = 2; i <= count; i++) {
		x = v[i]
		for (j = i - 1; j > 0 && v[j] > x; j--)
			v[j + 1] = v[j]
		v[j + 1] = x
	}
}

function middle(v, count)
{
	if (count % 2)
		return v[(count + 1) / 2]
	return (v[count / 2] + v[count / 2 + 1]) / 2
}

# Median of one column of NAME; low and high are set.
function median(column, of,    v, r)
{
	for (r = 1; r <= rounds; r++)
		v[r] = column[of, r]
	sort(v, rounds)
	low = v[1]
	high = v[rounds]
	return middle(v, rounds)
}

# Median of (OURS + MORE) / PEER round by round; MORE may be "".  Rounds in which the rest of the
# machine took more than LIMIT processors during one of them do not count; used is how many do.
function ratio(column, ours, more, peer, limit,    v, r)
{
	used = 0
	for (r = 1; r <= rounds; r++) {
		if (others[ours, r] > limit || others[peer, r] > limit)
			continue
		if (more && others[more, r] > limit)
			continue
		v[++used] = (column[ours, r] + (more ? column[more, r] : 0)) / column[peer, r]
	}
	if (used == 0)
		return 0
	sort(v, used)
	low = v[1]
	high = v[used]
	return middle(v, used)
}

function verdict(value, target)
{
	return target == "" ? "" : sprintf("  target %s %s", target, value <= target + 0 ? "met" : "missed")
}

function compare(text, ours, more, peer, target,    w, q, range)
{
	w = ratio(wall, ours, more, peer, 1000)
	range = sprintf("%.2f (%.2f-%.2f)", w, low, high)
	q = ratio(wall, ours, more, peer, QUIET)
	printf "%-35s %-17s %-9s %.2f %s\n", text, range,
		used ? sprintf("%.2f (%d)", q, used) : "-", ratio(cpu, ours, more, peer, 1000),
		verdict(w, target)
}

END {
	printf "\n%-18s %-22s %-22s %-9s %s\n", "medians of " rounds, "wall s (range)", "cpu s (range)",
		"peak MiB", "others"
	for (i = 1; i <= names; i++) {
		k = name[i]
		w = median(wall, k)
		text = sprintf("%.2f (%.2f-%.2f)", w, low, high)
		c = median(cpu, k)
		used = sprintf("%.2f (%.2f-%.2f)", c, low, high)
		median(peak, k)
		top[k] = high
		printf "%-18s %-22s %-22s %-9.1f %.1f\n", k in title ? title[k] : k, text, used, high,
			median(others, k)
	}
	printf "\n%-35s %-17s %-9s %s\n", "pair by pair", "wall (range)", "quiet (n)", "cpu"
	compare("write / tar|zstd|dgst+cms", "write", "", "tar", "0.50")
	compare("(ingest+write) / tar|zstd|dgst+cms", "ingest", "write", "tar", "")
	compare("increment / write", "increment", "", "write", "0.10")
	compare("verify / openssl dgst", "verify", "", "dgst", "0.60")
	compare("verify / sha256sum -c", "verify", "", "sha256sum", "")
	compare("import / cp -r", "import", "", "cp", "1.10")
	print "\nmemory, highest of all rounds"
	for (i = 1; i <= 6; i++)
		printf "%-35s %5.1f MiB%s\n", name[i], top[name[i]], verdict(top[name[i]], 128)
	print "\nbytes"
	printf "%-35s %.0f = %.4f of the tree\n", "bundle", size, size / tree
	printf "%-35s %.0f = %.4f of the bundle\n", "increment", carried, carried / size
	printf "%-35s %.0f = %.4f of the tree\n", "tar|zstd", archive, archive / tree
	# Content is stored as it is: besides parity it can grow by headers, tables and signatures.
	growth = 100 * (size - parity - metadata - content) / content
	printf "%-35s %.0f = %.4f of the tree\n", "of it metadata and cabinet", metadata, metadata / tree
	printf "%-35s %.0f = %.4f of the bundle\n", "of it parity", parity, parity / size
	printf "%-35s %.4f %%%s\n", "growth of content", growth, verdict(growth, "0.1")
	printf "%-35s %d\n", "files in the exporter's repository", small
}
