/*
 * programs.h - where the programs are that this one starts.
 */
#ifndef SLUICE_CLI_PROGRAMS_H
#define SLUICE_CLI_PROGRAMS_H

#include <limits.h>
#include <stddef.h>

#include "common/core/error.h"

/*
 * The path of a program: beside this one, else in PATH or where system programs are.  NOT_FOUND with what to install; path has
 * PATH_MAX bytes.
 */
extern bool program_find(const char *name, char path[PATH_MAX], SluiceError *err) SLUICE_MUST_CHECK;

#endif
