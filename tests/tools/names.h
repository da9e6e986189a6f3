/* The categories of the made-up catalog, some with their real ids, and the prose of titles. */
#ifndef TOOLS_NAMES_H
#define TOOLS_NAMES_H

#include "tests/tools/model.h"

/* 0 is the company, then two classifications and a family; see names.c for the rest. */
enum { NAMES_CATEGORIES = 44 };

enum model_category names_category_kind(size_t index);
const char *names_category(size_t index) __attribute__((returns_nonnull));
void names_category_id(size_t index, unsigned char id[16]) __attribute__((nonnull));

/* The family that a product belongs to. */
uint32_t names_family_of(size_t product);

/* Fill in family, product and classification out of the first `categories` ones. */
void names_pick_categories(size_t categories, uint64_t dice, uint32_t category[4])
	__attribute__((nonnull));

#endif
