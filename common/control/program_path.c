/*
 * program_path.c - looking for programs (program_path.h).
 */
#include "program_path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* "" when it cannot be told. */
static void
own_folder(char folder[PROGRAM_PATH_MAXIMUM])
{
	ssize_t length = readlink("/proc/self/exe", folder, PROGRAM_PATH_MAXIMUM - 1);
	char *slash;

	folder[length > 0 ? length : 0] = '\0';
	slash = strrchr(folder, '/');
	if (slash != NULL)
		*slash = '\0';
}

/* Whether it can be run; a path that is too long cannot. */
static bool
try_folder(const char *folder, size_t length, const char *name, char path[PROGRAM_PATH_MAXIMUM])
{
	int written = snprintf(path, PROGRAM_PATH_MAXIMUM, "%.*s/%s", (int) length, folder, name);

	return length > 0 && written < PROGRAM_PATH_MAXIMUM && access(path, X_OK) == 0;
}

bool
program_path(const char *folder, const char *name, char path[PROGRAM_PATH_MAXIMUM],
			 SluiceError *err)
{
	char own[PROGRAM_PATH_MAXIMUM];
	const char *rest = getenv("PATH");

	if (folder == NULL)
	{
		own_folder(own);
		folder = own;
	}
	if (try_folder(folder, strlen(folder), name, path))
		return true;
	while (rest != NULL && *rest != '\0')
	{
		size_t length = strcspn(rest, ":");

		if (try_folder(rest, length, name, path))
			return true;
		rest += length + (rest[length] == ':');
	}
	return sluice_fail(err, SLUICE_ERROR_NOT_FOUND, "program %s is neither in %.300s nor in PATH",
					   name, folder);
}
