/*
 * arguments.h - a command line held against the table of commands.
 *
 *     sluice [FLAG]... WORD [WORD] [ARGUMENT | FLAG]... [-- ARGUMENT...]
 *
 * Flags stand anywhere: --name value, --name=value, -o value, -ovalue; of a bool --name and --no-name.
 * Every value is checked here, so that handlers only ask.  Texts stay where they are, in argv.
 */
#ifndef SLUICE_CLI_ARGUMENTS_H
#define SLUICE_CLI_ARGUMENTS_H

#include "command.h"

#define ARGUMENTS_MAXIMUM 256 /* arguments, and flags, of one command line */

typedef struct GivenFlag
{
	const Flag *flag;
	const char *text; /* "on" or "off" of a bool */
} GivenFlag;

typedef struct Arguments
{
	const Command *command; /* NULL: none was named, or only a group */
	const CommandGroup *group;
	const char *words[ARGUMENTS_MAXIMUM]; /* behind the command's own */
	size_t count;
	GivenFlag given[ARGUMENTS_MAXIMUM];
	size_t given_count;
	bool help, version; /* asked for anywhere: nothing else was looked at */
} Arguments;

/* ARGUMENT with a hint when something makes no sense. */
extern bool arguments_read(Arguments *arguments, int argc, char *const *argv,
						   SluiceError *err) SLUICE_MUST_CHECK;

/* The n-th argument; NULL when it is not there. */
extern const char *arguments_word(const Arguments *arguments, size_t n);

/* What was given for a flag last, else its default, which may be NULL. */
extern const char *arguments_text(const Arguments *arguments, const char *flag);

/* The n-th that was given of a repeated flag; NULL behind the last. */
extern const char *arguments_each(const Arguments *arguments, const char *flag, size_t n);

extern bool arguments_bool(const Arguments *arguments, const char *flag);

/* Of a flag that was given or has a default: numbers, bytes, milliseconds; else `otherwise`. */
extern int64_t arguments_number(const Arguments *arguments, const char *flag, int64_t otherwise);

/* Index into the allowed words; -1 when it was not given and has no default. */
extern int arguments_choice(const Arguments *arguments, const char *flag);

#endif
