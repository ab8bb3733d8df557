/*
 * help.h - the table of commands as text: help, the page docs/cli.md, the version.
 */
#ifndef SLUICE_CLI_HELP_H
#define SLUICE_CLI_HELP_H

#include <stdio.h>

#include "command.h"

/* Of a command, of a group of them, or (both NULL) of the program. STATUS_OK. */
extern int help_print(FILE *out, const Command *command, const CommandGroup *group);

extern int help_version(FILE *out);

/* docs/cli.md. */
extern void help_markdown(FILE *out);

/* "--output FORMAT", "-o, --output FORMAT"; returns text. */
#define FLAG_TEXT_SIZE 100
extern const char *help_flag(const Flag *flag, char text[FLAG_TEXT_SIZE]);

/* What a flag says of its values: "table, json, ...; default table"; returns text, "" for nothing. */
#define FLAG_NOTE_SIZE 300
extern const char *help_flag_note(const Flag *flag, char text[FLAG_NOTE_SIZE]);

/* Variables of the environment and what they do; ends with a NULL name. */
typedef struct Variable
{
	const char *name, *meaning;
} Variable;
extern const Variable help_variables[];

/* What the program is, in a sentence. */
extern const char help_summary[];

#endif
