/*
 * help.c - help and the docs page (help.h).
 */
#include "help.h"

#include <string.h>

#include "status.h"

#define WIDTH  88
#define COLUMN 30

const char help_summary[] =
	"Runs streams between PostgreSQL, MySQL and MariaDB databases: through a Sluice server, "
	"or (migrate, dev) all on this machine.";

const Variable help_variables[] = {
	{"SLUICE_SERVER", "Address of the server, as --server."},
	{"SLUICE_CONTEXT", "Name of the context, as --context."},
	{"SLUICE_API_KEY, SLUICE_API_KEY_FILE", "API key, or the file that holds it."},
	{"SLUICE_CA_FILE", "Authorities for the server's certificate, as --ca-file."},
	{"SLUICE_PASSWORD, SLUICE_PASSWORD_FILE",
	 "Password of the database of connection add and edit."},
	{"SLUICE_SOURCE_PASSWORD, SLUICE_TARGET_PASSWORD",
	 "Passwords of migrate's databases; with _FILE the file that holds one."},
	{"VISUAL, EDITOR", "What stream edit opens."},
	{"NO_COLOR", "Set to anything: no colours."},
	{"XDG_CONFIG_HOME", "Where the contexts are kept; otherwise ~/.config."},
	{NULL, NULL},
};

/* Words from column `at` on; further lines begin at `indent`. */
static void
put_wrapped(FILE *out, const char *text, size_t at, size_t indent)
{
	bool first = true;

	while (*text != '\0')
	{
		size_t length = strcspn(text, " \n");

		if (!first && at + 1 + length > WIDTH)
		{
			(void) fprintf(out, "\n%*s", (int) indent, "");
			at = indent;
			first = true;
		}
		at += (size_t) fprintf(out, "%s%.*s", first ? "" : " ", (int) length, text);
		first = false;
		text += length;
		text += strspn(text, " \n");
	}
	(void) fputc('\n', out);
}

/* Two columns. */
static void
put_pair(FILE *out, const char *left, const char *right)
{
	int used = fprintf(out, "  %s", left);

	if (used > COLUMN - 2)
		(void) fprintf(out, "\n%*s", COLUMN, "");
	else
		(void) fprintf(out, "%*s", COLUMN - used, "");
	put_wrapped(out, right, COLUMN, COLUMN);
}

/* ---- flags ---- */

static const char *
placeholder_of(const Flag *flag)
{
	return flag->type == OPTION_BOOL ? "" : flag->placeholder != NULL ? flag->placeholder : "VALUE";
}

const char *
help_flag(const Flag *flag, char text[FLAG_TEXT_SIZE])
{
	const char *negation = flag->type == OPTION_BOOL && flag->default_value != NULL &&
								   strcmp(flag->default_value, "on") == 0
							   ? "no-"
							   : "";
	const char *value = placeholder_of(flag);
	char letter[8] = "";

	if (flag->letter != '\0')
		(void) snprintf(letter, sizeof(letter), "-%c, ", flag->letter);
	(void) snprintf(text, FLAG_TEXT_SIZE, "%s--%s%s%s%s", letter, negation, flag->name,
					*value != '\0' ? " " : "", value);
	return text;
}

const char *
help_flag_note(const Flag *flag, char text[FLAG_NOTE_SIZE])
{
	size_t used = 0;

	*text = '\0';
	for (size_t i = 0; flag->allowed != NULL && flag->allowed[i] != NULL && used < FLAG_NOTE_SIZE;
		 i++)
		used += (size_t) snprintf(text + used, FLAG_NOTE_SIZE - used, "%s%s", i > 0 ? ", " : "",
								  flag->allowed[i]);
	if (flag->default_value != NULL && flag->type != OPTION_BOOL && used < FLAG_NOTE_SIZE)
		used += (size_t) snprintf(text + used, FLAG_NOTE_SIZE - used, "%sdefault %s",
								  used > 0 ? "; " : "", flag->default_value);
	if (flag->repeated && used < FLAG_NOTE_SIZE)
		(void) snprintf(text + used, FLAG_NOTE_SIZE - used, "%smay be given several times",
						used > 0 ? "; " : "");
	return text;
}

static void
put_flags(FILE *out, const char *heading, const Flag *flags)
{
	char left[FLAG_TEXT_SIZE], note[FLAG_NOTE_SIZE], right[1000];

	if (flags == NULL || flags->name == NULL)
		return;
	(void) fprintf(out, "\n%s:\n", heading);
	for (; flags->name != NULL; flags++)
	{
		(void) help_flag_note(flags, note);
		(void) snprintf(right, sizeof(right), "%s%s%s%s", flags->help, *note != '\0' ? " [" : "",
						note, *note != '\0' ? "]" : "");
		put_pair(out, help_flag(flags, left), right);
	}
}

/* ---- help ---- */

static void
put_examples(FILE *out, const Example *examples)
{
	if (examples == NULL)
		return;
	(void) fputs("\nExamples:\n", out);
	for (; examples->purpose != NULL; examples++)
		(void) fprintf(out, "  # %s\n  %s\n", examples->purpose, examples->command);
}

static void
help_command(FILE *out, const Command *command)
{
	(void) fprintf(out, "sluice %s: %s\n\nUsage: sluice %s%s%s [FLAG]...\n", command->words,
				   command->summary, command->words, *command->arguments != '\0' ? " " : "",
				   command->arguments);
	if (command->help != NULL)
	{
		(void) fputc('\n', out);
		put_wrapped(out, command->help, 0, 0);
	}
	put_examples(out, command->examples);
	put_flags(out, "Flags", command->flags);
	put_flags(out, "Common flags", common_flags);
}

