#!/bin/sh
# banned.sh 'NAME|NAME...' FILE...: none of these functions is called, and there
# is no goto.  String literals do not count.
names=$1; shift
bad=0
for f in "$@"; do
	sed 's/"\(\\.\|[^"\\]\)*"/""/g' "$f" | grep -nE "(^|[^a-zA-Z0-9_])($names)[ ]*\(|^[[:space:]]*goto " |
		sed "s|^|$f:|" | grep . && bad=1
done
exit $bad
