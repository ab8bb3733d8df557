/*
 * memory_file.c - anonymous files by memfd_create() (memory_file.h).
 */
#include "memory_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static bool
write_all(int fd, const char *data, size_t length)
{
	while (length > 0)
	{
		ssize_t written = write(fd, data, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return false;
		data += written;
		length -= (size_t) written;
	}
	return true;
}

int
memory_file(const char *name, const void *data, size_t length, SluiceError *err)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd >= 0 && write_all(fd, data, length) && fchmod(fd, S_IRUSR) == 0 &&
		fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) == 0)
		return fd;
	(void) sluice_fail(err, SLUICE_ERROR_IO, "cannot make an anonymous file: %s", strerror(errno));
	if (fd >= 0)
		(void) close(fd);
	return -1;
}

const char *
memory_file_path(int fd, char path[MEMORY_FILE_PATH])
{
	(void) snprintf(path, MEMORY_FILE_PATH, "/dev/fd/%d", fd);
	return path;
}
