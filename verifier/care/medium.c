#include "verifier/care/medium.h"

#include "lib/base/buf.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/str.h"
#include "media/ledger.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { SYS_DEPTH = 16, MOUNTS_MAX = 1 << 20, LABELS_MAX = 4096 };

const struct medium_system medium_here = { "/proc/self/mountinfo", "/sys", "/dev" };

/* A value of one line out of a file of the system, without blanks around it. */
static bool read_value(const char *path, char out[MEDIUM_VALUE_SIZE])
{
	/* Not file_load(): the files of sysfs state a size that is not theirs. */
	CLEANUP(file_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[MEDIUM_VALUE_SIZE];
	ssize_t len = fd < 0 ? -1 : pread(fd, text, sizeof text - 1, 0);

	if (len <= 0)
		return false;
	text[len] = '\0';
	const char *start = text + strspn(text, " \t\n");
	size_t end = strlen(start);
	while (end > 0 && strchr(" \t\n", start[end - 1]))
		end--;
	snprintf(out, MEDIUM_VALUE_SIZE, "%.*s", (int)end, start);
	if (ledger_is_stated(out))
		return true;
	out[0] = '\0';
	return false;
}

/* ---- which device ---- */

/* Some file systems have a number of their own: the mount table knows the device below. */
static dev_t device_of_mount(const struct medium_system *system, dev_t mounted)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(MOUNTS_MAX);
	CLEANUP(file_close) int fd = open(system->mountinfo, O_RDONLY | O_CLOEXEC);
	struct error ignored = ERROR_INIT;
	char want[48];

	snprintf(want, sizeof want, "%u:%u", major(mounted), minor(mounted));
	for (;;) {
		unsigned char *room = fd < 0 ? NULL : buf_room(&text, 4096, &ignored);
		ssize_t n = room ? read(fd, room, 4095) : -1;

		if (n < 0)
			return 0;
		text.len += (size_t)n;
		if (n == 0)
			break;
	}
	if (text.len == 0)
		return 0;
	text.bytes[text.len] = '\0';
	/* id parent major:minor root mount options [fields] - type source options */
	char *rest = (char *)text.bytes, *line;
	while ((line = strsep(&rest, "\n"))) {
		char *dash = strstr(line, " - "), *field = line;

		for (int i = 0; i < 2 && field; i++)
			field = strchr(field, ' ') ? strchr(field, ' ') + 1 : NULL;
		if (!dash || !field || strncmp(field, want, strlen(want)) != 0 ||
		    field[strlen(want)] != ' ')
			continue;
		char *source = strchr(dash + 3, ' ');
		struct stat st;
		if (!source)
			continue;
		source[1 + strcspn(source + 1, " ")] = '\0';
		if (source[1] == '/' && stat(source + 1, &st) == 0 && S_ISBLK(st.st_mode))
			return st.st_rdev;
	}
	return 0;
}

static dev_t device_of(const struct medium_system *system, const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return 0;
	return major(st.st_dev) ? st.st_dev : device_of_mount(system, st.st_dev);
}

/* ---- what it says ---- */

static bool join(char out[PATH_MAX], const char *dir, const char *name)
{
	return (size_t)snprintf(out, PATH_MAX, "%s/%s", dir, name) < PATH_MAX;
}

/* The disks of this machine are no media: only what can be pulled out counts. */
static bool is_removable(const char *device)
{
	char path[PATH_MAX], value[MEDIUM_VALUE_SIZE];

	if (strstr(device, "/usb"))
		return true;
	if (join(path, device, "partition") && read_value(path, value) &&
	    join(path, device, "../removable"))
		return read_value(path, value) && strcmp(value, "1") == 0;
	return join(path, device, "removable") && read_value(path, value) &&
	       strcmp(value, "1") == 0;
}

