# table.awk: what bench.sh measured, as a table; after rows.awk.

BEGIN {
	QUIET = 0.2
	names = split("ingest write approve verify import increment tar dgst cp sha256sum", name)
	title["tar"] = "tar|zstd|dgst+cms"
	title["dgst"] = "openssl dgst"
	title["cp"] = "cp -r"
	title["sha256sum"] = "sha256sum -c"
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
