/*
 * child.h - a program run as a child: started clean, read from, ended for certain.
 *
 * The child has its standard streams, the files it is given as descriptors 3, 4, ... and nothing else: no descriptor, signal
 * mask or disposition, no variable of the environment but a few (child_environment() in child.c).  It dies with the
 * thread that started it, so that thread stays as long as the child does.
 */
#ifndef SLUICE_CONTROL_CHILD_H
#define SLUICE_CONTROL_CHILD_H

#include <stddef.h>
#include <sys/types.h>

#include "common/core/error.h"

#define CHILD_FILES		8 /* most files of one child */
#define CHILD_ARGUMENTS 8
#define CHILD_FIRST_FD	3

typedef struct ChildSettings
{
	const char *program;						/* path */
	const char *arguments[CHILD_ARGUMENTS + 1]; /* behind argv[0]; ends with NULL */
	int files[CHILD_FILES];						/* descriptors; the caller closes them */
	size_t file_count;
	bool keeps_output; /* its standard output is read; otherwise it goes nowhere */
} ChildSettings;

typedef struct Child
{
	pid_t pid;	 /* 0: none */
	int process; /* pidfd, readable when it has ended */
	int errors;	 /* its standard error; -1 when it was closed */
	int output;	 /* its standard output, -1: not kept, or closed */
} Child;

/* Descriptors are non-blocking.  NOT_FOUND and others for a program that cannot be executed. */
extern bool child_start(Child *child, const ChildSettings *settings,
						SluiceError *err) SLUICE_MUST_CHECK;

/* True when it has ended, with *status as waitpid() gives it. */
extern bool child_ended(Child *child, int *status);

extern void child_signal(const Child *child, int number);

/* Closes what is left; the child must have ended.  Harmless when there is none. */
extern void child_close(Child *child);

#define CHILD_END_TEXT 80

/* "exit status 1", "killed by signal 9 (Killed)"; returns text. */
extern const char *child_end_text(int status, char text[CHILD_END_TEXT]);

#endif
