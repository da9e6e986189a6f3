/*
 * The process of `receive` that looks at what came back, in the role SANDBOX_PROVE: files that
 * nobody vouches for yet, and their signatures.  Who asks gets bytes, and who signed them; what
 * they mean is judged by him alone.
 */
#ifndef EXPORTER_RECEIVE_READ_H
#define EXPORTER_RECEIVE_READ_H

#include "lib/base/buf.h"
#include "lib/crypto/trust.h"
#include "lib/sandbox/sandbox.h"
#include "media/checkpoint.h"

#include <stdbool.h>
#include <stdint.h>

struct error;

/* The files, as the command line names them. */
struct receive_read {
	const char *repo, *receipt, *checkpoint; /* checkpoint may be NULL */
	bool scanned;
};

/* The whole life of the process; ctx is a struct receive_read. */
int receive_read_serve(void *ctx, int fd);

/* The receipt whole.  -1 with RECEIPT_FORMAT or SCAN_*. */
int receive_read_receipt(struct sandbox_process *p, const char *label, struct buf *out,
			 struct error *err) __attribute__((nonnull, warn_unused_result));

/* Then: who signed it, by the trust root of its channel in the repository.  -1 with TRUST_*, CMS_*.
 */
int receive_read_signer(struct sandbox_process *p, const char *label, struct trust_signer *out,
			struct error *err) __attribute__((nonnull, warn_unused_result));

/*
 * Then: the checkpoint as the witness of that name signed it.  -1 with LOG_FORMAT, LOG_RETURN,
 * LOG_SIGNATURE, LOG_UNSIGNED.
 */
struct receive_checkpoint {
	struct buf file; /* cleared by the caller */
	int64_t time;
	uint32_t signature; /* which of the file is the witness's */
	struct trust_signer by;
};
int receive_read_checkpoint(struct sandbox_process *p, const char *label, const char *witness,
			    struct receive_checkpoint *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
