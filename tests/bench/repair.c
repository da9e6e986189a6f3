/* repair BUNDLE TRUST OUT: repaired copies of all volumes into the new directory OUT. */
#include "verifier/repair.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/crypto/trust.h"
#include "media/manifest.h"
#include "verifier/verify.h"

#include <stdio.h>

static void print(void *ctx, const struct repair_found *f)
{
	char text[DAMAGE_TEXT];

	(void)ctx;
	damage_describe(&f->damage, text);
	printf("vol-%04u.tar chunk %06zu: %s\n", f->volume, f->chunk, text);
}

static int run(char **argv, struct error *err)
{
	CLEANUP(file_close) int dir = file_open_dir(argv[2], err);
	CLEANUP(trust_free) struct trust *trust = dir < 0 ? NULL : trust_load(dir, argv[2], err);

	if (!trust || file_make_dirs(argv[3], err) < 0)
		return -1;
	CLEANUP(verify_close)
	struct verified_bundle *b = verify_open(argv[1], trust, VERIFY_COMPLETE, err);
	if (!b)
		return -1;
	CLEANUP(repair_close)
	struct repair *r = repair_open(&(struct repair_options){ .bundle = b, .found = print });
	for (uint32_t v = 1; v <= verify_manifest(b)->volumes; v++)
		if (repair_volume(r, v, argv[3], err) < 0)
			return -1;
	return 0;
}

int main(int argc, char **argv)
{
	struct error err = ERROR_INIT;

	if (argc != 4 || run(argv, &err) < 0) {
		fprintf(stderr, "repair: %s\n", argc == 4 ? err.message : "BUNDLE TRUST OUT");
		return 1;
	}
	return 0;
}
