#include "exporter/commands.h"
#include "exporter/signature.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

enum { PIECE = 1 << 20 };

struct examined {
	struct authenticode_verdict verdict;
	char sha256[DIGEST_HEX]; /* of the whole file: its identity */
	bool refused;
};

static int feed_file(const char *path, struct authenticode *a, struct digest *whole,
		     struct error *err)
{
	CLEANUP(file_close) int fd = -1;
	CLEANUP(free) unsigned char *piece = buf_malloc(PIECE);
	uint64_t size;

	if (file_open_present(AT_FDCWD, path, &fd, &size, err) < 0)
		return -1;
	for (uint64_t at = 0; at < size;) {
		size_t n = size - at < PIECE ? (size_t)(size - at) : PIECE;

		if (file_read_at(fd, path, piece, n, at, err) < 0)
			return -1;
		authenticode_feed(a, piece, n);
		digest_update(whole, piece, n);
		at += n;
	}
	return 0;
}

static int examine(const char *path, const struct authenticode_roots *roots, struct examined *out,
		   struct error *err)
{
	CLEANUP(authenticode_free) struct authenticode *a = authenticode_new();
	CLEANUP(digest_free) struct digest *whole = digest_new(DIGEST_KIND_SHA256);
	unsigned char sha256[DIGEST_SHA256];
	struct error verdict = ERROR_INIT;

	if (feed_file(path, a, whole, err) < 0)
		return -1;
	digest_final(whole, sha256);
	str_to_hex(sha256, sizeof sha256, out->sha256);
	out->refused = signature_check(a, roots, path, &out->verdict, &verdict) < 0;
	return 0;
}

static void print_text(const char *path, const struct examined *e)
{
	signature_text(&e->verdict, path);
	printf("  SHA-256 of the file %s\n", e->sha256);
}

static json_t *file_json(const char *path, const struct examined *e)
{
	json_t *out = signature_json(&e->verdict);

	json_object_set_new(out, "file", json_string(path));
	json_object_set_new(out, "sha256", json_string(e->sha256));
	json_object_set_new(out, "refused", json_boolean(e->refused));
	return out;
}

int cmd_authenticode(const struct cli_args *args, struct error *err)
{
	CLEANUP(authenticode_roots_free) struct authenticode_roots *roots = NULL;
	struct examined *all = NULL;
	bool refused = false;

	if (signature_roots(args, &roots, err) < 0)
		return -1;
	all = buf_calloc(args->operand_count, sizeof *all);
	for (size_t i = 0; i < args->operand_count; i++) {
		if (examine(args->operands[i], roots, &all[i], err) < 0) {
			free(all);
			return -1;
		}
		refused |= all[i].refused;
	}
	json_t *files = json_array();
	for (size_t i = 0; i < args->operand_count; i++) {
		json_array_append_new(files, file_json(args->operands[i], &all[i]));
		if (!args->json)
			print_text(args->operands[i], &all[i]);
	}
	if (args->json)
		cli_print_json(json_pack("{s:O}", "files", files));
	json_decref(files);
	free(all);
	return refused ? CLI_FINDINGS : 0;
}
