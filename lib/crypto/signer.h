/* A private key together with its certificate in a trust root: somebody who may sign. */
#ifndef EXPORTER_SIGNER_H
#define EXPORTER_SIGNER_H

#include "lib/base/cleanup.h"
#include "lib/crypto/key.h"

struct error;
struct trust;
struct trust_key;

struct signer {
	struct key *key;
	const struct trust_key *listed; /* borrowed from the trust root */
};

/*
 * Load the private key at path and find it in the trust root in this role.
 * WRITE_KEY when it is not there.
 */
int signer_load(struct signer *s, const struct trust *trust, enum key_role role, const char *path,
		const char *passphrase, struct error *err)
	__attribute__((nonnull(1, 2, 4, 6), warn_unused_result));

/*
 * The same without a key: whose private key is elsewhere, so that only signer_save() can follow.
 * path is the certificate.
 */
int signer_load_listed(struct signer *s, const struct trust *trust, enum key_role role,
		       const char *path, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* WRITE_EXPIRY unless the certificate is valid now; label is for the message. */
int signer_check_time(const struct signer *s, const char *label, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Save a signature that was made elsewhere and verified. */
int signer_save(const struct trust_key *listed, const unsigned char *signature, size_t len, int dir,
		struct error *err) __attribute__((nonnull, warn_unused_result));

/* Sign bytes and save sigs/<key id>.p7s below the bundle directory. */
int signer_sign(const struct signer *s, const unsigned char *bytes, size_t len, int dir,
		struct error *err) __attribute__((nonnull, warn_unused_result));

const char *signer_holder(const struct signer *s) __attribute__((nonnull, returns_nonnull));

void signer_clear(struct signer *s);
DEFINE_CLEANUP_IN_PLACE(struct signer, signer_clear);

/* A private key or a certificate from a file the operator names; a key may be a URI (key_open()).
 */
struct key *signer_load_key(const char *path, const char *passphrase, struct error *err)
	__attribute__((nonnull(1, 3), warn_unused_result));
struct key_cert *signer_load_cert(const char *path, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
