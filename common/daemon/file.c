/*
 * file.c - reading a small file whole.  Nothing read is ever left in freed memory, because the same
 * function reads passwords.
 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool
fail_errno(const char *path, int number, SluiceError *err)
{
	SluiceErrorCode code = SLUICE_ERROR_IO;

	if (number == ENOENT || number == ENOTDIR)
		code = SLUICE_ERROR_NOT_FOUND;
	else if (number == EACCES || number == EPERM)
		code = SLUICE_ERROR_DENIED;
	return sluice_fail(err, code, "cannot read file \"%s\": %s", path, strerror(number));
}

/* Reads until the end or until `size` bytes are there; -1 leaves errno. */
static ssize_t
read_all(int fd, char *buffer, size_t size)
{
	size_t used = 0;

	while (used < size)
	{
		ssize_t got = read(fd, buffer + used, size - used);

		if (got == 0)
			break;
		if (got < 0 && errno != EINTR)
			return -1;
		if (got > 0)
			used += (size_t) got;
	}
	return (ssize_t) used;
}

static bool
read_text(int fd, const char *path, char *buffer, size_t maximum, SluiceError *err)
{
	ssize_t length = read_all(fd, buffer, maximum + 1);

	if (length < 0)
		return fail_errno(path, errno, err);
	if ((size_t) length > maximum)
		return sluice_fail(err, SLUICE_ERROR_LIMIT, "file \"%s\" is larger than %zu bytes", path,
						   maximum);
	buffer[length] = '\0';
	if (strlen(buffer) != (size_t) length)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "file \"%s\" holds a NUL byte", path);
	return true;
}

char *
file_read(const char *path, size_t maximum, SluiceError *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	char *buffer;
	char *text = NULL;

	if (fd < 0)
	{
		(void) fail_errno(path, errno, err);
		return NULL;
	}
	buffer = calloc(1, maximum + 2);
	if (buffer == NULL)
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory reading file \"%s\"", path);
	else if (read_text(fd, path, buffer, maximum, err) && (text = strdup(buffer)) == NULL)
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory reading file \"%s\"", path);
	if (buffer != NULL)
	{
		explicit_bzero(buffer, maximum + 2);
		free(buffer);
	}
	(void) close(fd);
	return text;
}

void
file_free(char *text)
{
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
}
