/*
 * program_path.h - where our other programs are.
 */
#ifndef SLUICE_CONTROL_PROGRAM_PATH_H
#define SLUICE_CONTROL_PROGRAM_PATH_H

#include "common/core/error.h"

#define PROGRAM_PATH_MAXIMUM 4096

/* In the folder, which with NULL is that of the program that runs, else where PATH has it; NOT_FOUND. */
extern bool program_path(const char *folder, const char *name, char path[PROGRAM_PATH_MAXIMUM],
						 SluiceError *err) SLUICE_MUST_CHECK;

#endif
