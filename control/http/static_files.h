/*
 * static_files.h - the dashboard's files, read once at the start: nothing a request says ever opens a file.
 *
 * Files whose name has a hash in it ("app-3f9a1c2b.js": 8 and more of [A-Za-z0-9_-] with a digit, before the ending)
 * may be kept for ever; all others are asked for again with their ETag.  Paths that are no file, and look like no file,
 * are pages of the dashboard: index.html.
 */
#ifndef SLUICE_CONTROL_STATIC_FILES_H
#define SLUICE_CONTROL_STATIC_FILES_H

#include <stddef.h>

#include "common/core/error.h"

typedef struct StaticFiles StaticFiles;

/* All files below the folder; LIMIT when they are too many or too large. */
extern StaticFiles *static_files_new(const char *folder, SluiceError *err) SLUICE_MUST_CHECK;
extern void static_files_free(StaticFiles *files);

typedef struct StaticFile
{
	char *path; /* "/assets/app-3f9a1c2b.js" */
	char *content;
	size_t length;
	const char *type; /* Content-Type */
	char etag[40];
	bool immutable;
} StaticFile;

/* What is at a path, not decoded; NULL: nothing. */
extern const StaticFile *static_files_find(const StaticFiles *files, const char *path);

#endif
