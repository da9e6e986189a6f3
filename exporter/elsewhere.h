/*
 * Signing on another machine.  Two files go there: FILE, the exact bytes that are signed (the
 * signed attributes of the CMS in DER, which hold the SHA-384 of MANIFEST and of the certificate),
 * and FILE.txt, which says in words what they are and which openssl command signs them.  The bare
 * signature comes back.  docs/OPERATIONS.md "Signing on another machine".
 */
#ifndef EXPORTER_ELSEWHERE_H
#define EXPORTER_ELSEWHERE_H

#include "verifier/prover.h"

#include <stddef.h>

struct cli_args;
struct error;
struct sandbox_process;
struct signer;

/* Who signs: a key that is at hand, or the holder of a certificate, on another machine. */
struct elsewhere_choice {
	const char *key_path, *passphrase;
	const char *certificate, *export_tbs; /* instead, both or neither */
};

/* From --key, or --export-tbs with --certificate.  -1 with USAGE when that is not one of the two.
 */
int elsewhere_choose(const struct cli_args *args, struct elsewhere_choice *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* What is to be signed: MANIFEST of the bundle of that name. */
struct elsewhere_text {
	const char *bundle;
	const void *bytes;
	size_t len;
};

/* Write FILE and FILE.txt for the signer, whose key is not needed. */
int elsewhere_export(const struct signer *s, const struct elsewhere_text *text, const char *path,
		     struct error *err) __attribute__((nonnull, warn_unused_result));

/*
 * Put sigs/ID.p7s into the bundle at path, made of FILE and the signature that came back.  The
 * signer is the builder or approver of the trust root whom FILE names; for an approver the bundle
 * must have its builder's signature, by somebody else.  MANIFEST, FILE and the signature are looked
 * at by another process.  holder receives the name.  TBS_OTHER, TBS_SIGNATURE, APPROVE_HOLDER,
 * WRITE_EXPIRY, errors of prover_open().
 */
struct elsewhere_request {
	const char *bundle, *file, *signature;
	struct prover_means means;
	struct sandbox_process *joiner; /* elsewhere_serve() */
};
struct elsewhere_result {
	const char *role;
	char holder[64], short_id[17], name[128]; /* of the bundle */
	unsigned char manifest[32];
};
int elsewhere_import(const struct elsewhere_request *request, struct elsewhere_result *out,
		     struct error *err) __attribute__((nonnull, warn_unused_result));

/* The whole life of that process, in the role SANDBOX_PROVE; ctx is a struct elsewhere_request. */
int elsewhere_serve(void *ctx, int fd);

#endif
