/*
 * options_help.c - the options table as --help text and as markdown for the docs.
 *
 * Groups come in the order in which the table first names them.
 */
#include "options_internal.h"

#include <string.h>

#define HELP_WIDTH	80
#define HELP_COLUMN 30

static bool
same_group(const Option *a, const Option *b)
{
	return strcmp(a->group, b->group) == 0;
}

/* True for the option that opens its group. */
static bool
first_of_group(const Options *options, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (same_group(&options->table[i], &options->table[index]))
			return false;
	return true;
}

/* Prints words from column `column` on; further lines begin at `indent`. */
static void
print_wrapped(FILE *out, const char *text, size_t column, size_t indent)
{
	bool first = true;

	while (*text != '\0')
	{
		size_t length = strcspn(text, " ");

		if (!first && column + 1 + length > HELP_WIDTH)
		{
			(void) fprintf(out, "\n%*s", (int) indent, "");
			column = indent;
			first = true;
		}
		column += (size_t) fprintf(out, "%s%.*s", first ? "" : " ", (int) length, text);
		first = false;
		text += length;
		text += strspn(text, " ");
	}
	(void) fputc('\n', out);
}

/* Prints "  --name VALUE" and pads to the help column, on a line of its own when it is too long. */
static void
print_left(FILE *out, const char *letter, const char *name, const char *placeholder)
{
	int used = fprintf(out, "  %s--%s%s%s", letter, name, placeholder != NULL ? " " : "",
					   placeholder != NULL ? placeholder : "");

	if (used > HELP_COLUMN - 2)
		(void) fprintf(out, "\n%*s", HELP_COLUMN, "");
	else
		(void) fprintf(out, "%*s", HELP_COLUMN - used, "");
}

/* The values an option takes: its words, or its range, or nothing. */
static void
format_allowed(const Option *option, char *out, size_t size)
{
	size_t used = 0;
	char low[32], high[32];

	*out = '\0';
	if (option->type == OPTION_ENUM)
	{
		for (const char *const *word = option->allowed; *word != NULL && used < size; word++)
			used +=
				(size_t) snprintf(out + used, size - used, "%s%s", used == 0 ? "" : ", ", *word);
		return;
	}
	if (option->minimum == 0 && option->maximum == 0)
		return;
	option_format_number(option->type, option->minimum, low, sizeof(low));
	option_format_number(option->type, option->maximum, high, sizeof(high));
	(void) snprintf(out, size, "%s to %s", low, high);
}

static bool
has_default(const Option *option)
{
	return option->default_value != NULL && *option->default_value != '\0';
}

/* What stands in brackets below an option's help. */
static void
format_notes(const Option *option, char *out, size_t size)
{
	char allowed[256];
	char variable[OPTION_NAME_SIZE + 16];
	size_t used;

	format_allowed(option, allowed, sizeof(allowed));
	option_environment_name(option, "", variable, sizeof(variable));
	used = (size_t) snprintf(
		out, size, "[%s%s%s%s%s%s", option->required ? "required; " : "", allowed,
		*allowed != '\0' ? "; " : "", has_default(option) ? "default " : "",
		has_default(option) ? option->default_value : "", has_default(option) ? "; " : "");
	if (used < size)
		(void) snprintf(out + used, size - used, "%s%s%s%s]", variable,
						option->environment != NULL ? " or " : "",
						option->environment != NULL ? option->environment : "",
						option->reloadable ? "; reloads" : "");
}

/* The flag and what stands behind it: of a secret, its file. */
static void
format_flag(const Option *option, char *name, size_t size, const char **placeholder)
{
	bool secret = option->type == OPTION_SECRET;

	(void) snprintf(name, size, "%s%s", option->name, secret ? "-file" : "");
	*placeholder = secret ? "FILE" : option_placeholder(option);
}

static void
print_option(const Option *option, FILE *out)
{
	char notes[512];
	char name[OPTION_NAME_SIZE];
	const char *placeholder;

	format_flag(option, name, sizeof(name), &placeholder);
	print_left(out, "", name, placeholder);
	print_wrapped(out, option->help, HELP_COLUMN, HELP_COLUMN);
	(void) fprintf(out, "%*s", HELP_COLUMN, "");
	format_notes(option, notes, sizeof(notes));
	print_wrapped(out, notes, HELP_COLUMN, HELP_COLUMN);
}

