/*
 * static_files.c - a folder read into memory, sorted by path.
 */
#include "static_files.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MAXIMUM 2000
#define BYTES_MAXIMUM ((size_t) 64 << 20)
#define PATH_MAXIMUM  400 /* of one below the folder */
#define OPEN_FOLDERS  8
#define HASH_BYTES	  16
#define HASH_LENGTH	  8 /* characters in a file's name at least */
#define INDEX		  "/index.html"

struct StaticFiles
{
	StaticFile files[FILES_MAXIMUM];
	size_t count;
	size_t bytes;
};

/* nftw() has no room for a context; the start is in one thread. */
static struct
{
	StaticFiles *files;
	size_t prefix; /* length of the folder's path */
	SluiceError *err;
} walk;

static const struct
{
	const char *ending, *type;
} types[] = {
	{".html", "text/html; charset=utf-8"},
	{".js", "text/javascript; charset=utf-8"},
	{".mjs", "text/javascript; charset=utf-8"},
	{".css", "text/css; charset=utf-8"},
	{".json", "application/json"},
	{".map", "application/json"},
	{".svg", "image/svg+xml"},
	{".png", "image/png"},
	{".ico", "image/x-icon"},
	{".webp", "image/webp"},
	{".woff2", "font/woff2"},
	{".txt", "text/plain; charset=utf-8"},
	{".webmanifest", "application/manifest+json"},
};

static const char *
type_of(const char *path)
{
	const char *ending = strrchr(path, '.');

	for (size_t i = 0; ending != NULL && i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(ending, types[i].ending) == 0)
			return types[i].type;
	return "application/octet-stream";
}

/* "-3f9a1c2b.js": what build tools put into names that change with their content. */
static bool
is_hashed(const char *path)
{
	const char *name = strrchr(path, '/') + 1;
	const char *dash = strrchr(name, '-');
	size_t length = dash != NULL ? strcspn(dash + 1, ".") : 0;

	return length >= HASH_LENGTH && dash[1 + length] == '.' &&
		   strcspn(dash + 1, "0123456789") < length;
}

static bool
read_content(const char *path, StaticFile *file, size_t size, SluiceError *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	file->content = malloc(size + 1);
	while (fd >= 0 && file->content != NULL && file->length < size)
	{
		ssize_t got = read(fd, file->content + file->length, size - file->length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		file->length += (size_t) got;
	}
	if (fd >= 0)
		(void) close(fd);
	return (fd >= 0 && file->content != NULL && file->length == size) ||
		   sluice_fail(err, SLUICE_ERROR_IO, "cannot read %.200s", path);
}

static void
make_etag(StaticFile *file)
{
	unsigned char hash[HASH_BYTES];
	char digits[2 * HASH_BYTES + 1];

	(void) crypto_generichash(hash, sizeof(hash), (const unsigned char *) file->content,
							  file->length, NULL, 0);
	(void) sodium_bin2hex(digits, sizeof(digits), hash, sizeof(hash));
	(void) snprintf(file->etag, sizeof(file->etag), "\"%s\"", digits);
}

static bool
take(StaticFiles *files, const char *path, size_t prefix, size_t size, SluiceError *err)
{
	StaticFile *file = &files->files[files->count];

	if (files->count == FILES_MAXIMUM || size > BYTES_MAXIMUM - files->bytes ||
		strlen(path + prefix) > PATH_MAXIMUM)
		return sluice_fail(err, SLUICE_ERROR_LIMIT, "%.200s: more than %d files or %zu MB", path,
						   FILES_MAXIMUM, BYTES_MAXIMUM >> 20);
	*file = (StaticFile){.path = strdup(path + prefix), .type = type_of(path)};
	files->count++;
	files->bytes += size;
	if (file->path == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory reading files");
	file->immutable = is_hashed(file->path);
	if (!read_content(path, file, size, err))
		return false;
	make_etag(file);
	return true;
}

/* Of nftw(): hidden files and what is no file are left out. */
static int
visit(const char *path, const struct stat *status, int type, struct FTW *place)
{
	if (type != FTW_F || !S_ISREG(status->st_mode) || path[place->base] == '.')
		return 0;
	return take(walk.files, path, walk.prefix, (size_t) status->st_size, walk.err) ? 0 : 1;
}

static int
compare(const void *left, const void *right)
{
	return strcmp(((const StaticFile *) left)->path, ((const StaticFile *) right)->path);
}

static bool
read_folder(StaticFiles *files, const char *folder, SluiceError *err)
{
	size_t prefix = strlen(folder);
	int result;

	while (prefix > 1 && folder[prefix - 1] == '/')
		prefix--;
	walk.files = files;
	walk.prefix = prefix;
	walk.err = err;
	result = nftw(folder, visit, OPEN_FOLDERS, FTW_PHYS);
	if (result < 0)
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "cannot read the folder %.200s: %s", folder,
						   strerror(errno));
	return result == 0;
}

StaticFiles *
static_files_new(const char *folder, SluiceError *err)
{
	StaticFiles *files = calloc(1, sizeof(*files));

	if (files == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory reading files");
		return NULL;
	}
	if (!read_folder(files, folder, err))
	{
		static_files_free(files);
		return NULL;
	}
	if (files->count > 0)
		qsort(files->files, files->count, sizeof(StaticFile), compare);
	return files;
}

void
static_files_free(StaticFiles *files)
{
	if (files == NULL)
		return;
	for (size_t i = 0; i < files->count; i++)
	{
		free(files->files[i].path);
		free(files->files[i].content);
	}
	free(files);
}

static const StaticFile *
find_exact(const StaticFiles *files, const char *path)
{
	const StaticFile wanted = {.path = (char *) (uintptr_t) path};

	return bsearch(&wanted, files->files, files->count, sizeof(StaticFile), compare);
}

const StaticFile *
static_files_find(const StaticFiles *files, const char *path)
{
	const StaticFile *file = find_exact(files, path);
	const char *name = strrchr(path, '/');

	if (file == NULL && name != NULL && strchr(name, '.') == NULL)
		file = find_exact(files, INDEX);
	return file;
}
