#include "verifier/override.h"

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int load(int dir, const char *name, size_t max, struct buf *out, struct error *err)
{
	unsigned char *bytes;
	size_t len;
	int found = file_load(dir, name, max, &bytes, &len, err);

	if (found == 1)
		*out = (struct buf){ .bytes = bytes, .len = len, .capacity = len, .max = len };
	return found;
}

static bool is_new(const struct override_proof *p, const char *holder)
{
	for (size_t i = 0; i < p->by.count; i++)
		if (key_holder_is_same(p->by.signers[i].holder, holder))
			return false;
	return true;
}

static int take_signature(struct override_proof *p, int sigs, const char *name,
			  const struct trust *trust, int64_t now, struct error *err)
{
	struct trust_signer *signer = &p->by.signers[p->by.count];
	struct buf *bytes = &p->sigs[p->by.count];
	int found = load(sigs, name, LIMIT_SIGNATURE_BYTES, bytes, err);

	if (found <= 0)
		return found < 0 ? -1
				 : error_set(err, ERROR_BUNDLE_FILE_MISSING,
					     "%s: not there any more", name);
	struct trust_signature sig = { .name = name, .bytes = bytes->bytes, .len = bytes->len };
	if (trust_check_role(trust, KEY_ROLE_APPROVER, p->text.bytes, p->text.len, &sig, now,
			     signer, err) < 0)
		return -1;
	p->people += is_new(p, signer->holder);
	p->by.count++;
	return 0;
}

int override_load(int dir, const struct trust *trust, int64_t now, struct override_proof *out,
		  struct error *err)
{
	CLEANUP(file_list_clear) struct file_list list = { 0 };

	*out = (struct override_proof){ .people = 0 };
	int found = load(dir, OVERRIDE_FILE, LIMIT_OVERRIDE_BYTES, &out->text, err);
	if (found <= 0)
		return found;
	if (override_parse(out->text.bytes, out->text.len, &out->said, err) < 0)
		return -1;
	if (faccessat(dir, "sigs", F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return 1;
	CLEANUP(file_close) int sigs = file_open_subdir(dir, "sigs", false, err);
	if (sigs < 0 || file_list_load(sigs, LIMIT_SIGNATURES, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++)
		if (take_signature(out, sigs, list.names[i], trust, now, err) < 0)
			return error_wrap(err, "sigs");
	return 1;
}

int override_check(const struct override_proof *p, const unsigned char manifest[32], int64_t now,
		   struct error *err)
{
	char until[STR_TIME_SIZE], today[STR_TIME_SIZE], hex[DIGEST_HEX];

	if (memcmp(p->said.manifest, manifest, sizeof p->said.manifest) != 0) {
		str_to_hex(p->said.manifest, sizeof p->said.manifest, hex);
		return error_set(err, ERROR_OVERRIDE_OTHER, "it is for the bundle with MANIFEST %s",
				 hex);
	}
	if (p->people < OVERRIDE_HOLDERS)
		return error_set(err, ERROR_OVERRIDE_SIGNERS, "signed by %zu people, %d required",
				 p->people, OVERRIDE_HOLDERS);
	if (now > p->said.until) {
		str_from_time(p->said.until, until);
		str_from_time(now, today);
		return error_set(err, ERROR_OVERRIDE_OVER, "it held until %s, it is %s", until,
				 today);
	}
	return 0;
}

void override_clear(struct override_proof *p)
{
	buf_clear(&p->text);
	for (size_t i = 0; i < LIMIT_SIGNATURES; i++)
		buf_clear(&p->sigs[i]);
	*p = (struct override_proof){ .people = 0 };
}
