/*
 * The settings that make a computer of Windows use this server, as the registry has them: those of
 * the group policies "Specify intranet Microsoft update service location", "Enable client-side
 * targeting", "Configure Automatic Updates" and "Automatic Updates detection frequency"
 * (WindowsUpdate.admx; docs/OPERATIONS.md names the pages).  Pure.
 */
#ifndef SERVER_POLICY_H
#define SERVER_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct error;

struct policy {
	const char *url;       /* "http://host:8530": WUServer and WUStatusServer */
	const char *alternate; /* of content; NULL: none */
	const char *group;     /* TargetGroup; NULL: no client-side targeting */
	uint32_t options;      /* AUOptions: 2 notify, 3 download, 4 schedule, 5 local choice, 7 */
	uint32_t day, hour;    /* of scheduled installation: 0 every day, 1 Sunday .. 7; 0..23 */
	uint32_t detection;    /* hours between detections, 1..22 */
};

enum policy_type { POLICY_TEXT, POLICY_NUMBER, POLICY_ABSENT };

struct policy_value {
	const char *key; /* below HKEY_LOCAL_MACHINE */
	const char *name;
	enum policy_type type;
	const char *text;
	uint32_t number;
	const char *remark;
};
enum { POLICY_VALUES = 15 };

/* POLICY_VALUE when something is not what it may be. */
int policy_check(const struct policy *p, struct error *err)
	__attribute__((nonnull, warn_unused_result));

/* All of them, ordered by key; texts are borrowed from p.  The count. */
size_t policy_values(const struct policy *p, struct policy_value out[POLICY_VALUES])
	__attribute__((nonnull));

/* A file for regedit: UTF-16LE with its mark, CRLF; what is not used is deleted from the registry.
 */
int policy_reg(const struct policy *p, struct buf *out, struct error *err)
	__attribute__((nonnull, warn_unused_result));

#endif
