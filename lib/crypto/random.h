/* Numbers that nobody can guess, from the kernel. */
#ifndef CRYPTO_RANDOM_H
#define CRYPTO_RANDOM_H

/* A fresh GUID of version 4, in the order of the text (str_from_guid()). */
void random_guid(unsigned char out[16]) __attribute__((nonnull));

#endif
