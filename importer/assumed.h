/*
 * What an increment takes for granted: the objects that it does not carry.
 */
#ifndef IMPORTER_ASSUMED_H
#define IMPORTER_ASSUMED_H

struct error;
struct need;
struct object_table;
struct store;

/*
 * Add to the need list every assumed object that is not here: no row, no file, or a file of
 * another size.  The bytes of content are not read here.
 */
int assumed_check(struct store *s, const struct object_table *t, struct need *out,
		  struct error *err) __attribute__((nonnull, warn_unused_result));

/*
 * After the catalog could not be loaded: read all packs that the bundle assumes, remove those
 * that are damaged and add them to the need list.
 */
int assumed_check_packs(struct store *s, const struct object_table *t, struct need *out,
			struct error *err) __attribute__((nonnull, warn_unused_result));

#endif
