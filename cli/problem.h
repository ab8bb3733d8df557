/*
 * problem.h - what the server says went wrong, for people: message, each field, request id.
 */
#ifndef SLUICE_CLI_PROBLEM_H
#define SLUICE_CLI_PROBLEM_H

#include "cli.h"

/* Tells an answer that is no success, and gives its exit status. */
extern int problem_tell(const Cli *cli, const Answer *answer);

/* The problem's code, "" when it has none. */
extern const char *problem_code_of(const Answer *answer);

#endif
