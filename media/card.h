/*
 * VERIFY.txt: the auditor's card, a shell script that proves a bundle with
 * openssl, coreutils, tar, zstd and awk alone (docs/FORMAT.md "VERIFY.txt").
 */
#ifndef MEDIA_CARD_H
#define MEDIA_CARD_H

/* The bytes of VERIFY.txt, terminated; constant, and equal in every bundle of this version. */
const char *card_text(void);

#endif