/* The nearest of the device and what it is plugged into that has a serial number. */
static void find_serial(char *device, char out[MEDIUM_VALUE_SIZE])
{
	char path[PATH_MAX];

	for (int i = 0; i < SYS_DEPTH; i++) {
		char *slash = strrchr(device, '/');

		/* The controller at the top of a USB tree has a number too, which is not ours. */
		if (!slash || strncmp(slash, "/usb", 4) == 0 || strncmp(slash, "/pci", 4) == 0)
			return;
		if ((join(path, device, "serial") && read_value(path, out)) ||
		    (join(path, device, "device/serial") && read_value(path, out)))
			return;
		*slash = '\0';
	}
}

/* udev writes blanks and the like in the name of a link as \xNN. */
static void unescape(const char *name, char out[MEDIUM_VALUE_SIZE])
{
	size_t len = 0;

	while (*name && len < MEDIUM_VALUE_SIZE - 1) {
		unsigned char c = (unsigned char)*name++;

		if (c == '\\' && name[0] == 'x' && strlen(name) >= 3 &&
		    str_from_any_hex(name + 1, 2, &c, 1))
			name += 3;
		out[len++] = (char)c;
	}
	out[len] = '\0';
	if (!ledger_is_stated(out))
		out[0] = '\0';
}

static void find_label(const struct medium_system *system, dev_t device,
		       char out[MEDIUM_VALUE_SIZE])
{
	CLEANUP(file_list_clear) struct file_list list = { 0 };
	struct error ignored = ERROR_INIT;
	char path[PATH_MAX];

	if (!join(path, system->dev, "disk/by-label"))
		return;
	CLEANUP(file_close) int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || file_list_load(dir, LABELS_MAX, &list, &ignored) < 0)
		return;
	for (size_t i = 0; i < list.count; i++) {
		struct stat st;

		if (fstatat(dir, list.names[i], &st, 0) == 0 && st.st_rdev == device) {
			unescape(list.names[i], out);
			return;
		}
	}
}

void medium_detect(const struct medium_system *system, const char *path, struct medium *out)
{
	dev_t device = device_of(system, path);
	char link[PATH_MAX], real[PATH_MAX];

	if (device == 0 || (size_t)snprintf(link, sizeof link, "%s/dev/block/%u:%u", system->sys,
					    major(device), minor(device)) >= sizeof link)
		return;
	if (!realpath(link, real) || !is_removable(real))
		return;
	find_label(system, device, out->label);
	find_serial(real, out->serial);
}

/* ---- what was stated ---- */

static int check(const char *option, const char *value, struct error *err)
{
	if (!value || ledger_is_stated(value))
		return 0;
	return error_set(err, ERROR_LEDGER_VALUE,
			 "--%s: empty, longer than %d bytes, or not printable", option,
			 LEDGER_STATED_MAX);
}

int medium_read(const struct cli_args *args, const struct medium_system *system, const char *path,
		struct medium *out, struct error *err)
{
	const char *serial = cli_text(args, "serial"), *label = cli_text(args, "label");

	*out = (struct medium){ .seal = cli_text(args, "seal"),
				.carrier = cli_text(args, "carrier") };
	if (check("serial", serial, err) < 0 || check("label", label, err) < 0 ||
	    check("seal", out->seal, err) < 0 || check("carrier", out->carrier, err) < 0)
		return -1;
	if (path)
		medium_detect(system, path, out);
	if (serial && out->serial[0] && strcmp(serial, out->serial) != 0)
		return error_set(err, ERROR_MEDIUM_SERIAL,
				 "%s: --serial says %s, the device says %s", path, serial,
				 out->serial);
	if (serial)
		snprintf(out->serial, sizeof out->serial, "%s", serial);
	if (label)
		snprintf(out->label, sizeof out->label, "%s", label);
	return 0;
}

void medium_add(const struct medium *m, struct ledger_body *body)
{
	ledger_text(body, "serial", m->serial);
	ledger_text(body, "label", m->label);
	ledger_text(body, "seal", m->seal);
	ledger_text(body, "carrier", m->carrier);
}
