#include "exporter/bundle_json.h"

#include "exporter/bundle.h"
#include "lib/base/str.h"
#include "lib/crypto/digest.h"

json_t *bundle_json(const struct bundle_result *r)
{
	char hex[DIGEST_HEX];

	str_to_hex(r->manifest, DIGEST_SHA256, hex);
	return json_pack("{s:s, s:I, s:I, s:s, s:I, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s, "
			 "s:s}",
			 "bundle", r->path, "epoch", (json_int_t)r->epoch, "sequence",
			 (json_int_t)r->sequence, "kind", r->base ? "increment" : "full", "base",
			 (json_int_t)r->base, "why", r->why, "assumed_objects",
			 (json_int_t)r->assumed, "assumed_bytes", (json_int_t)r->assumed_bytes,
			 "volumes", (json_int_t)r->volumes, "objects", (json_int_t)r->objects,
			 "bytes", (json_int_t)r->bytes, "volume_bytes", (json_int_t)r->volume_bytes,
			 "missing", (json_int_t)r->missing, "manifest_sha256", hex, "signer",
			 r->signer);
}
