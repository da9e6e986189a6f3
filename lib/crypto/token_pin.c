#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/crypto/token_internal.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

/* What was read (len bytes at t->pin.bytes): the PIN is its first line. */
static int take_line(struct token *t, const char *from, size_t len, struct error *err)
{
	t->pin.len = 0;
	while (t->pin.len < len && t->pin.bytes[t->pin.len] != '\n' &&
	       t->pin.bytes[t->pin.len] != '\r')
		t->pin.len++;
	if (t->pin.len == 0 || t->pin.len == TOKEN_PIN_BYTES)
		return error_set(err, ERROR_TOKEN_PIN, "%s: no PIN of 1 to %d bytes", from,
				 TOKEN_PIN_BYTES - 1);
	return 0;
}

/* file:PATH, PATH, or the name of a credential, which systemd guards. */
static int find_path(const char *source, char *path, size_t size, bool *credential,
		     struct error *err)
{
	const char *directory = getenv("CREDENTIALS_DIRECTORY");
	int len;

	if (strncmp(source, "file:", 5) == 0)
		source += strncmp(source, "file:///", 8) == 0 ? 7 : 5;
	*credential = source[0] != '/';
	if (*credential && (!*source || strchr(source, '/') || source[0] == '|'))
		return error_set(err, ERROR_TOKEN_URI,
				 "pkcs11 URI: pin-source is neither an absolute path nor the name "
				 "of a systemd credential");
	if (*credential && !directory)
		return error_set(
			err, ERROR_TOKEN_PIN,
			"pin-source %s: a credential, but CREDENTIALS_DIRECTORY is not set",
			source);
	len = snprintf(path, size, "%s%s%s", *credential ? directory : "", *credential ? "/" : "",
		       source);
	if (len < 0 || (size_t)len >= size)
		return error_set(err, ERROR_TOKEN_PIN, "pin-source: path too long");
	return 0;
}

static int read_file(struct token *t, const char *source, struct error *err)
{
	CLEANUP(file_close) int fd = -1;
	char path[4096];
	struct stat st;
	bool credential;
	uint64_t size;

	if (find_path(source, path, sizeof path, &credential, err) < 0)
		return -1;
	int found = file_open_read(AT_FDCWD, path, &fd, &size, err);

	if (found < 0)
		return -1;
	if (found == 0 || fstat(fd, &st) < 0)
		return error_set(err, ERROR_TOKEN_PIN, "%s: not there", path);
	/* A group may be that of a job; systemd gives credentials an ACL, which looks alike. */
	if (!credential && (st.st_mode & (S_IRWXO | S_IWGRP)))
		return error_set(err, ERROR_TOKEN_PIN, "%s: mode %03o: others may read or write it",
				 path, (unsigned)st.st_mode & 0777);
	if (size > TOKEN_PIN_BYTES)
		return error_set(err, ERROR_TOKEN_PIN, "%s: no PIN of 1 to %d bytes", path,
				 TOKEN_PIN_BYTES - 1);
	if (file_read_at(fd, path, t->pin.bytes, (size_t)size, 0, err) < 0)
		return -1;
	return take_line(t, path, (size_t)size, err);
}

/*
 * One line without echo.  Without signals, too: interrupted in between, the terminal would stay
 * mute.  Ctrl-C then is a character, and no PIN has those.
 */
static int ask(struct token *t, struct error *err)
{
	CLEANUP(file_close) int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	struct termios before, mute;
	char prompt[128];

	if (fd < 0 || tcgetattr(fd, &before) < 0)
		return error_set(err, ERROR_TOKEN_PIN,
				 "token %s: no pin-source in the URI, and no terminal to ask on",
				 t->label);
	mute = before;
	mute.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
	int n = snprintf(prompt, sizeof prompt, "PIN of token %s%s: ", t->label,
			 t->flags & CKF_USER_PIN_FINAL_TRY ? " (last try before it is locked)"
							   : "");
	if (tcsetattr(fd, TCSAFLUSH, &mute) < 0 || write(fd, prompt, (size_t)n) != n)
		return error_set(err, ERROR_TOKEN_PIN, "token %s: cannot ask on the terminal",
				 t->label);
	ssize_t got = read(fd, t->pin.bytes, TOKEN_PIN_BYTES);

	(void)tcsetattr(fd, TCSAFLUSH, &before);
	(void)!write(fd, "\n", 1);
	for (ssize_t i = 0; i + 1 < got; i++)
		if (t->pin.bytes[i] < 0x20)
			return error_set(err, ERROR_STOPPED, "token %s: no PIN was given",
					 t->label);
	return take_line(t, "terminal", got < 0 ? 0 : (size_t)got, err);
}

int token_pin(struct token *t, const char *source, struct error *err)
{
	if (!buf_room(&t->pin, TOKEN_PIN_BYTES, err))
		return -1;
	return source ? read_file(t, source, err) : ask(t, err);
}
