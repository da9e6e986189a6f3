# shellcheck shell=sh disable=SC2153 # T_DIR is from lib.sh
# run.sh: runs a table of attacks against verifier, importer and card; sourced after lib.sh.
#
#   attack_site            keys, bundles main-1-1 to main-1-3, an importer with nothing and one with 2
#   attack_run FILE.cases  one check per line:
#
# ID|WHERE FROM|SITE|WHAT|STEPS|VERIFY|IMPORT|CARD
#   WHERE FROM  the rows of the threat model it stands for (docs/SECURITY.md "Attacks that are tried")
#   SITE        fresh: bundle 1 is offered to a site without any; two: bundle 3, after 1 and 2
#   STEPS       shell, with the words of steps.sh, in a copy of the bundle; no "|" in it
#   VERIFY      exit status and error id of gapferry-verify, or 0;   IMPORT: the same of gapferry-import
#   CARD        how a line of the card begins that says why, or VERIFIED
# ATTACK_ONLY='s01 f13' runs only these.

. tests/e2e/attack.sh
A_TREE=$PWD
. tests/attack/steps.sh

attack_people() {
	for a_who in bert-builder anna-approver ruth-root mallory-approver; do
		cp "$T_DIR/keys/$a_who.cert.pem" "$T_DIR/cert.${a_who%-*}"
		cp "$T_DIR/keys/$a_who.key.pem" "$T_DIR/key.${a_who%-*}"
	done
	# Anna's own key, but certified by an authority of the public.
	cp "$T_DIR/key.anna" "$T_DIR/key.web"
	printf '%s\n' basicConstraints=critical,CA:FALSE keyUsage=critical,digitalSignature \
		extendedKeyUsage=serverAuth,codeSigning >"$T_DIR/web.ext"
	t_must openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -days 30 \
		-subj /CN=Everybodys-CA -keyout "$T_DIR/ca.key" -out "$T_DIR/ca.pem"
	t_must openssl req -new -key "$T_DIR/key.web" -subj /O=gapferry/OU=approver/CN=anna \
		-out "$T_DIR/web.csr"
	t_must openssl x509 -req -in "$T_DIR/web.csr" -CA "$T_DIR/ca.pem" -CAkey "$T_DIR/ca.key" \
		-CAcreateserial -days 30 -extfile "$T_DIR/web.ext" -out "$T_DIR/cert.web"
	for a_who in bert anna ruth mallory; do
		openssl x509 -in "$T_DIR/cert.$a_who" -noout -pubkey |
			openssl pkey -pubin -outform DER | sha256sum | cut -c 1-16 >"$T_DIR/id.$a_who"
	done
	echo ffffffffffffffff >"$T_DIR/id.web"
	# What the whole machine would vouch for must not matter.
	export SSL_CERT_FILE="$T_DIR/ca.pem"
}

attack_site() {
	t_in_memory
	A_BUNDLE=$T_DIR/copy/gapferry/main-1-1
	a_site --updates 24 --payloads 2 --payload-min 540K --payload-max 600K
	t_must gapferry-export key new --role approver --holder mallory --out "$T_DIR/keys"
	attack_people
	mkdir "$T_DIR/stranger"
	t_must gapferry-export trust new --root "$T_DIR/keys/ruth-root.cert.pem" \
		--builder "$T_DIR/keys/bert-builder.cert.pem" \
		--approver "$T_DIR/keys/mallory-approver.cert.pem" \
		--key "$T_DIR/keys/ruth-root.key.pem" --out "$T_DIR/stranger/trust"
	mv "$T_DIR/importer" "$T_DIR/site.fresh"
	mv "$T_DIR/good" "$T_DIR/good.fresh"
}

# Bundles 2 and 3, and a site that has 1 and 2.
attack_more() {
	t_bundle "$T_DIR" 2 --media 1M --no-parity
	t_bundle "$T_DIR" 3 --media 1M --no-parity
	cp -r "$T_BUNDLE" "$T_DIR/good.two"
	head -c "$(stat -c %s "$T_DIR/good.fresh/vol-0002.tar")" "$T_BUNDLE/vol-0001.tar" >"$T_DIR/other.tar"
	cp -r "$T_DIR/site.fresh" "$T_DIR/site.two"
	for a_n in 1 2; do
		t_must gapferry-import --repo "$T_DIR/site.two" import "$T_DIR/medium/gapferry/main-1-$a_n"
	done
}

# attack_said FILE PREFIX WANT: whether status T_STATUS and the id are those of WANT
attack_said() {
	[ "$T_STATUS" -eq "${2%% *}" ] || return 1
	[ "$2" = 0 ] || grep -q "$1${2#* }" "$T_DIR/out" "$T_DIR/err"
}

attack_one() {
	rm -rf "$T_DIR/copy" "$T_DIR/importer"
	mkdir -p "$T_DIR/copy/gapferry"
	cp -r "$T_DIR/good.$a_site" "$A_BUNDLE"
	cp -r "$T_DIR/site.$a_site" "$T_DIR/importer"
	(cd "$A_BUNDLE" && eval "$a_steps") >"$T_DIR/out" 2>"$T_DIR/err" </dev/null || {
		t_fail "$a_id $a_what: its steps"
		return
	}
	a_wrong=
	t_run timeout 20 gapferry-verify "$A_BUNDLE" --trust "$T_DIR/trust"
	attack_said 'problem ' "$a_verify" || {
		a_wrong="verify: $T_STATUS $(grep -m 1 -ho 'GF-.*' "$T_DIR/out" "$T_DIR/err" | head -n 1)"
	}
	t_run timeout 20 gapferry-import --repo "$T_DIR/importer" import "$A_BUNDLE"
	attack_said '^gapferry-import: ' "$a_import" || {
		a_wrong="$a_wrong; import: $T_STATUS $(grep -m 1 -ho 'GF-.*' "$T_DIR/err" | head -n 1)"
	}
	t_run timeout 20 sh -c 'cd "$1" && ANCHORS=$2 sh "$3"' - "$A_BUNDLE" "$T_DIR/trust" "$T_DIR/card.sh"
	case $a_card in
	VERIFIED) [ "$T_STATUS" -eq 0 ] && [ "$(tail -n 1 "$T_DIR/out")" = VERIFIED ] ;;
	*)
		[ "$T_STATUS" -eq 1 ] && [ "$(tail -n 1 "$T_DIR/out")" = 'NOT VERIFIED' ] &&
			grep -q "^$a_card" "$T_DIR/out"
		;;
	esac || a_wrong="$a_wrong; card: $T_STATUS $(grep -m 1 FAILED "$T_DIR/out")"
	if [ -z "$a_wrong" ]; then
		t_pass "$a_id $a_what: $a_verify, $a_import, $a_card"
	else
		t_fail "$a_id $a_what: $a_wrong"
	fi
}

attack_run() {
	while IFS='|' read -r a_id a_from a_site a_what a_steps a_verify a_import a_card; do
		case $a_id in '#'* | '') continue ;; esac
		case " ${ATTACK_ONLY:-$a_id} " in *" $a_id "*) ;; *) continue ;; esac
		[ -n "$a_from$a_card" ] && attack_one
	done <"$1"
}
