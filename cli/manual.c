/*
 * manual.c - roff out of the table (manual.h).
 */
#include "manual.h"

#include <string.h>

#include "help.h"
#include "status.h"

/* Text as roff takes it for itself: no escapes, no requests, minus signs that can be copied. */
static void
put(FILE *out, const char *text)
{
	bool begin = true;

	for (; *text != '\0'; text++)
	{
		if (begin && (*text == '.' || *text == '\''))
			(void) fputs("\\&", out);
		if (*text == '\\')
			(void) fputs("\\e", out);
		else if (*text == '-')
			(void) fputs("\\-", out);
		else
			(void) fputc(*text, out);
		begin = *text == '\n';
	}
}

static void
put_line(FILE *out, const char *text)
{
	put(out, text);
	(void) fputc('\n', out);
}

static void
put_flags(FILE *out, const Flag *flags)
{
	char text[FLAG_TEXT_SIZE], note[FLAG_NOTE_SIZE];

	for (; flags != NULL && flags->name != NULL; flags++)
	{
		(void) fputs(".TP\n.B ", out);
		put_line(out, help_flag(flags, text));
		put(out, flags->help);
		if (*help_flag_note(flags, note) != '\0')
		{
			(void) fputs(" [", out);
			put(out, note);
			(void) fputc(']', out);
		}
		(void) fputc('\n', out);
	}
}

static void
put_command(FILE *out, const Command *command)
{
	(void) fputs(".SS ", out);
	(void) fputs("sluice ", out);
	put(out, command->words);
	(void) fputc(' ', out);
	put_line(out, command->arguments);
	put(out, command->summary);
	(void) fputs(".\n", out);
	if (command->help != NULL)
		put_line(out, command->help);
	put_flags(out, command->flags);
	for (const Example *example = command->examples; example != NULL && example->purpose != NULL;
		 example++)
	{
		(void) fputs(".PP\n", out);
		put(out, example->purpose);
		(void) fputs(":\n.PP\n.nf\n.RS 4\n", out);
		put_line(out, example->command);
		(void) fputs(".RE\n.fi\n", out);
	}
}

void
manual_print(FILE *out)
{
	(void) fputs(
		".TH SLUICE 1 \"\" \"sluice " SLUICE_VERSION
		"\" \"Sluice\"\n.SH NAME\nsluice \\- move data between "
		"PostgreSQL, MySQL and MariaDB\n.SH SYNOPSIS\n.B sluice\n.I COMMAND\n[\\fIARGUMENT\\fR | "
		"\\fIFLAG\\fR]...\n.SH DESCRIPTION\n",
		out);
	put_line(out, help_summary);
	(void) fputs(".SH COMMON FLAGS\n", out);
	put_flags(out, common_flags);
	(void) fputs(".SH COMMANDS\n", out);
	for (const Command *command = commands; command->words != NULL; command++)
		put_command(out, command);
	(void) fputs(".SH ENVIRONMENT\n", out);
	for (const Variable *variable = help_variables; variable->name != NULL; variable++)
	{
		(void) fputs(".TP\n.B ", out);
		put_line(out, variable->name);
		put_line(out, variable->meaning);
	}
	(void) fputs(".SH EXIT STATUS\n", out);
	for (const StatusMeaning *at = status_meanings; at->meaning != NULL; at++)
	{
		(void) fprintf(out, ".TP\n.B %d\n", (int) at->status);
		put_line(out, at->meaning);
	}
	(void) fputs(".SH FILES\n.TP\n.I ~/.config/sluice/contexts.json\nservers and their keys, for "
				 "its owner alone\n",
				 out);
}