/* Whether a command belongs to a group; NULL is those of one word. */
static bool
belongs(const Command *command, const CommandGroup *group)
{
	size_t length = strcspn(command->words, " ");
	const char *word = group != NULL ? group->word : "";

	if (group == NULL)
		return command->words[length] == '\0';
	return command->words[length] == ' ' && strlen(word) == length &&
		   memcmp(word, command->words, length) == 0;
}

static void
put_commands(FILE *out, const CommandGroup *group)
{
	char left[120];

	for (const Command *command = commands; command->words != NULL; command++)
	{
		if (!belongs(command, group))
			continue;
		(void) snprintf(left, sizeof(left), "%s %s", command->words, command->arguments);
		put_pair(out, left, command->summary);
	}
}

static void
help_program(FILE *out)
{
	put_wrapped(out, help_summary, 0, 0);
	(void) fputs(
		"\nUsage: sluice COMMAND [ARGUMENT | FLAG]...\n\nExamples:\n"
		"  # everything on this machine, to try it\n  sluice dev\n"
		"  # a whole migration in one command, without a server\n"
		"  sluice migrate mysql://app@db1/shop postgresql://app@db2/shop\n"
		"  # through a server: two connections, a stream, a look before, and off it goes\n"
		"  sluice context add prod --server https://sluice.example:8800 --key-file key.txt\n"
		"  sluice connection add shop-mysql mysql://app@db1/shop --password-file db1.password\n"
		"  sluice connection add shop-pg postgresql://app@db2/shop --password-file db2.password\n"
		"  sluice stream create shop --source shop-mysql --target shop-pg --mode convert+cdc\n"
		"  sluice check shop && sluice start shop --watch\n"
		"\nCommands:\n",
		out);
	put_commands(out, NULL);
	(void) fputs("\nGroups of commands (sluice GROUP --help):\n", out);
	for (const CommandGroup *group = command_groups; group->word != NULL; group++)
		put_pair(out, group->word, group->summary);
	put_flags(out, "Common flags", common_flags);
	(void) fputs("\nEnvironment:\n", out);
	for (const Variable *variable = help_variables; variable->name != NULL; variable++)
		put_pair(out, variable->name, variable->meaning);
	(void) fputs("\nExit status:\n", out);
	for (const StatusMeaning *at = status_meanings; at->meaning != NULL; at++)
		(void) fprintf(out, "  %3d  %s\n", (int) at->status, at->meaning);
}

int
help_print(FILE *out, const Command *command, const CommandGroup *group)
{
	if (command != NULL)
		help_command(out, command);
	else if (group != NULL)
	{
		(void) fprintf(out, "sluice %s: %s\n\nCommands:\n", group->word, group->summary);
		put_commands(out, group);
		(void) fputs("\nsluice COMMAND --help says more.\n", out);
	}
	else
		help_program(out);
	return STATUS_OK;
}

int
help_version(FILE *out)
{
	(void) fputs("sluice " SLUICE_VERSION "\n", out);
	return STATUS_OK;
}

/* ---- markdown ---- */

/* A table cell: '|' would end it, '<' could begin a tag. */
static void
put_cell(FILE *out, const char *text)
{
	for (; *text != '\0'; text++)
		(void) fprintf(out, *text == '|' ? "\\|" : *text == '<' ? "&lt;" : "%c", *text);
}

static void
markdown_flags(FILE *out, const Flag *flags)
{
	char text[FLAG_TEXT_SIZE], note[FLAG_NOTE_SIZE];

	if (flags == NULL || flags->name == NULL)
		return;
	(void) fputs("\n| flag | meaning |\n|---|---|\n", out);
	for (; flags->name != NULL; flags++)
	{
		(void) fprintf(out, "| `%s` | ", help_flag(flags, text));
		put_cell(out, flags->help);
		if (*help_flag_note(flags, note) != '\0')
		{
			(void) fputs(" (", out);
			put_cell(out, note);
			(void) fputc(')', out);
		}
		(void) fputs(" |\n", out);
	}
}

static void
markdown_command(FILE *out, const Command *command)
{
	(void) fprintf(out, "\n### sluice %s\n\n`sluice %s%s%s`: %s.\n", command->words, command->words,
				   *command->arguments != '\0' ? " " : "", command->arguments, command->summary);
	if (command->help != NULL)
		(void) fprintf(out, "%s\n", command->help);
	markdown_flags(out, command->flags);
	if (command->examples == NULL)
		return;
	(void) fputs("\n```sh\n", out);
	for (const Example *example = command->examples; example->purpose != NULL; example++)
		(void) fprintf(out, "# %s\n%s\n", example->purpose, example->command);
	(void) fputs("```\n", out);
}

void
help_markdown(FILE *out)
{
	(void) fprintf(out,
				   "# The command line\n\n%s\n\n"
				   "This page is made from the program itself (`make docs`); `sluice man` prints "
				   "it as a manual page,\n"
				   "`sluice completion bash` (zsh, fish) what the shell completes with. Results go "
				   "to standard output,\n"
				   "everything else to standard error; no command needs an answer typed.\n"
				   "\n## Every command takes\n",
				   help_summary);
	markdown_flags(out, common_flags);
	(void) fputs("\n## Environment\n\n| variable | meaning |\n|---|---|\n", out);
	for (const Variable *variable = help_variables; variable->name != NULL; variable++)
		(void) fprintf(out, "| `%s` | %s |\n", variable->name, variable->meaning);
	(void) fputs("\n## Exit status\n\n| status | meaning |\n|---|---|\n", out);
	for (const StatusMeaning *at = status_meanings; at->meaning != NULL; at++)
		(void) fprintf(out, "| %d | %s |\n", (int) at->status, at->meaning);
	(void) fputs("\n## Commands\n", out);
	for (const Command *command = commands; command->words != NULL; command++)
		markdown_command(out, command);
}
