/*
 * memory_file.h - anonymous files: how secrets reach a child, or a library that wants a path.
 *
 * Nobody but the process and its children has a name for one (/dev/fd/N); only its owner may read it, as libraries
 * demand of private keys, and nobody can change it any more.
 */
#ifndef SLUICE_CONTROL_MEMORY_FILE_H
#define SLUICE_CONTROL_MEMORY_FILE_H

#include <stddef.h>

#include "common/core/error.h"

/* A descriptor that a program to be executed does not get by itself; -1 on error. */
extern int memory_file(const char *name, const void *data, size_t length, SluiceError *err);

#define MEMORY_FILE_PATH 24

/* "/dev/fd/N"; returns path. */
extern const char *memory_file_path(int fd, char path[MEMORY_FILE_PATH]);

#endif
