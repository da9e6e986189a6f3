#include "exporter/chosen.h"
#include "exporter/commands.h"
#include "exporter/increment.h"
#include "exporter/plan.h"
#include "exporter/plan_reasons.h"
#include "exporter/wish.h"
#include "lib/base/error.h"
#include "lib/base/kind.h"
#include "lib/store/channel.h"
#include "lib/store/selection.h"
#include "lib/store/store.h"
#include "media/object_table.h"
#include "media/profile.h"

#include <stdio.h>

static json_t *plan_json(const struct channel *c, const struct increment *inc, const struct plan *p)
{
	json_t *kinds = json_object(), *missing = json_array();

	for (int k = 0; k < OBJECT_KINDS; k++)
		json_object_set_new(kinds, object_kind_name((enum object_kind)k),
				    json_pack("{s:I, s:I, s:I, s:I}", "objects",
					      (json_int_t)p->kind_count[k], "bytes",
					      (json_int_t)p->kind_bytes[k], "assumed_objects",
					      (json_int_t)p->assumed_kind_count[k], "assumed_bytes",
					      (json_int_t)p->assumed_kind_bytes[k]));
	for (size_t i = 0; i < sizeof p->missing_names / sizeof *p->missing_names; i++)
		if (p->missing_names[i][0])
			json_array_append_new(missing, json_string(p->missing_names[i]));
	return json_pack("{s:s, s:s, s:I, s:s, s:I, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:i, s:I, "
			 "s:o, s:I, s:I, s:I, s:o}",
			 "channel", c->name, "audience", c->audience, "sequence",
			 (json_int_t)(c->sequence + 1), "kind", inc->full ? "full" : "increment",
			 "base", (json_int_t)inc->base, "why", inc->why, "deltas",
			 (json_int_t)inc->deltas, "withdrawn", (json_int_t)inc->withdrawn_count,
			 "assumed_objects", (json_int_t)p->assumed_count, "assumed_bytes",
			 (json_int_t)p->assumed_bytes, "objects", (json_int_t)p->count, "bytes",
			 (json_int_t)p->bytes, "volumes", (int)p->layout.volumes, "volume_bytes",
			 (json_int_t)p->layout.bytes, "kinds", kinds, "files_wanted",
			 (json_int_t)p->wanted, "files_missing", (json_int_t)p->missing,
			 "bytes_missing", (json_int_t)p->missing_bytes, "missing", missing);
}

static void plan_text(const struct channel *c, const struct increment *inc, const struct plan *p)
{
	printf("channel %s to %s: next is sequence %llu\n", c->name, c->audience,
	       (unsigned long long)c->sequence + 1);
	if (inc->full)
		printf("full bundle: %s\n", inc->why);
	else
		printf("increment on sequence %llu: %s\n", (unsigned long long)inc->base, inc->why);
	for (int k = 0; k < OBJECT_KINDS; k++)
		printf("  %-8s %8llu objects %14llu bytes carried %8llu objects %14llu bytes "
		       "assumed\n",
		       object_kind_name((enum object_kind)k), (unsigned long long)p->kind_count[k],
		       (unsigned long long)p->kind_bytes[k],
		       (unsigned long long)p->assumed_kind_count[k],
		       (unsigned long long)p->assumed_kind_bytes[k]);
	if (inc->deltas)
		printf("%zu of the catalog objects are deltas\n", inc->deltas);
	for (size_t i = 0; i < inc->withdrawn_count; i++)
		printf("withdrawn: %s %s\n", inc->withdrawn[i].kind, inc->withdrawn[i].series);
	printf("%zu objects, %llu bytes in %u volumes of %llu bytes together\n", p->count,
	       (unsigned long long)p->bytes, p->layout.volumes,
	       (unsigned long long)p->layout.bytes);
	printf("files: %zu wanted, %zu missing", p->wanted, p->missing);
	if (p->missing_bytes)
		printf(" (%llu bytes or more)", (unsigned long long)p->missing_bytes);
	printf("\n");
	for (size_t i = 0; i < sizeof p->missing_names / sizeof *p->missing_names; i++)
		if (p->missing_names[i][0])
			printf("  missing: %s\n", p->missing_names[i]);
}

int cmd_plan(const struct cli_args *args, struct error *err)
{
	const char *media = cli_text(args, "media");
	CLEANUP(increment_clear) struct increment inc = { .full = true };
	CLEANUP(plan_clear) struct plan p = { 0 };
	CLEANUP(selection_clear) struct selection chosen = { .has = false };
	const char *file = cli_text(args, "selection");
	struct rules rules = { .count = 0 };
	struct increment_wish wish;
	struct channel c;
	uint64_t limit;

	if (profile_volume_limit(media ? media : "usb", &limit, err) < 0 ||
	    wish_read(args, &wish, err) < 0 || (file && chosen_read(file, &rules, err) < 0))
		return -1;
	CLEANUP(store_close) struct store *s = store_open(cli_text(args, "repo"), false, err);
	if (!s || channel_load_sent(s, args->operands[0], &c, err) < 0 ||
	    chosen_load(s, &c, file ? &rules : NULL, &chosen, err) < 0 ||
	    increment_make(s, &c, &wish, &inc, err) < 0 ||
	    plan_make(s, &inc, &chosen, limit, &p, err) < 0)
		return -1;
	struct plan_reasons reasons = { .store = s,
					.increment = &inc,
					.chosen = &chosen,
					.explain = cli_flag(args, "explain"),
					.missing = cli_flag(args, "missing") };
	json_t *out = args->json ? plan_json(&c, &inc, &p) : NULL;
	if (!out)
		plan_text(&c, &inc, &p);
	plan_clear(&p); /* before the updates are loaded as well */
	if (!out)
		return plan_reasons_text(&reasons, err);
	if (plan_reasons_json(&reasons, out, err) < 0) {
		json_decref(out);
		return -1;
	}
	cli_print_json(out);
	return 0;
}
