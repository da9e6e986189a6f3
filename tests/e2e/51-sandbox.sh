#!/bin/sh
# The roles of the programs from outside: no sockets, no programs, no start without a kernel that
# can hold them, and nothing but what the command line names is opened.
. tests/e2e/lib.sh
. tests/e2e/attack.sh
t_need mkcatalog gapferry-export gapferry-verify gapferry-import gapferry-server jq strace gcc pkg-config
strace -f -o /dev/null -e trace=none true 2>/dev/null || {
	t_skip '51-sandbox' 'strace does not work here'
	exit 0
}
# The leak checker cannot work below strace.
export ASAN_OPTIONS=detect_leaks=0

a_site --updates 30 --payloads 5 --payload-max 100K
cp -r "$T_DIR/importer" "$T_DIR/pristine"

# ---- a kernel without ----

# shellcheck disable=SC2046 # several words
t_must gcc -o "$T_DIR/refuse" tests/e2e/51-refuse.c $(pkg-config --cflags --libs libseccomp)
landlock=444 seccomp=317
for command in "gapferry-verify $T_DIR/good --trust $T_DIR/trust" \
	"gapferry-import --repo $T_DIR/importer status" \
	"gapferry-import --repo $T_DIR/importer import $T_DIR/good" \
	"gapferry-server --repo $T_DIR/importer --listen 127.0.0.1:0"; do
	name=$(echo "$command" | awk '{ print $1 }')
	# shellcheck disable=SC2086 # words
	t_error 1 GF-1101 "$name does not start without Landlock" "$T_DIR/refuse" $landlock $command
	# shellcheck disable=SC2086
	t_error 1 GF-1102 "$name does not start without seccomp" "$T_DIR/refuse" $seccomp $command
done
t_ok 'nothing happened to the repository' diff -r -x 'catalog.db*' -x 'clients.db*' "$T_DIR/pristine" "$T_DIR/importer"

# ---- what they do ----

# traced PROGRAM...: its system calls are in $T_DIR/calls.
traced() {
	t_run strace -f -qq -s 200 -o "$T_DIR/calls" "$@"
}

# never DESC REGEX: no call like this after the first filter was loaded.
never() {
	sed -n '/seccomp(SECCOMP_SET_MODE_FILTER, .*{len=/,$p' "$T_DIR/calls" >"$T_DIR/confined"
	t_ok "$1: there is a filter" test -s "$T_DIR/confined"
	if grep -E "$2" "$T_DIR/confined" >"$T_DIR/out"; then t_fail "$1"; else t_pass "$1"; fi
}

sockets=' (socket|connect|bind|listen|accept|accept4|sendto|recvfrom)\('
programs=' (execve|execveat|ptrace|process_vm_readv|bpf|mount|unshare|setns)\('
traced gapferry-verify "$T_DIR/good" --trust "$T_DIR/trust" --json
cp "$T_DIR/out" "$T_DIR/verify.json"
t_ok 'verify works below strace' test "$T_STATUS" -eq 0
t_ok 'and says which Landlock holds it' test "$(jq .landlock "$T_DIR/verify.json")" -ge 1
never 'verify: no socket' "$sockets"
never 'verify: no program' "$programs"
never 'verify: opens nothing to write' ' openat\(.*O_(WRONLY|RDWR|CREAT)'
if grep -E "$sockets" "$T_DIR/calls" >"$T_DIR/out"; then
	t_fail 'verify: no socket at all'
else
	t_pass 'verify: no socket at all'
fi

traced gapferry-import --repo "$T_DIR/importer" import "$T_DIR/good" --threads 3 --json
cp "$T_DIR/out" "$T_DIR/import.json"
t_ok 'import works below strace' test "$T_STATUS" -eq 0
t_ok 'and says which Landlock holds it' test "$(jq .landlock "$T_DIR/import.json")" -ge 1
never 'import: no program' "$programs"
if grep -E "$sockets" "$T_DIR/calls" >"$T_DIR/out"; then
	t_fail 'import: no socket at all'
else
	t_pass 'import: no socket at all'
fi
if grep -E 'PROT_[A-Z|_]*EXEC' "$T_DIR/confined" | grep -v ENOSYS >"$T_DIR/out"; then
	t_fail 'import: no new code'
else
	t_pass 'import: no new code'
fi
# Processes by the length of their filter: one that proves, two workers for each thread, itself.
main=$(awk 'NR == 1 { print $1 }' "$T_DIR/calls")
sed -n 's/^\([0-9]*\) *seccomp(SECCOMP_SET_MODE_FILTER, .*{len=\([0-9]*\).*/\2 \1/p' "$T_DIR/calls" |
	grep -v " $main\$" | sort -n >"$T_DIR/filters"
t_ok 'one process proves' test "$(wc -l <"$T_DIR/filters")" -eq 7
awk 'NR == 1 { least = $1 } $1 == least { print $2 }' "$T_DIR/filters" >"$T_DIR/workers"
t_ok 'there are two workers for each thread' test "$(wc -l <"$T_DIR/workers")" -eq 6
awk 'NR == FNR { worker[$1]; next }
	$1 in worker && confined[$1] && match($2, /^[a-z0-9_]+\(/) { print substr($2, 1, RLENGTH - 1) }
	$1 in worker && /seccomp\(SECCOMP_SET_MODE_FILTER, .*len=/ { confined[$1] = 1 }' \
	"$T_DIR/workers" "$T_DIR/calls" | sort -u >"$T_DIR/used"
t_ok 'they read and write' grep -qx read "$T_DIR/used"
if [ "${MODE:-release}" = release ]; then
	grep -vxE 'alarm|brk|exit_group|madvise|mmap|mprotect|mremap|munmap|read|write' "$T_DIR/used" >"$T_DIR/more"
	t_ok 'and nothing else' test ! -s "$T_DIR/more"
fi

traced gapferry-import --repo "$T_DIR/importer" trust add "$T_DIR/good"
t_ok 'trust add works below strace' test "$T_STATUS" -eq 0
t_roles 2 'trust add'
victim=$(gapferry-import --repo "$T_DIR/importer" scrub --json | jq .objects)
t_ok 'there is something to heal' test "$victim" -gt 0
object=$(cd "$T_DIR/importer/content" && find . -type f -size +10k | sort | head -n 1)
cp "$T_DIR/importer/content/$object" "$T_DIR/whole"
chmod u+w "$T_DIR/importer/content/$object"
printf 'xxxx' | dd of="$T_DIR/importer/content/$object" conv=notrunc 2>/dev/null
traced gapferry-import --repo "$T_DIR/importer" scrub --heal-from "$T_DIR/good"
t_ok 'scrub heals below strace' test "$T_STATUS" -eq 2
t_roles 2 'scrub'
t_ok 'it is what it was' cmp -s "$T_DIR/whole" "$T_DIR/importer/content/$object"
traced gapferry-export approve "$T_DIR/good" --trust "$T_DIR/trust" --look --threads 2
t_ok 'approve works below strace' test "$T_STATUS" -eq 0
t_roles 6 'approve'

# ---- what is not named is not there ----

# A volume that leads out of the medium, and one through a directory that does.
cp -r "$T_DIR/good" "$T_DIR/moved"
mkdir "$T_DIR/outside"
mv "$T_DIR/moved/vol-0001.tar" "$T_DIR/outside/"
ln -s ../outside/vol-0001.tar "$T_DIR/moved/vol-0001.tar"
t_run gapferry-verify "$T_DIR/moved" --trust "$T_DIR/trust"
t_ok 'a volume that is a link out of the medium is not read' test "$T_STATUS" -ne 0
