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

/* Order of two revocations in the text. */
int trust_compare_revoked(const void *a, const void *b) __attribute__((nonnull));
int trust_compare_revoked_bundles(const void *a, const void *b) __attribute__((nonnull));

/* TRUST_UNREVOKED unless everything that previous revokes is revoked by t, as early or earlier. */
int trust_check_growth(const struct trust *t, const struct trust *previous, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* The text of a version: canonical lines between the keys and the end. */
int trust_write_revoked(const struct trust *t, struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* "0001.root" and so on. */
enum { TRUST_NAME_SIZE = 32 };
void trust_root_name(unsigned version, char name[TRUST_NAME_SIZE]) __attribute__((nonnull));

/* The signature files of one version, loaded; names are "<short id>.p7s". */
struct trust_files {
	struct trust_signature files[LIMIT_SIGNATURES];
	char names[LIMIT_SIGNATURES][TRUST_NAME_SIZE];
	unsigned char *owned[LIMIT_SIGNATURES];
	size_t count;
};
void trust_files_clear(struct trust_files *s);
DEFINE_CLEANUP_IN_PLACE(struct trust_files, trust_files_clear);

/* NNNN.<short id><ending> of a version, as far as the list of the directory has them. */
int trust_load_files(int dirfd, const struct file_list *list, unsigned version, const char *ending,
		     struct trust_files *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* The text of a version from the file name, parsed, with its certificates: as trust_load(). */
struct trust *trust_load_text(int dirfd, unsigned version, const char *name, unsigned char **text,
			      size_t *len, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Remove NNNN.*.p7s (unless only proposals are meant), NNNN.*.proposed and NNNN.proposed. */
int trust_remove_leftovers(int dirfd, unsigned version, bool only_proposed, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* Write signatures and then the text; the endings of a proposal or of a version in force. */
int trust_save_version(int dirfd, const struct trust *t, const unsigned char *text, size_t len,
		       const struct trust_signature *sigs, size_t count, bool proposed,
		       struct error *err) __attribute__((nonnull(2, 3, 8), warn_unused_result));

/*
 * Who signed the text of one version, every signature verified: root keys of it or of previous
 * (may be NULL).  The quorum of both is checked.  sigs are named "<short id>.p7s".
 * trust_count_quorum() only counts.
 */
int trust_check_quorum(const struct trust *t, const struct trust *previous,
		       const unsigned char *text, size_t len, const struct trust_signature *sigs,
		       size_t count, struct error *err)
	__attribute__((nonnull(1, 3, 7), warn_unused_result));
int trust_count_quorum(const struct trust *t, const struct trust *previous,
		       const unsigned char *text, size_t len, const struct trust_signature *sigs,
		       size_t count, struct trust_quorum *out, struct error *err)
	__attribute__((nonnull(1, 3, 7, 8), warn_unused_result));

#endif
