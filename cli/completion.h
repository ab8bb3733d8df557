/*
 * completion.h - the table of commands as completions of bash, zsh and fish.
 */
#ifndef SLUICE_CLI_COMPLETION_H
#define SLUICE_CLI_COMPLETION_H

#include <stdio.h>

typedef enum CompletionShell
{
	SHELL_BASH,
	SHELL_ZSH,
	SHELL_FISH
} CompletionShell;

extern const char *const completion_shells[]; /* ends with NULL */

extern void completion_print(FILE *out, CompletionShell shell);

#endif
