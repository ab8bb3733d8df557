/*
 * file.h - reading a small file whole: configuration and secrets.
 */
#ifndef SLUICE_DAEMON_FILE_H
#define SLUICE_DAEMON_FILE_H

#include <stddef.h>

#include "common/core/error.h"

/*
 * The file's bytes followed by a NUL, in memory the caller frees with file_free(); NULL when it
 * cannot be read, holds more than `maximum` bytes, or holds a NUL byte.
 */
extern char *file_read(const char *path, size_t maximum, SluiceError *err) SLUICE_MUST_CHECK;

/* Wipes and frees what file_read() gave; NULL is fine. */
extern void file_free(char *text);

#endif
