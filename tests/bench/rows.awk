# rows.awk: what `timed` of lib.sh has measured.  Input: NAME ROUND wall user system peak others.
# The scripts after it print tables.

{
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
