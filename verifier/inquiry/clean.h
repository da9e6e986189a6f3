/* Text of a catalog on a terminal. */
#ifndef INQUIRY_CLEAN_H
#define INQUIRY_CLEAN_H

/*
 * Print the text on standard output with '?' for control characters (C0, DEL, and C1 in UTF-8) and
 * for marks that change the direction, which could make a terminal show another view than this one.
 */
void clean_print(const char *text) __attribute__((nonnull));

/* What is said of an update behind its number: " KB123 title", or " title" when kb is "". */
void clean_print_update(const char *kb, const char *title) __attribute__((nonnull));

#endif
