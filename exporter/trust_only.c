#include "exporter/trust_only.h"

#include "exporter/increment.h"
#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/store/channel.h"
#include "lib/store/evidence.h"
#include "media/manifest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int trust_only_base(struct store *s, const struct channel *c, struct manifest *m,
		    struct increment *inc, struct error *err)
{
	CLEANUP(free) unsigned char *bytes = NULL;
	struct manifest newest;
	size_t len;

	if (c->sequence == 0)
		return error_set(err, ERROR_WRITE_TRUST_ONLY,
				 "channel %s has sent no bundle with updates yet", c->name);
	int found = evidence_manifest(s, &(struct evidence_bundle){ c->id, c->epoch, c->sequence },
				      &bytes, &len, err);
	if (found < 0 || (found == 1 && manifest_parse(bytes, len, &newest, err) < 0))
		return -1;
	if (found == 0)
		return error_set(err, ERROR_WRITE_TRUST_ONLY,
				 "the MANIFEST of sequence %llu is not here",
				 (unsigned long long)c->sequence);
	inc->base = manifest_is_trust_only(&newest) ? newest.base : newest.sequence;
	snprintf(inc->why, sizeof inc->why, "the trust root alone");
	memcpy(m->catalog_root, newest.catalog_root, sizeof m->catalog_root);
	memcpy(m->sources, newest.sources, sizeof m->sources);
	m->source_count = newest.source_count;
	return 0;
}
