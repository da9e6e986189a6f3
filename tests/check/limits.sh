#!/bin/sh
# limits.sh LIMITS_H EXCEPTIONS: every limit is named in a unit test, an end-to-end script or a table
# of attacks, or has a line "NAME reason" in EXCEPTIONS, which says where it is tried or why it is not.
bad=0
sed -n 's/^#define \(LIMIT_[A-Z_]*\) .*/\1/p' "$1" | sort >"${TMPDIR:-/tmp}/limits.$$"
trap 'rm -f "${TMPDIR:-/tmp}/limits.$$"' EXIT
while read -r name; do
	tried=$(grep -rlw "$name" tests/unit tests/e2e tests/attack | head -n 1)
	excused=$(grep -c "^$name [^ ]" "$2")
	if [ -z "$tried" ] && [ "$excused" -eq 0 ]; then
		echo "$name: no test names it, and $2 does not say why"
		bad=1
	elif [ -n "$tried" ] && [ "$excused" -ne 0 ]; then
		echo "$name: $tried names it; take it out of $2"
		bad=1
	fi
done <"${TMPDIR:-/tmp}/limits.$$"
while read -r name reason; do
	case $name in '#'* | '') continue ;; esac
	grep -qx "$name" "${TMPDIR:-/tmp}/limits.$$" || {
		echo "$2: there is no limit $name ($reason)"
		bad=1
	}
done <"$2"
exit $bad
