#include "importer/server/commands.h"
#include "importer/server/policy.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"

#include <stdio.h>

enum { REG_BYTES = 64 << 10 };

static void print_text(const struct policy_value *values, size_t count)
{
	const char *key = NULL;

	for (size_t i = 0; i < count; i++) {
		const struct policy_value *v = &values[i];

		if (v->key != key)
			printf("%sHKEY_LOCAL_MACHINE\\%s\n", key ? "\n" : "", v->key);
		key = v->key;
		if (v->type == POLICY_TEXT)
			printf("  %-45s REG_SZ     %s", v->name, v->text);
		else if (v->type == POLICY_NUMBER)
			printf("  %-45s REG_DWORD  %u", v->name, v->number);
		else
			printf("  %-45s (none)", v->name);
		printf("%s%s\n", *v->remark ? "  ; " : "", v->remark);
	}
}

static void print_json(const struct policy_value *values, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++) {
		const struct policy_value *v = &values[i];
		json_t *value = v->type == POLICY_TEXT     ? json_string(v->text)
				: v->type == POLICY_NUMBER ? json_integer(v->number)
							   : json_null();

		json_array_append_new(list, json_pack("{s:s, s:s, s:o}", "key", v->key, "name",
						      v->name, "value", value));
	}
	cli_print_json(json_pack("{s:o}", "values", list));
}

int cmd_policy(const struct cli_args *args, struct error *err)
{
	CLEANUP(buf_clear) struct buf reg = BUF_INIT(REG_BYTES);
	struct policy_value values[POLICY_VALUES];
	struct policy p = { .url = cli_text(args, "url"),
			    .alternate = cli_text(args, "alternate"),
			    .group = cli_text(args, "group") };
	uint64_t options, day, hour, detection;

	if (cli_number(args, "options", 2, 7, 4, &options, err) < 0 ||
	    cli_number(args, "day", 0, 7, 0, &day, err) < 0 ||
	    cli_number(args, "hour", 0, 23, 3, &hour, err) < 0 ||
	    cli_number(args, "detection-hours", 1, 22, 22, &detection, err) < 0)
		return -1;
	p.options = (uint32_t)options;
	p.day = (uint32_t)day;
	p.hour = (uint32_t)hour;
	p.detection = (uint32_t)detection;
	if (policy_check(&p, err) < 0)
		return -1;
	size_t count = policy_values(&p, values);
	if (cli_flag(args, "reg")) {
		if (policy_reg(&p, &reg, err) < 0)
			return -1;
		if (fwrite(reg.bytes, 1, reg.len, stdout) != reg.len || fflush(stdout) != 0)
			return error_set_errno(err, ERROR_FILE_WRITE,
					       "standard output: cannot write");
	} else if (args->json) {
		print_json(values, count);
	} else {
		print_text(values, count);
	}
	return 0;
}
