#!/bin/sh
# content.sh BIN: content beside nginx, in one run.
#
# 64 connections that stay ask for ranges of one object of 64 MiB, of 16 KiB and of 1 MiB; the
# server, nginx with the same file, and the server behind nginx (docs/OPERATIONS.md) take turns,
# BENCH_ROUNDS (5) times BENCH_SECONDS (3).  Prints medians, and ratios to nginx.
set -eu
bench='bench-content'
. tests/bench/lib.sh
bin=$1
rounds=${BENCH_ROUNDS:-5} length=${BENCH_SECONDS:-3} threads=$(nproc)
dir=$PWD/build/bench-content
log=$dir/log
PATH=$bin:$PATH:/usr/sbin
command -v nginx >/dev/null || die 'no nginx (Debian: nginx-light)'
server='' peer='' front=''

stop() {
	for pid in $server $peer $front; do kill "$pid" 2>/dev/null || :; done
	wait
	server='' peer='' front=''
}
trap stop EXIT
trap 'exit 130' INT TERM

# A port that nobody listens on now: of a server that is ended at once.
free_port() {
	serve "$dir"
	kill "$server"
	wait "$server" || :
	echo "$port"
}

# start_nginx PORT NAME CONFIGURATION: the last inside of "http".
start_nginx() {
	mkdir -p "$dir/$2"
	{
		echo "daemon off; worker_processes $threads; pid $dir/$2/pid; error_log $dir/$2/error.log;"
		echo "events { worker_connections 1024; }"
		echo "http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000;"
		for place in client_body proxy fastcgi uwsgi scgi; do
			echo "${place}_temp_path $dir/$2/$place;"
		done
		echo "$3 }"
	} >"$dir/$2/nginx.conf"
	nginx -p "$dir/$2" -c "$dir/$2/nginx.conf" -e "$dir/$2/error.log" &
	tries=0
	until curl -s -o /dev/null "http://127.0.0.1:$1/"; do
		tries=$((tries + 1))
		[ "$tries" -lt 100 ] || { cat "$dir/$2/error.log"; exit 1; }
		sleep 0.05
	done
}

# cpu PID: processor time in microseconds, of its children too.
cpu() {
	# shellcheck disable=SC2046 # several words
	cat "/proc/$1/stat" $(pgrep -P "$1" | sed 's|.*|/proc/&/stat|') |
		awk -v hz="$(getconf CLK_TCK)" '{ sum += $14 + $15 } END { printf "%d", sum * 1000000 / hz }'
}

# load NAME PORT PID RANGE: one line "requests per second, MiB per second, us of processor per MiB".
load() {
	before=$(cpu "$3")
	line=$(ranges "$2" "$path" "$size" "$4" 64 "$length")
	after=$(cpu "$3")
	echo "$line" | awk -v used=$((after - before)) '{ printf "%d %.1f %.2f %d\n", $2 / $6, $4 / $6 / 1048576, used / ($4 / 1048576), $8 }' \
		>>"$dir/result.$1.$4"
}

# median FILE COLUMN
median() { awk -v c="$2" '{ print $c }' "$1" | sort -n | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'; }

rm -rf "$dir"
mkdir -p "$dir/www"
repository "$dir" --updates 24 --payloads 1 --payload-min 64M --payload-max 64M
file=$(find "$dir/importer/content" -type f -size 65536k | head -n 1)
size=$(stat -c %s "$file")
sha1=$(sha1sum "$file" | cut -c 1-40 | tr a-f A-F)
path=/Content/$(echo "$sha1" | cut -c 39-)/$sha1.cab
mkdir -p "$dir/www${path%/*}"
ln "$file" "$dir/www$path"
chmod -R a+rX "$dir/importer/content"

peer_port=$(free_port)
start_nginx "$peer_port" peer "server { listen 127.0.0.1:$peer_port; root $dir/www; }"
peer=$(cat "$dir/peer/pid")
serve "$dir" --threads "$threads"
ours=$server ours_port=$port
serve "$dir" --threads "$threads" --accel-redirect /objects
behind=$server
server="$ours $behind"
front_port=$(free_port)
start_nginx "$front_port" front "
	upstream gapferry { server 127.0.0.1:$port; keepalive 64; keepalive_requests 1000000000; }
	server {
		listen 127.0.0.1:$front_port;
		location / { proxy_pass http://gapferry; proxy_http_version 1.1; proxy_set_header Connection ''; }
		location /objects/ { internal; alias $dir/importer/content/; }
	}"
front=$(cat "$dir/front/pid")

for range in 16384 1048576; do
	for _ in $(seq "$rounds"); do
		load server "$ours_port" "$ours" "$range"
		load nginx "$peer_port" "$peer" "$range"
		load front "$front_port" "$front" "$range"
	done
	for who in nginx server front; do
		f=$dir/result.$who.$range
		awk -v who="$who" -v range="$range" -v r="$(median "$f" 1)" -v m="$(median "$f" 2)" -v u="$(median "$f" 3)" \
			-v nr="$(median "$dir/result.nginx.$range" 1)" -v nu="$(median "$dir/result.nginx.$range" 3)" -v closed="$(median "$f" 4)" \
			'BEGIN { printf "%-7s %7d bytes: %7d requests/s, %7.1f MiB/s (%.2f of nginx); %7.2f us of processor per MiB (%.2f of nginx); %d closed\n",
			who, range, r, m, r / nr, u, u / nu, closed }'
	done
done
