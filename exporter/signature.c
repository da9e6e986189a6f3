#include "exporter/signature.h"

#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/cli/cli.h"

#include <stdio.h>

int signature_roots(const struct cli_args *args, struct authenticode_roots **out, struct error *err)
{
	const char *paths[CLI_VALUES_MAX];
	size_t count = cli_list(args, "microsoft-roots", paths, CLI_VALUES_MAX);

	*out = NULL;
	if (count == 0) { /* cli_list() does not look at the environment */
		paths[0] = cli_text(args, "microsoft-roots");
		count = paths[0] ? 1 : 0;
	}
	if (count == 0)
		return 0;
	*out = authenticode_roots_open(paths, count, err);
	return *out ? 0 : -1;
}

int signature_check(struct authenticode *a, const struct authenticode_roots *roots,
		    const char *label, struct authenticode_verdict *out, struct error *err)
{
	authenticode_finish(a, roots, clock_now(), out);
	return roots ? authenticode_accept_chain(out, label, err)
		     : authenticode_accept_digest(out, label, err);
}

static json_t *text_or_null(const char *text)
{
	return *text ? json_string(text) : json_null();
}

static void format_time(const struct authenticode_verdict *v, char out[STR_TIME_SIZE])
{
	out[0] = '\0';
	if (v->time_stated >= 0)
		str_from_time(v->time_stated, out);
}

json_t *signature_json(const struct authenticode_verdict *v)
{
	char when[STR_TIME_SIZE];
	json_t *out =
		json_pack("{s:s, s:s, s:s, s:o}", "kind", authenticode_kind_name(v->kind), "digest",
			  authenticode_digest_name(v->digest), "chain",
			  authenticode_chain_name(v->chain), "problem", text_or_null(v->problem));

	if (v->kind != AUTHENTICODE_SIGNED)
		return out;
	format_time(v, when);
	json_object_set_new(out, "signature", json_string(v->signature_ok ? "ok" : "bad"));
	json_object_set_new(out, "signatures", json_integer(v->signatures));
	json_object_set_new(out, "authenticode_digest", json_string(v->digest_hex));
	json_object_set_new(out, "subject", text_or_null(v->subject));
	json_object_set_new(out, "issuer", text_or_null(v->issuer));
	json_object_set_new(out, "serial", text_or_null(v->serial));
	json_object_set_new(out, "time",
			    json_pack("{s:s, s:o, s:o, s:o}", "verdict",
				      authenticode_time_name(v->time), "stated", text_or_null(when),
				      "kind",
				      v->time == AUTHENTICODE_TIME_NONE
					      ? json_null()
					      : json_string(v->rfc3161 ? "RFC 3161" : "PKCS#9"),
				      "subject", text_or_null(v->time_subject)));
	return out;
}

void signature_text(const struct authenticode_verdict *v, const char *label)
{
	char when[STR_TIME_SIZE];

	if (v->kind != AUTHENTICODE_SIGNED) {
		printf("%s: Authenticode: %s%s%s\n", label, authenticode_kind_name(v->kind),
		       v->problem[0] ? ": " : "", v->problem);
		return;
	}
	printf("%s: Authenticode: digest %s, signature %s, chain %s\n", label,
	       authenticode_digest_name(v->digest), v->signature_ok ? "ok" : "bad",
	       authenticode_chain_name(v->chain));
	if (v->subject[0])
		printf("  signed by %s\n  issued by %s, serial number %s\n", v->subject, v->issuer,
		       v->serial);
	format_time(v, when);
	if (v->time != AUTHENTICODE_TIME_NONE)
		printf("  time %s: %s (%s, %s)\n", authenticode_time_name(v->time),
		       when[0] ? when : "none stated", v->rfc3161 ? "RFC 3161" : "PKCS#9",
		       v->time_subject[0] ? v->time_subject : "authority unknown");
}
