/* Reading the volumes of a bundle that was proved: verify.h over verifier/volumes.h. */
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/crypto/digest.h"
#include "media/chunk_table.h"
#include "media/object_table.h"
#include "media/volume.h"
#include "verifier/verify.h"
#include "verifier/volumes.h"

#include <stdlib.h>
#include <string.h>

int verify_add_dir(struct verified_bundle *b, const char *path, struct error *err)
{
	CLEANUP(free) unsigned char *text = NULL;
	CLEANUP(file_close) int dir = file_open_dir(path, err);
	unsigned char digest[DIGEST_SHA256];
	size_t len;

	if (dir < 0)
		return -1;
	int found = file_load(dir, "MANIFEST", LIMIT_MANIFEST_BYTES, &text, &len, err);
	if (found < 0)
		return error_wrap(err, "%s", path);
	if (found == 1) {
		digest_sha256(text, len, digest);
		if (memcmp(digest, verify_manifest_digest(b), sizeof digest) != 0)
			return error_set(err, ERROR_BUNDLE_OTHER,
					 "%s: this is another bundle than %s", path,
					 verify_path(b));
	}
	return volumes_add_dir(verify_places(b), dir, path, true, err);
}

int verify_volume(struct verified_bundle *b, uint32_t volume, struct error *err)
{
	return volumes_open(verify_places(b), volume, err);
}

int verify_volume_at(struct verified_bundle *b, uint32_t volume, const char *path,
		     struct error *err)
{
	return volumes_add_file(verify_places(b), volume, path, err);
}

int verify_volumes(struct verified_bundle *b, struct error *err)
{
	for (uint32_t v = 1; v <= object_table_volumes(verify_objects(b)); v++)
		if (verify_volume(b, v, err) < 0)
			return -1;
	return 0;
}

bool verify_has(const struct verified_bundle *b, uint32_t volume, uint64_t at, uint64_t len)
{
	return volumes_has(verify_places(b), volume, at, len);
}

int verify_read(const struct verified_bundle *b, uint32_t volume, void *buf, size_t len,
		uint64_t at, struct error *err)
{
	return volumes_read(verify_places(b), volume, buf, len, at, err);
}

int verify_open_helper(const struct verified_bundle *b, const char *name, int *fd, uint64_t *size,
		       struct error *err)
{
	return volumes_open_file(verify_places(b), name, fd, size, err);
}

uint64_t verify_chunk_span(const struct verified_bundle *b, uint32_t volume, size_t chunk,
			   size_t *len)
{
	uint64_t size = object_table_volume_size(verify_objects(b), volume);
	uint64_t at = (uint64_t)chunk * VOLUME_CHUNK;

	*len = size - at < VOLUME_CHUNK ? (size_t)(size - at) : VOLUME_CHUNK;
	return at;
}

int verify_read_chunk(const struct verified_bundle *b, uint32_t volume, size_t chunk, void *buf,
		      size_t *len, struct error *err)
{
	uint64_t at = verify_chunk_span(b, volume, chunk, len);
	unsigned char actual[DIGEST_SHA256];
	int read = 1;

	for (unsigned copy = 0; read != 0; copy++) {
		struct error problem = ERROR_INIT;

		read = volumes_read_copy(verify_places(b), volume, copy, buf, *len, at, &problem);
		if (read == 1) {
			digest_sha256(buf, *len, actual);
			if (memcmp(actual, chunk_table_digest(verify_chunks(b), volume, chunk),
				   sizeof actual) == 0) {
				error_clear(err);
				return 0;
			}
			error_set(&problem, ERROR_CHUNK_DIGEST,
				  "vol-%04u.tar chunk %06zu (4 MiB from byte %llu): its SHA-256 is "
				  "not the one CHUNKS names",
				  volume, chunk, (unsigned long long)at);
		}
		if (read != 0 && err->id == ERROR_NONE)
			*err = problem;
	}
	if (err->id != ERROR_NONE)
		return -1;
	return error_set(err, ERROR_VOLUME_MISSING, "vol-%04u.tar chunk %06zu: not at hand", volume,
			 chunk);
}
