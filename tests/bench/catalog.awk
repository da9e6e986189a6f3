# catalog.awk: what catalog.sh measured, as a table.  Input: NAME ROUND wall user system peak others.

{
	wall[$1, $2] = $3
	cpu[$1, $2] = $4 + $5
	if ($6 / 1024 > peak[$1])
		peak[$1] = $6 / 1024
	others[$1] = others[$1] " " $7
	if ($2 > rounds)
		rounds = $2
}

function median(v, count,    i, j, x)
{
	for (i = 2; i <= count; i++) {
		x = v[i]
		for (j = i - 1; j > 0 && v[j] > x; j--)
			v[j + 1] = v[j]
		v[j + 1] = x
	}
	return count % 2 ? v[(count + 1) / 2] : (v[count / 2] + v[count / 2 + 1]) / 2
}

function of(column, name,    v, r)
{
	for (r = 1; r <= rounds; r++)
		v[r] = column[name, r]
	return median(v, rounds)
}

function ratio(column, ours, peer,    v, r)
{
	for (r = 1; r <= rounds; r++)
		v[r] = column[ours, r] / column[peer, r]
	return median(v, rounds)
}

function verdict(value, target)
{
	return sprintf("target %s %s", target, value <= target + 0 ? "met" : "missed")
}

function was_run(name)
{
	return (name, 1) in wall
}

function memory(name, limit)
{
	if (was_run(name))
		printf "%-36s %.1f MiB %s\n", "memory, " name, peak[name],
			verdict(peak[name], limit)
}

function compare(text, ours, peer, target,    w)
{
	if (!was_run(ours))
		return
	w = ratio(wall, ours, peer)
	printf "%-36s %-8.2f %-8.2f %s\n", text, w, ratio(cpu, ours, peer), verdict(w, target)
}

END {
	names = split("first 7zz next master xmllint fifth xmllint5", name)
	printf "\n%-12s %-9s %-9s %-9s %s\n", "medians", "wall s", "cpu s", "peak MiB",
		"processors busy with others"
	for (i = 1; i <= names; i++)
		if (was_run(name[i]))
			printf "%-12s %-9.2f %-9.2f %-9.1f%s\n", name[i], of(wall, name[i]),
				of(cpu, name[i]), peak[name[i]], others[name[i]]
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
		printf "%-36s %d of %d bytes: %.4f %s\n", "metadata of the increment", increment, full,
			increment / full, verdict(increment / full, "0.05")
}
