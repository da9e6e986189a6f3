/* Shared by the files of the module trust.  For lib/crypto only. */
#ifndef CRYPTO_TRUST_INTERNAL_H
#define CRYPTO_TRUST_INTERNAL_H

#include "lib/crypto/trust.h"

/* Distinct holders among keys that count for one or two roles. */
struct trust_tally {
	size_t count;
	const char *holders[LIMIT_TRUST_KEYS]; /* borrowed */
};
void trust_tally_add(struct trust_tally *tally, const char *holder) __attribute__((nonnull));

/* TRUST_THRESHOLD unless every threshold can be met by distinct holders. */
int trust_check_thresholds(const struct trust *t, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Order of two keys in the text. */
int trust_compare_keys(const struct trust_key *a, const struct trust_key *b)
	__attribute__((nonnull));

/* Is the certificate's validity around when?  TRUST_EXPIRED otherwise. */
int trust_check_time(const struct trust_key *key, int64_t when, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* "0001.root" and so on. */
enum { TRUST_NAME_SIZE = 32 };
void trust_root_name(unsigned version, char name[TRUST_NAME_SIZE]) __attribute__((nonnull));

/*
 * Who signed the text of one version, every signature verified: root keys of it or of previous
 * (may be NULL).  The quorum of both is checked.  sigs are named "<short id>.p7s".
 */
int trust_check_quorum(const struct trust *t, const struct trust *previous,
		       const unsigned char *text, size_t len, const struct trust_signature *sigs,
		       size_t count, struct error *err)
	__attribute__((nonnull(1, 3, 7), warn_unused_result));

#endif
