# catalog.awk: what catalog.sh measured, as a table; after rows.awk.

function was_run(name)
{
	return (name, 1) in wall
}

# The highest of all rounds.
function top(name)
{
	median(peak, name)
	return high
}

function busy(name,    text, r)
{
	for (r = 1; r <= rounds; r++)
		text = text " " others[name, r]
	return text
}

function memory(name, limit)
{
	if (was_run(name))
		printf "%-36s %.1f MiB%s\n", "memory, " name, top(name), verdict(top(name), limit)
}

function compare(text, ours, peer, target,    w)
{
	if (!was_run(ours))
		return
	w = ratio(wall, ours, "", peer, 1000)
	printf "%-36s %-8.2f %-7.2f%s\n", text, w, ratio(cpu, ours, "", peer, 1000), verdict(w, target)
}

END {
	names = split("first 7zz next master xmllint fifth xmllint5", name)
	printf "\n%-12s %-9s %-9s %-9s %s\n", "medians", "wall s", "cpu s", "peak MiB",
		"processors busy with others"
	for (i = 1; i <= names; i++)
		if (was_run(name[i]))
			printf "%-12s %-9.2f %-9.2f %-9.1f%s\n", name[i], median(wall, name[i]),
				median(cpu, name[i]), top(name[i]), busy(name[i])
	printf "\n%-36s %-8s %s\n", "pair by pair", "wall", "cpu"
	compare("first / 7zz x -mmt1", "first", "7zz", "1.0")
	compare("next / first", "next", "first", "0.3333")
	compare("master / xmllint --stream", "master", "xmllint", "2.0")
	compare("fifth / xmllint --stream", "fifth", "xmllint5", "2.0")
	print ""
	memory("first", 512)
	memory("next", 512)
	memory("master", 256)
	memory("fifth", 256)
	if (full > 0)
		printf "%-36s %d of %d bytes: %.4f%s\n", "metadata of the increment", increment, full,
			increment / full, verdict(increment / full, "0.05")
}
