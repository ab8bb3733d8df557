/*
 * programs.c - looking for programs (programs.h).
 */
#include "programs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SYSTEM_FOLDERS "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin"

static bool
try_folder(const char *folder, size_t length, const char *name, char path[PATH_MAX])
{
	int used = snprintf(path, PATH_MAX, "%.*s/%s", (int) length, folder, name);

	return length > 0 && *folder == '/' && used < PATH_MAX && access(path, X_OK) == 0;
}

static bool
try_folders(const char *folders, const char *name, char path[PATH_MAX])
{
	while (folders != NULL && *folders != '\0')
	{
		size_t length = strcspn(folders, ":");

		if (try_folder(folders, length, name, path))
			return true;
		folders += length + (folders[length] == ':');
	}
	return false;
}

static bool
try_beside(const char *name, char path[PATH_MAX])
{
	char self[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const char *slash;

	if (length <= 0)
		return false;
	self[length] = '\0';
	slash = strrchr(self, '/');
	return slash != NULL && try_folder(self, (size_t) (slash - self), name, path);
}

bool
program_find(const char *name, char path[PATH_MAX], SluiceError *err)
{
	if (try_beside(name, path) || try_folders(getenv("PATH"), name, path) ||
		try_folders(SYSTEM_FOLDERS, name, path))
		return true;
	(void) sluice_fail(err, SLUICE_ERROR_NOT_FOUND,
					   "the program %s is neither beside sluice nor in PATH", name);
	if (strcmp(name, "nats-server") == 0)
		return sluice_hint(
			err, "install nats-server 2.9.10 or newer (Debian: apt install nats-server), or name a "
				 "server that is there: --nats URL");
	return sluice_hint(err, "it comes with Sluice: make install puts all programs into one folder");
}