static void
print_flags(FILE *out)
{
	(void) fputs("\nOther:\n", out);
	for (const OptionsFlag *flag = options_flags; flag->name != NULL; flag++)
	{
		char letter[] = "-?, ";

		if (flag->help == NULL)
			continue;
		letter[1] = flag->letter;
		print_left(out, letter, flag->name, NULL);
		print_wrapped(out, flag->help, HELP_COLUMN, HELP_COLUMN);
	}
}

static void
print_examples(const Program *program, FILE *out)
{
	if (program->examples == NULL)
		return;
	(void) fputs("\nEXAMPLES\n", out);
	for (const OptionExample *example = program->examples; example->purpose != NULL; example++)
		(void) fprintf(out, "  %s:\n    %s\n", example->purpose, example->command);
}

static const char sources_text[] =
	"Each option can be given as a flag, as the environment variable shown, or as a line "
	"\"name = value\" of the --config file; the first of these that sets it counts. Secrets and "
	"URLs can also be given as NAME-file, the name of a file that holds the value. Options marked "
	"\"reloads\" are taken over on SIGHUP.";

void
options_print_help(const Options *options, FILE *out)
{
	print_wrapped(out, options->program->summary, 0, 0);
	(void) fprintf(out, "\nUsage: %s [OPTION]...\n\n", options->program->name);
	print_wrapped(out, sources_text, 0, 0);
	for (size_t i = 0; i < options->count; i++)
	{
		if (!first_of_group(options, i))
			continue;
		(void) fprintf(out, "\n%s:\n", options->table[i].group);
		for (size_t j = i; j < options->count; j++)
			if (same_group(&options->table[i], &options->table[j]))
				print_option(&options->table[j], out);
	}
	print_flags(out);
	print_examples(options->program, out);
}

/* A table cell: '|' would end it, '<' could begin a tag. */
static void
print_cell(FILE *out, const char *text)
{
	for (; *text != '\0'; text++)
		if (*text == '|')
			(void) fputs("\\|", out);
		else if (*text == '<')
			(void) fputs("&lt;", out);
		else
			(void) fputc(*text, out);
}

static void
print_row(const Option *option, FILE *out)
{
	char name[OPTION_NAME_SIZE];
	char allowed[256];
	char variable[OPTION_NAME_SIZE + 16];
	const char *placeholder;
	const char *quote = has_default(option) ? "`" : "";
	const char *missing = option->required ? "required" : "";

	format_flag(option, name, sizeof(name), &placeholder);
	format_allowed(option, allowed, sizeof(allowed));
	option_environment_name(option, "", variable, sizeof(variable));
	(void) fprintf(out, "| `--%s%s%s` | `%s`", name, placeholder != NULL ? " " : "",
				   placeholder != NULL ? placeholder : "", variable);
	if (option->environment != NULL)
		(void) fprintf(out, ", `%s`", option->environment);
	(void) fprintf(out, " | %s%s%s | ", quote,
				   has_default(option) ? option->default_value : missing, quote);
	print_cell(out, allowed);
	(void) fprintf(out, " | %s | ", option->reloadable ? "yes" : "no");
	print_cell(out, option->help);
	if (option->type == OPTION_URL)
		(void) fprintf(out, " Or `--%s-file FILE`; as a flag it must not hold a password.",
					   option->name);
	(void) fputs(" |\n", out);
}

void
options_print_markdown(const Options *options, FILE *out)
{
	(void) fprintf(out, "# %s options\n\n%s\n\n%s\n", options->program->name,
				   options->program->summary, sources_text);
	for (size_t i = 0; i < options->count; i++)
	{
		if (!first_of_group(options, i))
			continue;
		(void) fprintf(out,
					   "\n## %s\n\n"
					   "| option | environment | default | allowed | reloads | meaning |\n"
					   "|---|---|---|---|---|---|\n",
					   options->table[i].group);
		for (size_t j = i; j < options->count; j++)
			if (same_group(&options->table[i], &options->table[j]))
				print_row(&options->table[j], out);
	}
	if (options->program->examples == NULL)
		return;
	(void) fputs("\n## Examples\n", out);
	for (const OptionExample *at = options->program->examples; at->purpose != NULL; at++)
		(void) fprintf(out, "\n%s:\n\n```sh\n%s\n```\n", at->purpose, at->command);
}
